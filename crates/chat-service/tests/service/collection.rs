//! Files that go when nothing uses them, and the check of what is kept.

use chat_domain::{Actor, File, Recipient, Timestamp};
use chat_service::{DeleteGroup, FileDifference, FilesFound, ServiceError};

use crate::files::LATER;
use crate::support::{Fixture, GRACE};

#[tokio::test]
async fn a_file_goes_when_no_message_uses_it() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let file = fixture.file(Actor::User(ada), b"bytes").await.id;
    let message = fixture.send_file(ada, Recipient::User(bob), file).await;
    fixture.collect_at(LATER).await;
    let read = fixture.content(Actor::User(bob), file).await;
    assert_eq!(read.expect("it is used"), b"bytes");

    fixture.clock.set(2 * LATER);
    fixture.delete(ada, message.id).await;
    let missing = |actor| Err(ServiceError::FileNotFound { id: file, actor });
    let (ada, bob) = (Actor::User(ada), Actor::User(bob));
    assert_eq!(fixture.content(bob, file).await, missing(bob));
    fixture
        .collect_at(2 * LATER + GRACE.as_micros() as i64)
        .await;
    assert!(fixture.content(ada, file).await.is_ok(), "in its grace");
    fixture.collect_at(3 * LATER).await;
    assert_eq!(fixture.content(ada, file).await, missing(ada));
    assert_eq!(fixture.kept(), (0, 0));
    assert_eq!(fixture.check(false).await, []);
}

#[tokio::test]
async fn a_file_that_was_sent_on_stays() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let file = fixture.file(Actor::User(ada), b"bytes").await.id;
    let first = fixture.send_file(ada, Recipient::User(bob), file).await;
    fixture.send_file(bob, Recipient::User(eve), file).await;
    fixture.delete(ada, first.id).await;
    fixture.collect_at(LATER).await;
    assert!(fixture.content(Actor::User(eve), file).await.is_ok());
    // Once found to be in use it is not looked at again and again.
    let unused = fixture.look(|tx| tx.unused_files(Timestamp::from_micros(i64::MAX), 10));
    assert_eq!(unused, []);
}

#[tokio::test]
async fn the_files_of_a_deleted_group_go() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let group = fixture.group("team", ada, &[bob]).await;
    let both = fixture.file(Actor::User(ada), b"both").await.id;
    fixture.send_file(ada, Recipient::User(bob), both).await;
    fixture.send_file(ada, Recipient::Group(group), both).await;
    for n in 0..250_u32 {
        let file = fixture.file(Actor::User(ada), &n.to_be_bytes()).await.id;
        fixture.send_file(ada, Recipient::Group(group), file).await;
    }
    fixture.collect_at(LATER).await;
    assert_eq!(fixture.kept(), (251, 0));
    let delete = DeleteGroup { group };
    let deleted = fixture.service.delete_group(Actor::User(ada), delete).await;
    deleted.expect("it is deleted");
    fixture.collect_at(LATER + GRACE.as_micros() as i64).await;
    assert_eq!(fixture.kept(), (251, 0));
    fixture.collect_at(2 * LATER).await;
    assert_eq!(fixture.kept(), (1, 0));
    assert!(fixture.content(Actor::User(bob), both).await.is_ok());
}

#[tokio::test]
async fn bytes_whose_record_never_came_are_collected() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let received = fixture.receive(ada, b"bytes").await.expect("bytes");
    assert_eq!(fixture.kept(), (1, 0));
    fixture.collect_at(LATER).await;
    assert_eq!(fixture.kept(), (0, 0));
    let late = fixture.service.run(ada, received).await;
    assert!(matches!(late, Err(ServiceError::Blobs(_))), "{late:?}");
}

#[tokio::test]
async fn bytes_that_come_again_while_they_go_are_kept() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let first = fixture.receive(ada, b"bytes").await.expect("bytes");
    fixture.execute("UPDATE blobs SET doomed = 1, unused_since = NULL");
    let second = fixture.file(ada, b"bytes").await;
    fixture.collect_at(1).await;
    assert_eq!(fixture.kept(), (1, 0));
    assert!(fixture.content(ada, second.id).await.is_ok());
    assert!(fixture.service.run(ada, first).await.is_err());
    assert_eq!(fixture.check(false).await, []);
}

