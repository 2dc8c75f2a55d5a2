//! Uploads that come in parts: gone on with, interrupted at any step, ended, expired.

use std::sync::Arc;

use chat_domain::{Actor, FileName, FileSize, Upload, UploadId, UserId};
use chat_service::{CreateUpload, DeleteUpload, IncomingPart, ServiceError};

use crate::seam;
use crate::support::{Fixture, GRACE, MAX_FILE};

fn size(bytes: usize) -> FileSize {
    FileSize::parse(i64::try_from(bytes).expect("a size")).expect("a size")
}

impl Fixture {
    pub(crate) async fn begin(&self, actor: Actor, length: usize) -> UploadId {
        let name = FileName::parse("a.bin").ok();
        let upload: CreateUpload = self
            .service
            .new_upload(size(length), name, Some("filename YS5iaW4=".to_owned()))
            .expect("an upload");
        self.service.run(actor, upload).await.expect("begun").id
    }

    pub(crate) async fn part(
        &self,
        actor: Actor,
        id: UploadId,
        offset: usize,
        bytes: &[u8],
    ) -> Result<IncomingPart, ServiceError> {
        let mut part = self
            .service
            .resume_upload(actor, id, size(offset), false)
            .await?;
        for piece in bytes.chunks(7_000) {
            part.write(piece.to_vec().into()).await?;
        }
        Ok(part)
    }

    pub(crate) async fn append(
        &self,
        actor: Actor,
        id: UploadId,
        offset: usize,
        bytes: &[u8],
    ) -> Result<Upload, ServiceError> {
        self.part(actor, id, offset, bytes).await?.end().await
    }

    pub(crate) async fn reads(&self, actor: Actor, upload: &Upload) -> Vec<u8> {
        let file = upload.file_id.expect("a file");
        self.content(actor, file).await.expect("bytes")
    }

    /// Makes an upload what it was just before its file was made known.
    pub(crate) fn interrupt(&self, whole: &Upload, bytes: &[u8]) {
        let database = self.database();
        let mark = &whole.progress.as_ref().expect("progress").mark;
        database.execute(&format!(
            "UPDATE uploads SET file_id = NULL, head = {}, mark = {} WHERE id = {};
             UPDATE files SET deleted_at = 1, blob_id = NULL WHERE id = {};",
            database.bytes(bytes),
            database.bytes(mark.as_bytes()),
            whole.id,
            whole.file_id.expect("a file"),
        ));
    }
}

fn bytes() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n / 7) as u8).collect()
}

#[tokio::test]
async fn parts_become_a_file() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let bytes = bytes();
    let id = fixture.begin(ada, bytes.len()).await;
    let begun = fixture.service.upload(ada, id).await.expect("it");
    assert_eq!((begun.offset(), begun.file_id), (0, None));
    assert_eq!(begun.metadata.as_deref(), Some("filename YS5iaW4="));
    let mut offset = 0;
    for part in bytes.chunks(70_001) {
        fixture.append(ada, id, offset, part).await.expect("a part");
        offset += part.len();
        let upload = fixture.service.upload(ada, id).await.expect("it");
        assert_eq!(upload.offset(), offset as i64);
    }
    let whole = fixture.service.upload(ada, id).await.expect("it");
    assert_eq!(fixture.reads(ada, &whole).await, bytes);
    let file = whole.file_id.expect("a file");
    let file = fixture.service.file(ada, file).await.expect("it");
    assert_eq!(file.name.expect("a name").as_str(), "a.bin");
    assert_eq!(file.uploader_id, ada.user());
    // Nothing more goes in, and asked at the end it is still the same file.
    let again = fixture.append(ada, id, bytes.len(), b"").await.expect("it");
    assert_eq!(again.file_id, Some(file.id));
    let more = fixture.append(ada, id, bytes.len(), b"x").await;
    assert!(matches!(more, Err(ServiceError::FileTooLarge { .. })));
    assert_eq!(fixture.kept(), (1, 0));
}

#[tokio::test]
async fn an_upload_is_its_uploaders_alone() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await.map(Actor::User);
    let id = fixture.begin(ada, 5).await;
    let missing = Err(ServiceError::UploadNotFound { id, actor: bob });
    assert_eq!(fixture.service.upload(bob, id).await, missing);
    assert_eq!(fixture.append(bob, id, 0, b"bytes").await, missing);
    let delete = DeleteUpload { upload: id };
    let deleted = fixture.service.delete_upload(bob, delete).await;
    assert_eq!(deleted, missing.map(drop));
    let stranger = Actor::User(UserId::parse(9).expect("an id"));
    let unknown = fixture.service.upload(stranger, id).await;
    assert!(matches!(unknown, Err(ServiceError::UnknownActor(_))));
    assert!(fixture.service.upload(Actor::System, id).await.is_ok());
}

