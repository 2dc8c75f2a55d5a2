//! Uploads that another node goes on with: two services over one store and one folder of files, of which
//! neither knows what requests the other has.

use std::sync::Arc;

use chat_domain::{Actor, FileSize, Upload, UploadId};
use chat_service::{ChatService, IncomingPart, ServiceError};

use crate::seam::{self, Seam};
use crate::support::{Fixture, GRACE};

const WHOLE: &[u8] = b"0123456789";

/// The fixture's service is one node, this is another.
struct Other {
    node: ChatService,
    seam: Arc<Seam>,
}

impl Other {
    fn of(fixture: &Fixture) -> Self {
        let (node, seam) = seam::over(fixture);
        Self { node, seam }
    }

    async fn part(&self, ada: Actor, id: UploadId, offset: usize, bytes: &[u8]) -> IncomingPart {
        let part = self.node.resume_upload(ada, id, size(offset), false).await;
        let mut part = part.expect("a part");
        part.write(bytes.to_vec().into()).await.expect("written");
        part
    }
}

fn size(bytes: usize) -> FileSize {
    FileSize::parse(i64::try_from(bytes).expect("a size")).expect("a size")
}

fn record(fixture: &Fixture, id: UploadId) -> Upload {
    fixture.look(move |tx| tx.upload(id)).expect("it")
}

/// Waits until somebody else than the one of this record goes on with the upload.
async fn overtaken(fixture: &Fixture, held: &Upload) {
    while record(fixture, held.id).generation == held.generation {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_later_one_goes_on_where_the_first_had_noted_last() {
    let fixture = Fixture::new();
    let other = Other::of(&fixture);
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, WHOLE.len()).await;
    fixture
        .append(ada, id, 0, &WHOLE[..5])
        .await
        .expect("noted");
    let first = fixture.part(ada, id, 5, b"567").await.expect("a part");
    let held = record(&fixture, id);

    // It has the upload at once, and its place on the disk when the first lets go of it.
    let lets_go = async {
        overtaken(&fixture, &held).await;
        first.end().await
    };
    let (second, ended) = tokio::join!(other.part(ada, id, 5, &WHOLE[5..]), lets_go);
    assert_eq!(ended, Err(ServiceError::UploadInterrupted(id)));
    assert_eq!(record(&fixture, id).offset(), 5);

    let upload = second.end().await.expect("it is whole");
    assert_eq!(fixture.reads(ada, &upload).await, WHOLE);
    assert_eq!(fixture.kept(), (1, 0));
}

/// Both begin at the same byte, so that nothing but their turn tells them apart.
#[tokio::test]
async fn of_two_who_bring_the_first_bytes_the_later_one_counts() {
    let fixture = Fixture::new();
    let other = Other::of(&fixture);
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, WHOLE.len()).await;
    let first = fixture.part(ada, id, 0, b"abcdefghij").await;
    let second = other.part(ada, id, 0, &WHOLE[..4]).await;
    let interrupted = Err(ServiceError::UploadInterrupted(id));
    assert_eq!(first.expect("a part").end().await, interrupted);
    assert_eq!(second.end().await.expect("noted").offset(), 4);
    let upload = fixture.append(ada, id, 4, &WHOLE[4..]).await.expect("it");
    assert_eq!(fixture.reads(ada, &upload).await, WHOLE);
    // What the first had brought is nobody's, and left to be swept.
    assert_eq!(fixture.kept(), (1, 1));
}

#[tokio::test]
async fn how_far_it_has_come_holds_once_it_is_said() {
    let fixture = Fixture::new();
    let other = Other::of(&fixture);
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, WHOLE.len()).await;
    fixture
        .append(ada, id, 0, &WHOLE[..5])
        .await
        .expect("noted");
    let first = fixture.part(ada, id, 5, b"56789").await.expect("a part");
    let said = other.node.upload(ada, id).await.expect("it");
    assert_eq!((said.offset(), said.file_id), (5, None));
    let interrupted = Err(ServiceError::UploadInterrupted(id));
    assert_eq!(first.end().await, interrupted);
    let upload = other.part(ada, id, 5, &WHOLE[5..]).await.end().await;
    assert_eq!(fixture.reads(ada, &upload.expect("it")).await, WHOLE);
    assert_eq!(fixture.kept(), (1, 0));
}

#[tokio::test]
async fn one_that_counts_whole_is_told_when_it_would_renew_its_time() {
    let fixture = Fixture::new();
    let other = Other::of(&fixture);
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, WHOLE.len()).await;
    let part = fixture.service.resume_upload(ada, id, size(0), true).await;
    let mut part = part.expect("a part");
    part.write("0".into()).await.expect("written");
    other.node.upload(ada, id).await.expect("it");
    let half = i64::try_from(GRACE.as_micros() / 2).expect("a time");
    fixture.clock.set(half);
    let interrupted = Err(ServiceError::UploadInterrupted(id));
    assert_eq!(part.write("1".into()).await, interrupted);
    assert_eq!(record(&fixture, id).expires_at.as_micros(), 2 * half);
}

/// Between its last byte and its file.
#[tokio::test]
async fn who_is_overtaken_at_the_last_step_makes_no_file_and_loses_none() {
    let fixture = Fixture::new();
    let other = Other::of(&fixture);
    let ada = Actor::User(fixture.user("ada").await);
    let id = fixture.begin(ada, WHOLE.len()).await;
    let part = other.part(ada, id, 0, WHOLE).await;
    let database = fixture.database();
    *other.seam.before_keep.lock().expect("it") = Some(Box::new(move || {
        database.execute("UPDATE uploads SET generation = generation + 1");
    }));
    let interrupted = Err(ServiceError::UploadInterrupted(id));
    assert_eq!(part.end().await, interrupted);
    assert_eq!(record(&fixture, id).file_id, None);

    let upload = fixture.service.upload(ada, id).await.expect("it");
    assert_eq!(fixture.reads(ada, &upload).await, WHOLE);
    let again = other.node.upload(ada, id).await.expect("it");
    assert_eq!(again.file_id, upload.file_id);
    assert_eq!(fixture.kept(), (1, 0));
}
