//! What goes on when some of the bytes can't be had: collecting, checking, keeping.

use chat_domain::ports::BlobError;
use chat_domain::{Actor, Blob, BlobKey, FileSize};
use chat_service::{Collected, FileDifference, Repair, ServiceError};

use crate::files::LATER;
use crate::seam;
use crate::support::Fixture;

impl Fixture {
    /// All blobs that are not doomed, by id.
    fn blobs(&self) -> Vec<Blob> {
        let blobs = self.look(|tx| tx.blobs_after(None, 100));
        blobs.into_iter().map(|(blob, _)| blob).collect()
    }

    /// The keys of those from here to there.
    fn keys_between(&self, from: usize, to: usize) -> Vec<BlobKey> {
        let blobs = self.look(|tx| tx.blobs_after(None, 1_000));
        let keys = blobs.iter().map(|(blob, _)| blob.key());
        keys.skip(from).take(to - from).collect()
    }

    /// The database behind the service's back, at some later time.
    fn executes(&self, sql: String) -> Option<Box<dyn FnOnce() + Send>> {
        let database = self.database();
        Some(Box::new(move || database.execute(&sql)))
    }
}

fn size(bytes: i64) -> FileSize {
    FileSize::parse(bytes).expect("a size")
}

#[tokio::test]
async fn one_that_can_not_be_removed_does_not_keep_the_others() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    for bytes in [b"one", b"two", b"six"] {
        fixture.receive(ada, bytes).await.expect("bytes");
    }
    let upload = service.new_upload(size(9), None, None).expect("an upload");
    let upload = service.run(ada, upload).await.expect("begun").id;
    let part = service.resume_upload(ada, upload, size(0), false).await;
    let mut part = part.expect("a part");
    part.write("some".into()).await.expect("written");
    part.end().await.expect("noted");
    let key = fixture.blobs()[0].key();
    seam.stuck.lock().expect("keys").insert(key);
    *seam.stays.lock().expect("a choice") = true;

    fixture.clock.set(LATER);
    let collected = Collected {
        blobs: 2,
        uploads: 1,
        ..Collected::default()
    };
    assert_eq!(service.collect_files().await, Ok(collected));
    assert_eq!(*seam.sweeps.lock().expect("a count"), 0);
    assert_eq!(fixture.kept(), (1, 1));
    // What fails is no progress, after which a host would go on at once.
    let fails = service.collect_files().await;
    assert_eq!(
        fails,
        Err(BlobError::Unavailable("stuck".to_owned()).into())
    );
    *seam.stays.lock().expect("a choice") = false;
    assert_eq!(service.collect_files().await, Ok(Collected::default()));
    seam.stuck.lock().expect("keys").clear();
    let collected = service.collect_files().await.expect("it is done");
    assert_eq!(collected.blobs, 1);
    assert_eq!(fixture.kept().0, 0);
}

#[tokio::test]
async fn many_that_can_not_be_removed_do_not_keep_the_rest() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    for n in 0..260_u32 {
        fixture.receive(ada, &n.to_be_bytes()).await.expect("bytes");
    }
    let (first, last) = (fixture.keys_between(0, 110), fixture.keys_between(205, 215));
    let stuck = first.iter().chain(&last).copied();
    seam.stuck.lock().expect("keys").extend(stuck);
    fixture.clock.set(LATER);
    // All that come first stay, so that a host has no reason to go on at once.
    assert_eq!(service.collect_files().await, Ok(Collected::default()));
    while service
        .collect_files()
        .await
        .expect("it is done")
        .anything()
    {}
    assert_eq!(fixture.kept(), (120, 0));
    seam.stuck.lock().expect("keys").clear();
    while service
        .collect_files()
        .await
        .expect("it is done")
        .anything()
    {}
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn bytes_that_come_after_their_record_went_do_not_stay() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    let collects =
        || *seam.before_keep.lock().expect("it") = fixture.executes("DELETE FROM blobs".to_owned());

    collects();
    let mut incoming = service.receive_file(ada, None).await.expect("room");
    incoming.write("bytes".into()).await.expect("written");
    let unavailable = |error| matches!(error, ServiceError::Blobs(BlobError::Unavailable(_)));
    assert!(unavailable(incoming.finish().await.expect_err("too late")));
    assert_eq!(fixture.kept(), (0, 0));

    collects();
    let upload = service.new_upload(size(5), None, None).expect("an upload");
    let upload = service.run(ada, upload).await.expect("begun").id;
    let part = service.resume_upload(ada, upload, size(0), false).await;
    let mut part = part.expect("a part");
    part.write("bytes".into()).await.expect("written");
    assert!(unavailable(part.end().await.expect_err("too late")));
    assert_eq!(fixture.kept(), (0, 0));
}