#[tokio::test]
async fn a_part_goes_where_the_last_ended() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    fixture.append(ada, id, 0, b"01234").await.expect("a part");
    for offset in [0, 4, 6, 10, 11] {
        let refused = fixture.append(ada, id, offset, b"x").await;
        let expected = Err(ServiceError::UploadOffset { id, offset: 5 });
        assert_eq!(refused, expected);
    }
    let too_many = fixture.append(ada, id, 5, b"567890").await;
    assert!(matches!(too_many, Err(ServiceError::FileTooLarge { .. })));
    let upload = fixture.append(ada, id, 5, b"56789").await.expect("it");
    assert_eq!(fixture.reads(ada, &upload).await, b"0123456789");
}

#[tokio::test]
async fn a_part_that_is_dropped_leaves_what_was_noted() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    drop(fixture.part(ada, id, 0, b"xxxxx").await.expect("a part"));
    fixture.append(ada, id, 0, b"01234").await.expect("a part");
    drop(fixture.part(ada, id, 5, b"xxxxx").await.expect("a part"));
    let upload = fixture.append(ada, id, 5, b"56789").await.expect("it");
    assert_eq!(fixture.reads(ada, &upload).await, b"0123456789");
}

#[tokio::test]
async fn who_comes_later_goes_on() {
    let fixture = Arc::new(Fixture::new());
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    let first = fixture.part(ada, id, 0, b"01234").await.expect("a part");
    let asks = tokio::spawn({
        let fixture = Arc::clone(&fixture);
        async move { fixture.service.upload(ada, id).await }
    });
    assert_eq!(first.wanted().await, ServiceError::UploadInterrupted(id));
    first.end().await.expect("it ends");
    let upload = asks.await.expect("it ran").expect("it");
    assert_eq!(upload.offset(), 5);
}

#[tokio::test]
async fn what_has_come_by_the_time_of_a_stop_is_kept() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    let part = fixture.part(ada, id, 0, b"01234").await.expect("a part");
    fixture.service.stop_uploads();
    assert_eq!(part.wanted().await, ServiceError::UploadStopped(id));
    part.end().await.expect("it ends");
    let late = fixture.part(ada, id, 5, b"").await.expect("a part");
    assert_eq!(late.wanted().await, ServiceError::UploadStopped(id));
}

#[tokio::test]
async fn an_upload_interrupted_before_it_became_a_file_becomes_one() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    for kept in [false, true] {
        let bytes = format!("some bytes {kept}").into_bytes();
        let id = fixture.begin(ada, bytes.len()).await;
        let upload = fixture.append(ada, id, 0, &bytes[..3]).await.expect("it");
        let mark = upload.progress.expect("progress").mark;
        let whole = fixture.append(ada, id, 3, &bytes[3..]).await.expect("it");
        let file = whole.file_id.expect("a file");
        // Its bytes staged, or kept already.
        fixture.interrupt(&whole, &bytes);
        if !kept {
            let blob = fixture.look(move |tx| {
                let blobs = tx.blobs_after(None, 10)?;
                Ok(blobs.last().map(|(blob, _)| blob.key()))
            });
            let key = blob.expect("a blob").to_string();
            let kept = fixture.files().join("blobs").join(&key[..2]).join(&key);
            let name = staged_name(&mark);
            std::fs::rename(kept, fixture.files().join("staging").join(name)).expect("moved");
        }
        let found = fixture.service.upload(ada, id).await.expect("it");
        assert_ne!(found.file_id.expect("a file"), file);
        assert_eq!(fixture.reads(ada, &found).await, bytes);
    }
    assert_eq!(fixture.kept(), (2, 0));
}

/// The file that the disk's mark names.
pub(crate) fn staged_name(mark: &chat_domain::StageMark) -> String {
    String::from_utf8_lossy(mark.as_bytes())
        .split_whitespace()
        .nth(1)
        .expect("a name")
        .to_owned()
}