#[tokio::test]
async fn a_check_finds_and_mends_what_is_wrong() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let mut files = Vec::new();
    for bytes in [b"one", b"two", b"six"] {
        files.push(fixture.file(ada, bytes).await);
    }
    assert_eq!(fixture.check(false).await, []);
    let path = |file: &File| {
        let id = file.blob_id.expect("a blob");
        let blob = fixture.look(move |tx| tx.blob(id)).expect("a blob");
        let key = blob.key().to_string();
        (
            fixture.files().join("blobs").join(&key[..2]).join(&key),
            blob.key(),
        )
    };
    let (missing, missing_key) = path(&files[0]);
    let (damaged, damaged_key) = path(&files[1]);
    std::fs::remove_file(missing).expect("removed");
    std::fs::write(damaged, "tow").expect("written");
    let orphan = format!("{}-77", "ab".repeat(32));
    let beside = fixture.files().join("blobs/ab");
    std::fs::create_dir_all(&beside).expect("made");
    std::fs::write(beside.join(&orphan), "x").expect("written");
    let orphan = orphan.parse().expect("a key");

    let differences = [
        FileDifference::Missing(missing_key),
        FileDifference::Damaged(damaged_key),
        FileDifference::Orphaned(orphan),
    ];
    assert_eq!(fixture.check(false).await, differences);
    assert_eq!(fixture.check(true).await, differences);
    assert_eq!(fixture.check(false).await, []);
    for lost in &files[..2] {
        let error = Err(ServiceError::FileContentLost(lost.id));
        assert_eq!(fixture.content(ada, lost.id).await, error);
    }
    assert!(fixture.content(ada, files[2].id).await.is_ok());
    for (key, bytes) in [(damaged_key, "tow"), (orphan, "x")] {
        let aside = fixture.files().join("aside").join(key.to_string());
        assert_eq!(std::fs::read_to_string(aside).expect("it"), bytes);
    }

    // Bytes that come back to where they were are found.
    let (back, key) = path(&files[1]);
    std::fs::write(back, "two").expect("written");
    assert_eq!(fixture.check(true).await, [FileDifference::Found(key)]);
    let found = fixture.content(ada, files[1].id).await;
    assert_eq!(found.expect("bytes"), b"two");
    assert_eq!(fixture.check(false).await, []);

    // Whoever brings the same bytes again brings them back for all.
    fixture.file(ada, b"one").await;
    let back = fixture.content(ada, files[0].id).await;
    assert_eq!(back.expect("bytes"), b"one");
}

#[tokio::test]
async fn files_that_are_elsewhere_are_missed() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let blobs = fixture.files().join("blobs");
    let foreign = |name: &str| {
        let key = format!("{}-{name}", "ab".repeat(32));
        std::fs::create_dir_all(blobs.join("ab")).expect("made");
        std::fs::write(blobs.join("ab").join(key), "x").expect("written");
    };
    assert_eq!(fixture.service.find_files().await, Ok(FilesFound::Ours));
    foreign("70");
    let new = fixture.service.find_files().await;
    assert_eq!(new, Ok(FilesFound::Ours), "a new database, in any place");

    for bytes in [b"one", b"two"] {
        fixture.file(ada, bytes).await;
    }
    assert_eq!(fixture.service.find_files().await, Ok(FilesFound::Ours));
    let away = fixture.files().join("away");
    std::fs::rename(&blobs, &away).expect("moved");
    let found = fixture.service.find_files().await;
    assert_eq!(found, Ok(FilesFound::None));
    foreign("71");
    let found = fixture.service.find_files().await;
    assert_eq!(found, Ok(FilesFound::Foreign));

    // One that is lost, or no file, is no sign of that.
    std::fs::remove_dir_all(&blobs).expect("removed");
    std::fs::rename(&away, &blobs).expect("moved back");
    let one = fixture
        .look(|tx| tx.blobs_after(None, 1))
        .remove(0)
        .0
        .key()
        .to_string();
    let path = blobs.join(&one[..2]).join(&one);
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(fixture.service.find_files().await, Ok(FilesFound::Ours));
    std::fs::create_dir(&path).expect("made");
    assert_eq!(fixture.service.find_files().await, Ok(FilesFound::Ours));

    // Nor is anything missed once all are known to be lost.
    std::fs::remove_dir_all(&blobs).expect("removed");
    assert_eq!(fixture.check(true).await.len(), 2);
    assert_eq!(fixture.service.find_files().await, Ok(FilesFound::Ours));
}

#[tokio::test]
async fn bytes_that_are_gone_are_told_and_can_be_brought_again() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let file = fixture.file(ada, b"bytes").await.id;
    for folder in fixture.files().join("blobs").read_dir().expect("it") {
        for file in folder.expect("a folder").path().read_dir().expect("it") {
            std::fs::remove_file(file.expect("a file").path()).expect("removed");
        }
    }
    let lost = Err(ServiceError::FileContentLost(file));
    assert_eq!(fixture.content(ada, file).await, lost);
    fixture.file(ada, b"bytes").await;
    assert_eq!(fixture.content(ada, file).await.expect("back"), b"bytes");
}
