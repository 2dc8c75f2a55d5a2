//! What lies where, and how it gets there.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use chat_domain::ports::BlobError;
use chat_domain::{BlobKey, StageMark};
use rstest::rstest;
use tempfile::TempDir;

use super::{at, names};
use crate::harness::{bytes, eventually, from_now, key};

#[tokio::test]
async fn a_blob_lies_in_the_directory_of_its_first_digits() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    assert_eq!(names(dir.path()), ["blobs", "lock", "staging"]);
    assert_eq!(names(&dir.path().join("blobs")), [""; 0]);
    for first in [0x0f, 0xf0] {
        world.keep(key(first, 3), &bytes(10, 1)).await;
    }
    assert_eq!(names(&dir.path().join("blobs")), ["0f", "f0"]);
    let path = dir.path().join("blobs/0f").join(key(0x0f, 3).to_string());
    assert_eq!(fs::read(path).unwrap(), bytes(10, 1));
    assert_eq!(names(&dir.path().join("staging")), [""; 0]);
}

#[tokio::test]
async fn the_directory_is_made_with_all_above_it() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("a/b/c");
    chat_files::DiskStore::open(&deep).unwrap();
    assert_eq!(names(&deep), ["blobs", "lock", "staging"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_it_makes_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = TempDir::new().unwrap();
    let own = dir.path().join("own");
    fs::create_dir(dir.path().join("shared")).unwrap();
    let given = fs::Permissions::from_mode(0o750);
    fs::set_permissions(dir.path().join("shared"), given).unwrap();
    for (name, expected) in [("own", 0o700), ("shared", 0o750)] {
        let dir = dir.path().join(name);
        chat_files::DiskStore::open(&dir).unwrap();
        let found = fs::metadata(&dir).unwrap().permissions().mode();
        assert_eq!(found & 0o777, expected, "{name}");
    }
    let blobs = fs::metadata(own.join("blobs")).unwrap();
    assert_eq!(blobs.permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn who_wants_it_alone_has_it_alone() {
    let dir = TempDir::new().unwrap();
    let [one, other] = [(); 2].map(|()| chat_files::DiskStore::open(dir.path()).unwrap());
    drop(one);
    let refused = chat_files::DiskStore::open_alone(dir.path()).unwrap_err();
    assert_eq!(refused.to_string(), "it is in use by another process");
    drop(other);
    // A child that another test starts has all that is open here, until it is another program.
    let mut alone = None;
    eventually(async || {
        alone = chat_files::DiskStore::open_alone(dir.path()).ok();
        alone.is_some()
    })
    .await;
    assert!(chat_files::DiskStore::open(dir.path()).is_err());
    drop(alone);
    eventually(async || chat_files::DiskStore::open(dir.path()).is_ok()).await;
}

#[tokio::test]
async fn everything_is_there_when_it_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let first = at(&dir);
    first.keep(key(1, 1), &bytes(10, 1)).await;
    let mark = first.staged(&bytes(20, 2)).await.mark().await.unwrap();
    drop(first);
    let again = at(&dir);
    assert_eq!(again.keys().await, [key(1, 1)]);
    let staged = again.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 2)).await.unwrap();
    assert!(again.kept(key(1, 2)).await == Some(bytes(20, 2)));
}

#[tokio::test]
async fn what_is_dropped_unmarked_is_removed() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let staged = world.staged(&bytes(1_000_000, 1)).await;
    let staging = dir.path().join("staging");
    assert_eq!(names(&staging).len(), 1);
    drop(staged);
    eventually(async || names(&staging).is_empty()).await;
    // Not so with a mark, nor when it was resumed.
    let mark = world.staged(&bytes(5, 1)).await.mark().await.unwrap();
    drop(world.store.resume(&mark).await.unwrap());
    assert!(world.store.resume(&mark).await.is_ok());
}

#[test]
fn what_is_dropped_outside_of_a_runtime_is_removed_too() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let staged = runtime.block_on(world.store.stage()).unwrap();
    drop(staged);
    assert_eq!(names(&dir.path().join("staging")), [""; 0]);
}

#[tokio::test]
async fn what_is_set_aside_lies_where_a_person_finds_it() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    world.store.set_aside(key(1, 1)).await.unwrap();
    let path = dir.path().join("aside").join(key(1, 1).to_string());
    assert_eq!(fs::read(path).unwrap(), bytes(10, 1));
}

