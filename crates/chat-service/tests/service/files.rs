//! Files: received, read by those they were sent to, deleted by whoever may.

use chat_domain::{
    Actor, Content, File, FileId, FileName, Message, MessageId, Recipient, ThumbnailSize, UserId,
};
use chat_service::{
    DeleteFile, DeleteMessage, FileDifference, Repair, SendFile, SendMessage, ServiceError,
    StoreFile,
};

use crate::support::{Fixture, GRACE, MAX_FILE};

/// A minute after anything was made.
pub(crate) const LATER: i64 = 1_000_000 * 61;

impl Fixture {
    /// A file of these bytes, made known by the actor.
    pub(crate) async fn file(&self, actor: Actor, bytes: &[u8]) -> File {
        let store = self.receive(actor, bytes).await.expect("bytes");
        self.service.run(actor, store).await.expect("a file")
    }

    pub(crate) async fn receive(
        &self,
        actor: Actor,
        bytes: &[u8],
    ) -> Result<StoreFile, ServiceError> {
        let mut incoming = self.service.receive_file(actor, None).await?;
        for piece in bytes.chunks(1_000) {
            incoming.write(piece.to_vec().into()).await?;
        }
        let received = incoming.finish().await?;
        let name = FileName::parse("a.bin").ok();
        Ok(StoreFile { received, name })
    }

    pub(crate) async fn send_file(&self, from: UserId, to: Recipient, file: FileId) -> Message {
        let message = SendMessage {
            sender: from,
            recipient: to,
            content: Content::File {
                file,
                caption: None,
            },
        };
        let sent = self.service.send(Actor::User(from), message).await;
        sent.expect("a message")
    }

    pub(crate) async fn content(
        &self,
        actor: Actor,
        file: FileId,
    ) -> Result<Vec<u8>, ServiceError> {
        let content = self.service.file_content(actor, file).await?;
        let mut reader = self
            .service
            .read_content(&content, 0..content.size())
            .await?;
        let mut bytes = Vec::new();
        while let Some(piece) = reader.next().await.expect("bytes") {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    pub(crate) async fn delete(&self, who: UserId, message: MessageId) {
        let deleted = self
            .service
            .delete_message(Actor::User(who), DeleteMessage { message })
            .await;
        deleted.expect("it is deleted");
    }

    /// Collects all that is due at a time.
    pub(crate) async fn collect_at(&self, micros: i64) {
        self.clock.set(micros);
        while self.service.collect_files().await.expect("done").anything() {}
    }

    /// How many blobs the disk has, and how many bytes are staged.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let count = |dir: &str| {
            let entries = std::fs::read_dir(self.files().join(dir)).expect("a folder");
            let entries = entries.map(|entry| entry.expect("an entry").path());
            entries
                .map(|path| match path.is_dir() {
                    true => std::fs::read_dir(path).expect("a folder").count(),
                    false => 1,
                })
                .sum()
        };
        (count("blobs"), count("staging"))
    }

    pub(crate) async fn check(&self, repair: bool) -> Vec<FileDifference> {
        let repair = if repair { Repair::Careful } else { Repair::Not };
        let check = self.service.check_files(repair, &mut |_, _| {}).await;
        check.expect("checked").differences
    }
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let file = fixture.file(ada, &bytes).await;
    assert_eq!(file.size.expect("a size").get(), 100_000);
    assert_eq!(
        file.media_type.as_ref().expect("a type").as_str(),
        "application/octet-stream"
    );
    assert_eq!(file.url.as_str(), format!("/files/{}/content", file.id));
    assert_eq!(fixture.content(ada, file.id).await.expect("bytes"), bytes);
    assert_eq!(fixture.kept(), (1, 0));
}

#[tokio::test]
async fn the_same_bytes_are_kept_once() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await.map(Actor::User);
    let first = fixture.file(ada, b"the same").await;
    let second = fixture.file(bob, b"the same").await;
    assert_ne!(first.id, second.id);
    assert_eq!(first.blob_id, second.blob_id);
    assert_eq!(fixture.kept(), (1, 0));
    // Each is its uploader's alone, though the bytes are one.
    assert!(fixture.content(bob, first.id).await.is_err());

    let gone = DeleteFile { file: first.id };
    fixture.service.delete_file(ada, gone).await.expect("gone");
    fixture.collect_at(LATER - GRACE.as_micros() as i64).await;
    let bytes = fixture.content(bob, second.id).await;
    assert_eq!(bytes.expect("bytes"), b"the same");
}