#[tokio::test]
async fn an_upload_whose_bytes_are_lost_is_over() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    fixture.append(ada, id, 0, b"01234").await.expect("a part");
    for file in fixture.files().join("staging").read_dir().expect("it") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    let missing = Err(ServiceError::UploadNotFound { id, actor: ada });
    assert_eq!(fixture.append(ada, id, 5, b"56789").await, missing);
    assert_eq!(fixture.service.upload(ada, id).await, missing);
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_expires() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    fixture.append(ada, id, 0, b"01234").await.expect("a part");
    let grace = i64::try_from(GRACE.as_micros()).expect("a time");
    fixture.collect_at(grace).await;
    // Each part gives it the whole time again.
    let upload = fixture.append(ada, id, 5, b"5").await.expect("in time");
    assert_eq!(upload.expires_at.as_micros(), 2 * grace);
    fixture.collect_at(2 * grace).await;
    assert!(fixture.service.upload(ada, id).await.is_ok());
    fixture.clock.set(2 * grace + 1);
    let missing = Err(ServiceError::UploadNotFound { id, actor: ada });
    assert_eq!(fixture.service.upload(ada, id).await, missing);
    fixture.collect_at(2 * grace + 1).await;
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn a_part_whose_place_is_gone_was_interrupted() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 5).await;
    let part = fixture.part(ada, id, 0, b"bytes").await.expect("a part");
    for file in fixture.files().join("staging").read_dir().expect("it") {
        std::fs::remove_file(file.expect("a file").path()).expect("removed");
    }
    let interrupted = Err(ServiceError::UploadInterrupted(id));
    assert_eq!(part.end().await, interrupted);
    let missing = Err(ServiceError::UploadNotFound { id, actor: ada });
    assert_eq!(fixture.service.upload(ada, id).await, missing);
}

/// How far the clock is `steps` tenths of the grace period later.
fn tenths(steps: usize) -> i64 {
    let tenth = i64::try_from(GRACE.as_micros() / 10).expect("a time");
    tenth * i64::try_from(steps).expect("a few")
}

#[tokio::test]
async fn a_part_that_is_coming_keeps_its_upload_from_expiring() {
    for whole in [false, true] {
        let fixture = Fixture::new();
        let ada = Actor::User(fixture.user("ada").await);
        let id = fixture.begin(ada, 40).await;
        fixture.append(ada, id, 0, b"0").await.expect("a part");
        // Another node has it, so that whoever collects knows of it by its record alone.
        let (node, _) = seam::over(&fixture);
        let part = node.resume_upload(ada, id, size(1), whole).await;
        let mut part = part.expect("a part");
        for step in 1..40 {
            fixture.clock.set(tenths(step));
            part.write("x".into()).await.expect("written");
            fixture.collect_at(tenths(step)).await;
        }
        let upload = part.end().await.expect("it is whole");
        let bytes = fixture.reads(ada, &upload).await;
        assert_eq!(bytes, [b"0".as_slice(), &[b'x'; 39]].concat());
    }
}

#[tokio::test]
async fn what_counts_whole_counts_for_nothing_while_its_time_is_renewed() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 40).await;
    let upload = fixture.append(ada, id, 0, b"01234").await.expect("a part");
    let part = fixture.service.resume_upload(ada, id, size(5), true).await;
    let mut part = part.expect("a part");
    for step in 1..20 {
        fixture.clock.set(tenths(step));
        part.write("x".into()).await.expect("written");
    }
    let renewed = fixture.look(move |tx| tx.upload(id)).expect("it");
    assert_eq!(renewed.progress, upload.progress);
    assert!(renewed.expires_at.as_micros() > tenths(19) + tenths(7));
    drop(part);
    let upload = fixture.append(ada, id, 5, b"5").await.expect("a part");
    assert_eq!(upload.offset(), 6);
}

#[tokio::test]
async fn an_upload_that_somebody_holds_does_not_expire() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let [held, left] = [fixture.begin(ada, 10).await, fixture.begin(ada, 10).await];
    let mut part = fixture.part(ada, held, 0, b"01234").await.expect("a part");
    // A line on which nothing comes for a while.
    fixture.collect_at(tenths(11)).await;
    let there = |id| fixture.look(move |tx| tx.upload(id)).is_some();
    assert!(there(held) && !there(left));
    part.write("56789".into()).await.expect("written");
    let upload = part.end().await.expect("it is whole");
    assert_eq!(fixture.reads(ada, &upload).await, b"0123456789");
}

#[tokio::test]
async fn an_upload_that_was_ended_is_gone() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, 10).await;
    let part = fixture.part(ada, id, 0, b"01234").await.expect("a part");
    let delete = DeleteUpload { upload: id };
    let deleted = fixture.service.delete_upload(ada, delete).await;
    assert_eq!(deleted, Ok(()));
    let missing = Err(ServiceError::UploadNotFound { id, actor: ada });
    assert_eq!(part.end().await, missing);
    // What it had brought was marked, for a record that was gone.
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn bad_lengths_are_refused() {
    let fixture = Fixture::new();
    let new = |bytes| fixture.service.new_upload(size(bytes), None, None);
    assert_eq!(new(0).map(drop), Err(ServiceError::FileEmpty));
    let limit = MAX_FILE;
    let too_large = Err(ServiceError::FileTooLarge { limit });
    assert_eq!(new(MAX_FILE as usize + 1).map(drop), too_large);
    assert!(new(MAX_FILE as usize).is_ok());
}