#[tokio::test]
async fn what_was_kept_is_not_looked_for_where_it_was_staged() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    let upload = service.new_upload(size(5), None, None).expect("an upload");
    let upload = service.run(ada, upload).await.expect("begun").id;
    let part = service.resume_upload(ada, upload, size(0), false).await;
    let mut part = part.expect("a part");
    part.write("bytes".into()).await.expect("written");
    *seam.keeps_in_secret.lock().expect("a choice") = true;
    let unavailable = ServiceError::from(BlobError::Unavailable("stuck".to_owned()));
    assert_eq!(part.end().await, Err(unavailable.clone()));
    assert_eq!(fixture.kept(), (1, 0));

    // Something is left where they were, of which nothing can be made any more.
    let record = fixture.look(move |tx| tx.upload(upload)).expect("it");
    let mark = record.progress.expect("progress").mark;
    let left = crate::uploads::staged_name(&mark);
    std::fs::write(fixture.files().join("staging").join(left), "by").expect("written");
    *seam.resumes_nothing.lock().expect("a choice") = true;
    // That they can be seen does not make them durable.
    let key = fixture.blobs()[0].key();
    seam.stuck.lock().expect("keys").insert(key);
    assert_eq!(service.upload(ada, upload).await, Err(unavailable));
    seam.stuck.lock().expect("keys").clear();
    let whole = service.upload(ada, upload).await.expect("it");
    let file = whole.file_id.expect("a file");
    assert_eq!(fixture.content(ada, file).await.expect("it"), b"bytes");
    assert_eq!(fixture.kept(), (1, 0));
}

#[tokio::test]
async fn an_upload_that_another_node_went_on_with_is_not_lost() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    let upload = service.new_upload(size(9), None, None).expect("an upload");
    let upload = service.run(ada, upload).await.expect("begun").id;
    let part = service.resume_upload(ada, upload, size(0), false).await;
    let mut part = part.expect("a part");
    part.write("some".into()).await.expect("written");
    part.end().await.expect("noted");
    let other = fixture.database().bytes(&[0]);
    *seam.on_resume.lock().expect("it") =
        fixture.executes(format!("UPDATE uploads SET mark = {other}"));
    let resumed = service.resume_upload(ada, upload, size(4), false).await;
    let interrupted = Err(ServiceError::UploadInterrupted(upload));
    assert_eq!(resumed.map(drop), interrupted);
    assert!(service.upload(ada, upload).await.is_ok());
    // Nobody reads that mark: now it is over.
    let missing = Err(ServiceError::UploadNotFound {
        id: upload,
        actor: ada,
    });
    let resumed = service.resume_upload(ada, upload, size(4), false).await;
    assert_eq!(resumed.map(drop), missing);
    assert_eq!(
        service.upload(ada, upload).await,
        missing.map(|()| unreachable!())
    );
}

#[tokio::test]
async fn a_check_goes_on_after_one_that_can_not_be_read() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let (service, seam) = seam::over(&fixture);
    for n in 0..12_u8 {
        fixture.file(ada, &[n]).await;
    }
    let keys: Vec<_> = fixture.blobs().iter().map(Blob::key).collect();
    // Four in a row, one that is well, and four again.
    let some = keys[..4].iter().chain(&keys[5..9]).copied();
    seam.stuck.lock().expect("keys").extend(some.clone());
    let check = service.check_files(Repair::Careful, &mut |_, _| {}).await;
    let check = check.expect("a check");
    let differences: Vec<_> = some.map(FileDifference::Unreadable).collect();
    assert_eq!(check.differences, differences);
    assert_eq!((check.blobs, check.found, check.unreadable), (4, 8, 8));
    assert_eq!(fixture.check(false).await, [], "nothing was changed");

    seam.stuck.lock().expect("keys").insert(keys[4]);
    let check = service.check_files(Repair::Not, &mut |_, _| {}).await;
    assert_eq!(
        check,
        Err(BlobError::Unavailable("stuck".to_owned()).into())
    );
}

#[tokio::test]
async fn the_bytes_of_another_database_are_left_alone() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let file = fixture.file(ada, b"ours").await.id;
    let ours = fixture.blobs()[0].key().to_string();
    let path = fixture.files().join("blobs").join(&ours[..2]).join(&ours);
    let away = fixture.files().join("away");
    std::fs::rename(&path, &away).expect("moved");
    let theirs = format!("{}-77", "ab".repeat(32));
    let beside = fixture.files().join("blobs/ab");
    std::fs::create_dir_all(&beside).expect("made");
    std::fs::write(beside.join(&theirs), "x").expect("written");

    let refused = fixture
        .service
        .check_files(Repair::Careful, &mut |_, _| {})
        .await;
    let broken = |error| matches!(error, ServiceError::Blobs(BlobError::Broken(_)));
    assert!(broken(refused.expect_err("refused")));
    assert!(beside.join(&theirs).exists());
    assert_eq!(fixture.check(false).await.len(), 2);
    std::fs::rename(&away, &path).expect("moved");
    let read = fixture.content(ada, file).await;
    assert_eq!(read.expect("it is known still"), b"ours");
    // Beside ours it is an orphan like any other.
    assert_eq!(fixture.check(true).await.len(), 1);

    // Who says so has a repair without any of ours too.
    std::fs::rename(&path, &away).expect("moved");
    std::fs::write(beside.join(&theirs), "x").expect("written");
    let forced = fixture
        .service
        .check_files(Repair::Forced, &mut |_, _| {})
        .await;
    assert_eq!(forced.expect("a repair").found, 2);
    assert!(!beside.join(&theirs).exists());
    assert_eq!(fixture.check(false).await, []);
}