#[tokio::test]
async fn what_is_too_large_or_empty_leaves_nothing() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let limit = MAX_FILE;
    let too_large = Err(ServiceError::FileTooLarge { limit });
    let declared = fixture.service.receive_file(ada, Some(limit + 1)).await;
    assert_eq!(declared.map(drop), too_large);
    let mut incoming = fixture
        .service
        .receive_file(ada, None)
        .await
        .expect("begun");
    let whole = vec![0; MAX_FILE as usize];
    incoming
        .write(whole.into())
        .await
        .expect("as much as may be");
    assert_eq!(incoming.write("x".into()).await, too_large);
    drop(incoming);
    let empty = fixture.receive(ada, b"").await;
    assert_eq!(empty.map(drop), Err(ServiceError::FileEmpty));
    let stranger = Actor::User(UserId::parse(9).expect("an id"));
    let unknown = fixture.receive(stranger, b"x").await.map(drop);
    assert!(matches!(unknown, Err(ServiceError::UnknownActor(_))));
    fixture.collect_at(LATER).await;
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn a_file_is_deleted_by_its_uploader_while_unused() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let file = fixture.file(Actor::User(ada), b"bytes").await.id;
    let delete = |who| fixture.service.delete_file(who, DeleteFile { file });
    let missing = |actor| Err(ServiceError::FileNotFound { id: file, actor });
    let [ada, bob, eve] = [ada, bob, eve].map(Actor::User);
    assert_eq!(delete(bob).await, missing(bob));
    let to = Recipient::User(bob.user().expect("a user"));
    let from = ada.user().expect("a user");
    let message = fixture.send_file(from, to, file).await;
    assert_eq!(delete(ada).await, Err(ServiceError::FileInUse(file)));
    assert!(matches!(delete(bob).await, Err(ServiceError::Forbidden(_))));
    assert_eq!(delete(eve).await, missing(eve));
    fixture.delete(from, message.id).await;
    assert_eq!(delete(ada).await, Ok(()));
    assert_eq!(delete(ada).await, missing(ada));
    assert!(fixture.content(ada, file).await.is_err());
}

#[tokio::test]
async fn the_system_deletes_what_messages_use_and_they_say_so() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let file = fixture.file(Actor::User(ada), b"bytes").await.id;
    let message = fixture.send_file(ada, Recipient::User(bob), file).await;
    let delete = DeleteFile { file };
    let deleted = fixture.service.delete_file(Actor::System, delete).await;
    deleted.expect("it is deleted");
    let bob = Actor::User(bob);
    let shown = fixture.service.message(bob, message.id).await.expect("it");
    let shown = shown.content.file().cloned().expect("a file");
    assert!(shown.deleted && shown.name.is_none() && shown.size.is_none());
    let missing = Err(ServiceError::FileNotFound {
        id: file,
        actor: bob,
    });
    assert_eq!(fixture.content(bob, file).await, missing);
    fixture.collect_at(LATER).await;
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn a_file_that_is_deleted_while_it_is_sent_is_either() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let actor = Actor::User(ada);
    for n in 0..30_u8 {
        let file = fixture.file(actor, &[n]).await.id;
        let content = Content::File {
            file,
            caption: None,
        };
        let message = SendMessage {
            sender: ada,
            recipient: Recipient::User(bob),
            content,
        };
        let both = futures_util::future::join(
            fixture.service.send(actor, message),
            fixture.service.delete_file(actor, DeleteFile { file }),
        );
        match both.await {
            (Ok(_), Err(ServiceError::FileInUse(_)))
            | (Err(ServiceError::FileNotFound { .. }), Ok(())) => {}
            both => panic!("{both:?}"),
        }
    }
}

#[tokio::test]
async fn a_file_and_its_message_are_made_together_or_not_at_all() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let group = fixture.group("team", bob, &[]).await;
    let send = |recipient, as_image, file| SendFile {
        sender: ada,
        recipient,
        as_image,
        caption: None,
        file,
    };
    let actor = Actor::User(ada);
    let stranger = fixture.receive(actor, b"bytes").await.expect("bytes");
    let refused = fixture
        .service
        .run(
            actor,
            send(Recipient::Group(group), false, stranger.clone()),
        )
        .await;
    assert!(matches!(refused, Err(ServiceError::GroupNotFound { .. })));
    let no_image = fixture
        .service
        .run(actor, send(Recipient::User(eve), true, stranger.clone()))
        .await;
    assert!(matches!(no_image, Err(ServiceError::Invalid { .. })));
    assert_eq!(
        fixture.look(|tx| tx.file(FileId::parse(1).expect("an id"))),
        None
    );

    let sent = fixture
        .service
        .run(actor, send(Recipient::User(bob), false, stranger))
        .await
        .expect("a message");
    let file = sent.content.file().expect("a file").id;
    let read = fixture.content(Actor::User(bob), file).await;
    assert_eq!(read.expect("bytes"), b"bytes");
}

#[tokio::test]
async fn a_thumbnail_is_for_pictures() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let file = fixture.file(ada, b"no picture").await;
    let content = fixture
        .service
        .file_content(ada, file.id)
        .await
        .expect("it");
    let thumbnail = fixture
        .service
        .thumbnail(&content, ThumbnailSize::default())
        .await;
    assert_eq!(thumbnail, Err(ServiceError::ThumbnailUnavailable(file.id)));
    let mut header = b"\x89PNG\r\n\x1a\n".to_vec();
    header.extend([0; 64]);
    let broken = fixture.file(ada, &header).await;
    assert!(broken.is_image());
    let content = fixture.service.file_content(ada, broken.id).await;
    let thumbnail = fixture
        .service
        .thumbnail(&content.expect("it"), ThumbnailSize::default())
        .await;
    assert_eq!(
        thumbnail,
        Err(ServiceError::ThumbnailUnavailable(broken.id))
    );
}

#[tokio::test]
async fn a_service_without_a_place_for_files_says_so() {
    let fixture = Fixture::new();
    let bare = chat_service::ChatService::new(fixture.store.clone(), fixture.clock.clone());
    let error = bare.receive_file(Actor::System, None).await.map(drop);
    assert!(matches!(error, Err(ServiceError::Blobs(_))));
    assert!(bare.collect_files().await.is_err());
}