#[tokio::test]
async fn foreign_names_are_passed_over() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    let blobs = dir.path().join("blobs");
    // In a directory that is not its own, and what is no key at all.
    fs::write(blobs.join("01").join(key(2, 1).to_string()), "x").unwrap();
    fs::write(blobs.join("01/README"), "x").unwrap();
    fs::write(blobs.join("01").join(format!("{}.part", key(1, 2))), "x").unwrap();
    fs::create_dir(blobs.join("lost+found")).unwrap();
    assert_eq!(world.keys().await, [key(1, 1)]);
    let staging = dir.path().join("staging");
    fs::write(staging.join("notes.txt"), "x").unwrap();
    fs::create_dir(staging.join("67e55044-10b1-426f-9247-bb680e5fe0c8")).unwrap();
    assert_eq!(world.sweep_all().await, 0);
    assert_eq!(names(&staging).len(), 2);
}

#[tokio::test]
async fn many_keys_come_in_pages() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let mut all: Vec<BlobKey> = Vec::new();
    for first in [3, 7] {
        let fan = dir.path().join(format!("blobs/{first:02x}"));
        fs::create_dir(&fan).unwrap();
        for id in 1..=2_100 {
            all.push(key(first, id));
            fs::write(fan.join(key(first, id).to_string()), "").unwrap();
        }
    }
    all.sort_by_cached_key(ToString::to_string);
    assert_eq!(world.store.list(None).await.unwrap().len(), 4_096);
    assert_eq!(world.keys().await, all);
}

#[tokio::test]
async fn age_is_that_of_the_last_write() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let mark = world.staged(&bytes(5, 1)).await.mark().await.unwrap();
    let staging = dir.path().join("staging");
    let path = staging.join(&names(&staging)[0]);
    let long_ago = UNIX_EPOCH + Duration::from_secs(7_200);
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(long_ago).unwrap();
    let sweep = || world.store.sweep(from_now(-3_600), &[]);
    let mut staged = world.store.resume(&mark).await.unwrap();
    staged.write(bytes(5, 2)).await.unwrap();
    staged.settle().await.unwrap();
    drop(staged);
    assert_eq!(sweep().await, Ok(0));
    file.set_modified(long_ago).unwrap();
    assert_eq!(sweep().await, Ok(1));
}

#[rstest]
#[case::cut_off(Some(3))]
#[case::removed(None)]
#[tokio::test]
async fn marked_bytes_that_are_lost_are_missing(#[case] left: Option<u64>) {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let mark = world.staged(&bytes(5, 1)).await.mark().await.unwrap();
    let staging = dir.path().join("staging");
    let path = staging.join(&names(&staging)[0]);
    match left {
        Some(len) => fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(len)
            .unwrap(),
        None => fs::remove_file(path).unwrap(),
    }
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
}

#[tokio::test]
async fn one_place_has_one_writer() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let mut staged = world.staged(&bytes(5, 1)).await;
    let mark = staged.mark().await.unwrap();
    let second = world.store.resume(&mark).await;
    assert!(matches!(second.err(), Some(BlobError::Unavailable(_))));
    drop(staged);
    assert!(world.store.resume(&mark).await.is_ok());
}

#[tokio::test]
async fn a_place_kept_by_its_last_writer_is_not_written_again() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    for round in 1..=50 {
        let all = bytes(300_000, 1);
        let mut staged = world.staged(&all).await;
        let mark = staged.mark().await.unwrap();
        let key = key(1, round);
        // Given up while it may be being kept.
        tokio::select! {
            biased;
            done = staged.keep(key) => done.unwrap(),
            () = tokio::task::yield_now() => {}
        }
        match world.store.resume(&mark).await {
            Ok(mut staged) => {
                staged.write(bytes(10, 2)).await.unwrap();
                staged.settle().await.unwrap();
                assert_eq!(world.store.size(key).await, Ok(None));
            }
            Err(BlobError::Missing) => assert!(world.kept(key).await == Some(all)),
            // A slow disk, and it is being kept still.
            Err(BlobError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn no_mark_leads_out_of_the_directory() {
    let dir = TempDir::new().unwrap();
    let outside = dir.path().join("outside");
    fs::write(&outside, "x").unwrap();
    let world = at(&dir);
    let mark = StageMark::from_bytes(b"disk-1 ../outside 0".to_vec());
    assert_eq!(world.store.discard(&mark).await, Ok(()));
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
    assert!(outside.exists());
}

#[tokio::test]
async fn a_file_that_somebody_changed_is_not_kept() {
    for len in [0, 9, 11] {
        let dir = TempDir::new().unwrap();
        let world = at(&dir);
        let mut staged = world.staged(&bytes(10, 1)).await;
        staged.settle().await.unwrap();
        for entry in fs::read_dir(dir.path().join("staging")).unwrap() {
            let file = fs::File::options().write(true).open(entry.unwrap().path());
            file.unwrap().set_len(len).unwrap();
        }
        let kept = staged.keep(key(1, 1)).await;
        assert!(matches!(kept, Err(BlobError::Broken(_))), "{kept:?}");
        assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
    }
}
