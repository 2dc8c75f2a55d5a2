//! A file that comes in one request: staged while it comes, then kept, then made known.

use bytes::Bytes;
use chat_domain::ports::{BlobError, Cost, Staged, WriteTx};
use chat_domain::{
    Actor, Blob, BlobHash, File, FileName, FileSize, MediaType, NewFile, NewFileSource, Timestamp,
};
use futures_util::future::try_join;

use super::incoming::Room;
use super::intake::{self, Intake, Seen};
use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, Command, ServiceError};

/// The type of what is of no type that we know.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A file on its way in. Dropped before it is finished, it leaves nothing behind.
///
/// Memory stays the same however large it is: what was written is on its way to the disk or the
/// store of objects.
pub struct IncomingFile {
    service: ChatService,
    intake: Intake,
    _room: Room,
}

/// The bytes of a file, kept and waiting for [`StoreFile`] or [`SendFile`](crate::SendFile) to make
/// them one. If neither comes within the grace period they are collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedFile {
    pub(crate) blob: Blob,
    pub(crate) media_type: MediaType,
}

impl ReceivedFile {
    /// How many bytes there are.
    pub fn size(&self) -> FileSize {
        self.blob.size
    }

    /// The type that the bytes are of, whatever was said of them.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }
}

/// A file to be made known whose bytes were received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFile {
    /// Its bytes.
    pub received: ReceivedFile,
    /// Its name.
    pub name: Option<FileName>,
}

impl Command for StoreFile {
    type Done = File;

    fn tell(&self, fields: &mut Fields) {
        fields.text("store_file");
        self.tell_bytes(fields);
    }

    fn run(&self, tx: &mut dyn WriteTx, actor: Actor, at: Timestamp) -> Result<File, ServiceError> {
        known_actor(tx, actor)?;
        let Self { received, name } = self;
        insert(tx, actor, received, name.clone(), at)
    }
}

impl StoreFile {
    /// The type follows from the bytes, and which record they have from when they came.
    pub(crate) fn tell_bytes(&self, fields: &mut Fields) {
        let Self { received, name } = self;
        fields.hash(received.blob.hash);
        fields.perhaps(name.as_ref(), |fields, name| fields.text(name.as_str()));
    }
}

/// Stores the record of a file whose bytes are there.
pub(super) fn insert(
    tx: &mut dyn WriteTx,
    uploader: Actor,
    received: &ReceivedFile,
    name: Option<FileName>,
    at: Timestamp,
) -> Result<File, ServiceError> {
    let blob = tx.hold_blob(received.blob.id)?;
    let blob = blob.ok_or_else(collected_meanwhile)?;
    Ok(tx.insert_file(&NewFile {
        source: NewFileSource::Stored(blob.id),
        name,
        size: Some(blob.size),
        media_type: Some(received.media_type.clone()),
        uploader_id: uploader.user(),
        at,
    })?)
}

fn collected_meanwhile() -> BlobError {
    let cause = "the bytes were collected before their file was made known";
    BlobError::Unavailable(cause.to_owned())
}

impl ChatService {
    /// Begins to receive a file of the actor's; `declared` is how many bytes it is said to have.
    ///
    /// # Errors
    /// `FileTooLarge` when more are declared than a file may have; `Overloaded` when 128 files are
    /// coming in already, or 32 of this user; `Blobs`.
    ///
    /// ```no_run
    /// # async fn example(chat: chat_service::ChatService, ada: chat_domain::Actor)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use chat_domain::FileName;
    /// use chat_service::StoreFile;
    ///
    /// let mut incoming = chat.receive_file(ada, None).await?;
    /// incoming.write("hello".into()).await?;
    /// let received = incoming.finish().await?;
    /// let name = FileName::parse("hello.txt").ok();
    /// let file = chat.run(ada, StoreFile { received, name }).await?;
    /// assert_eq!(file.size.map(|size| size.get()), Some(5));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn receive_file(
        &self,
        actor: Actor,
        declared: Option<u64>,
    ) -> Result<IncomingFile, ServiceError> {
        let limit = self.max_file_size()?;
        if declared.is_some_and(|size| size > limit) {
            return Err(ServiceError::FileTooLarge { limit });
        }
        self.read(Cost::Bounded, move |tx| known_actor(tx, actor))
            .await?;
        let shelf = self.shelf()?;
        let room = shelf.incoming.room(actor)?;
        let stage = shelf.options.blobs.stage().await?;
        Ok(IncomingFile {
            service: self.clone(),
            intake: Intake::new(stage, limit),
            _room: room,
        })
    }

    /// The most bytes that a file may have.
    ///
    /// # Errors
    /// `Blobs` if the service keeps no files.
    pub fn max_file_size(&self) -> Result<u64, ServiceError> {
        Ok(self.shelf()?.options.max_size)
    }

    /// The blob with these bytes, protected from collection for the grace period.
    pub(super) async fn claim(&self, hash: BlobHash, size: FileSize) -> Result<Blob, ServiceError> {
        self.write(move |tx, at| Ok(tx.claim_blob(hash, size, at)?))
            .await
    }

    /// Keeps what is staged as the bytes of the blob.
    pub(super) async fn keep(
        &self,
        stage: Box<dyn Staged>,
        blob: Blob,
    ) -> Result<(), ServiceError> {
        let blobs = &*self.shelf()?.options.blobs;
        let (id, key) = (blob.id, blob.key());
        intake::keep(blobs, stage, key, blob.size, blob.stored).await?;
        let known = self.read(Cost::Bounded, move |tx| Ok(tx.blob(id)?)).await?;
        if known.is_some() {
            return Ok(());
        }
        // They took longer than the grace period, and whoever collected the blob has found none of
        // them: nobody else would remove them any more.
        blobs.delete(key).await?;
        Err(collected_meanwhile().into())
    }

    /// What was received, once its bytes are kept.
    pub(super) fn received(&self, blob: Blob, seen: &Seen) -> Result<ReceivedFile, ServiceError> {
        let sniffed = self.shelf()?.options.media.sniff(seen.head());
        let unknown = || MediaType::trusted(UNKNOWN_TYPE.to_owned());
        Ok(ReceivedFile {
            blob,
            media_type: sniffed.unwrap_or_else(unknown),
        })
    }
}

impl IncomingFile {
    /// Whether no byte has come.
    pub fn is_empty(&self) -> bool {
        self.intake.size() == 0
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `FileTooLarge`, `Blobs`.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), ServiceError> {
        self.intake.write(chunk).await
    }

    /// Keeps what has come, all of the file. The same bytes are kept once, whoever brings them.
    ///
    /// # Errors
    /// `FileEmpty`, `Blobs`, `Store`.
    pub async fn finish(self) -> Result<ReceivedFile, ServiceError> {
        let Self {
            service,
            intake,
            _room,
        } = self;
        if intake.size() == 0 {
            return Err(ServiceError::FileEmpty);
        }
        let (mut stage, seen) = intake.into_parts();
        let (hash, size) = (seen.hash(), seen.file_size()?);
        // The record first, whatever becomes of the bytes: what is kept is known, and so can be collected.
        let settle = async { Ok(stage.settle().await?) };
        let ((), blob) = try_join(settle, service.claim(hash, size)).await?;
        service.keep(stage, blob).await?;
        service.received(blob, &seen)
    }
}
