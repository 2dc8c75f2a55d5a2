//! What lies where, and what is sent for it.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use chat_domain::ports::BlobError;

use super::{at, objects};
use crate::harness::{CHUNK, bytes, eventually, from_now, key, write};
use crate::s3_server::S3Server;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn a_blob_lies_under_its_first_digits() {
    let server = S3Server::start();
    let world = at(&server);
    world.keep(key(0x0f, 3), &bytes(10, 1)).await;
    world.keep(key(0xf0, 3), &bytes(9 * MIB, 1)).await;
    let blobs = [key(0x0f, 3), key(0xf0, 3)];
    let blobs = blobs.map(|key| format!("blobs/{}/{key}", &key.to_string()[..2]));
    assert_eq!(objects(&server, "blobs"), blobs);
    assert_eq!(objects(&server, "staging"), [""; 0]);
    world.store.set_aside(key(0x0f, 3)).await.unwrap();
    let aside = format!("aside/{}", key(0x0f, 3));
    assert_eq!(objects(&server, "aside"), [aside]);
}

#[tokio::test]
async fn what_is_short_waits_in_memory() {
    let server = S3Server::start();
    let world = at(&server);
    let mut staged = world.staged(&bytes(8 * MIB, 1)).await;
    staged.settle().await.unwrap();
    assert_eq!((server.open_uploads(), objects(&server, "").len()), (0, 0));
    staged.keep(key(1, 1)).await.unwrap();
    assert_eq!(objects(&server, "").len(), 1);
}

#[tokio::test]
async fn what_is_long_is_written_down_and_sent_in_parts() {
    let server = S3Server::start();
    let world = at(&server);
    let mut staged = world.staged(&bytes(20 * MIB, 1)).await;
    staged.settle().await.unwrap();
    assert_eq!((server.open_uploads(), server.open_parts()), (1, 3));
    let staging = objects(&server, "staging");
    assert_eq!(staging.len(), 1);
    assert!(staging[0].contains("/upload-"));
    staged.keep(key(1, 1)).await.unwrap();
    assert_eq!((server.open_uploads(), server.open_parts()), (0, 0));
}

#[tokio::test]
async fn what_is_dropped_unmarked_is_aborted() {
    let server = S3Server::start();
    let world = at(&server);
    drop(world.staged(&bytes(20 * MIB, 1)).await);
    eventually(async || server.open_uploads() == 0 && objects(&server, "").is_empty()).await;
    // Not so with a mark.
    let mark = world
        .staged(&bytes(20 * MIB, 1))
        .await
        .mark()
        .await
        .unwrap();
    assert!(world.store.resume(&mark).await.is_ok());
    world.store.discard(&mark).await.unwrap();
    assert_eq!((server.open_uploads(), server.open_parts()), (0, 0));
}

#[tokio::test]
async fn a_sweep_aborts_what_was_written_down() {
    let server = S3Server::start();
    let world = at(&server);
    let staged = world.staged(&bytes(20 * MIB, 1)).await;
    // As if the process had died.
    std::mem::forget(staged);
    assert_eq!(server.open_uploads(), 1);
    let after = at(&server);
    assert_eq!(after.store.sweep(from_now(-60), &[]).await, Ok(0));
    assert_eq!(after.sweep_all().await, 1);
    assert_eq!(server.open_uploads(), 0);
    assert_eq!(objects(&server, ""), [""; 0]);
}

#[tokio::test]
async fn of_two_who_write_one_stage_the_last_leaves_it_to_be_swept() {
    let server = S3Server::start();
    let world = at(&server);
    let all = bytes(9 * MIB, 1);
    let mut first = world.staged(&all).await;
    let mark = first.mark().await.unwrap();
    let second = world.store.resume(&mark).await.unwrap();
    drop(first);
    assert_eq!(world.sweep_all().await, 0);
    drop(second);
    assert_eq!(world.sweep_all().await, 1);
}

/// Both go on at one mark, on two nodes, with the same bytes: parts have numbers, and at one number both
/// have the same bytes.
#[tokio::test]
async fn what_one_who_was_overtaken_still_sends_changes_nothing() {
    let server = S3Server::start();
    let (world, other) = (at(&server), at(&server));
    let all = bytes(30 * MIB, 1);
    let mark = world
        .staged(&all.slice(..9 * MIB))
        .await
        .mark()
        .await
        .unwrap();
    let mut first = world.store.resume(&mark).await.unwrap();
    let mut second = other.store.resume(&mark).await.unwrap();
    first.write(all.slice(9 * MIB..12 * MIB)).await.unwrap();
    second.write(all.slice(9 * MIB..28 * MIB)).await.unwrap();
    let noted = second.mark().await.unwrap();
    // Its parts come after those of the other, and so does its mark, which nobody notes.
    first.write(all.slice(12 * MIB..26 * MIB)).await.unwrap();
    first.mark().await.unwrap();
    drop(second);
    let mut second = other.store.resume(&noted).await.unwrap();
    second.write(all.slice(28 * MIB..)).await.unwrap();
    first.write(all.slice(26 * MIB..27 * MIB)).await.unwrap();
    drop(first);
    second.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!((server.open_uploads(), server.open_parts()), (0, 0));
}

#[tokio::test]
async fn what_comes_slowly_is_written_down_anew() {
    let server = S3Server::start();
    let world = at(&server);
    let mut staged = world.staged(&bytes(9 * MIB, 1)).await;
    let journal = objects(&server, "staging").remove(0);
    let journal = server.bucket().join("some/prefix").join(journal);
    let age = || {
        let journal = fs::File::options().write(true).open(&journal).unwrap();
        let long_ago = UNIX_EPOCH + Duration::from_secs(7_200);
        journal.set_modified(long_ago).unwrap();
    };
    // Another node knows of it by that alone.
    let young = || async { at(&server).store.sweep(from_now(-3_600), &[]).await == Ok(0) };
    for minutes in [2, 2] {
        age();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(60 * minutes)).await;
        tokio::time::resume();
        staged.write(bytes(10, 2)).await.unwrap();
        assert!(young().await);
    }
    staged.keep(key(1, 1)).await.unwrap();
    assert_eq!(
        world.store.size(key(1, 1)).await,
        Ok(Some(9 * MIB as u64 + 20))
    );
}

#[tokio::test]
async fn few_tails_are_kept_of_many_marks() {
    let server = S3Server::start();
    let world = at(&server);
    let all = bytes(10_000, 1);
    let mut mark = world.store.stage().await.unwrap().mark().await.unwrap();
    for step in all.chunks(1_000) {
        let mut staged = world.store.resume(&mark).await.unwrap();
        staged.write(step.to_vec().into()).await.unwrap();
        mark = staged.mark().await.unwrap();
        assert!(objects(&server, "staging").len() <= 3);
    }
    let staged = world.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[tokio::test]
async fn a_lost_tail_is_missing() {
    let server = S3Server::start();
    let world = at(&server);
    let mark = world.staged(&bytes(10, 1)).await.mark().await.unwrap();
    for object in objects(&server, "staging") {
        fs::remove_file(server.bucket().join("some/prefix").join(object)).unwrap();
    }
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
}

#[tokio::test]
async fn foreign_names_are_passed_over() {
    let server = S3Server::start();
    let world = at(&server);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    let prefix = server.bucket().join("some/prefix");
    fs::write(prefix.join("blobs/01").join(key(2, 1).to_string()), "x").unwrap();
    fs::write(prefix.join("blobs/01/README"), "x").unwrap();
    fs::write(prefix.join("blobs/README"), "x").unwrap();
    fs::create_dir_all(prefix.join("staging/notes")).unwrap();
    fs::write(prefix.join("staging/notes/upload-1"), "x").unwrap();
    assert_eq!(world.keys().await, [key(1, 1)]);
    assert_eq!(world.sweep_all().await, 0);
    assert!(prefix.join("staging/notes/upload-1").exists());
}

#[tokio::test]
async fn many_keys_come_in_pages() {
    let server = S3Server::start();
    let world = at(&server);
    let mut all = Vec::new();
    for first in [3, 7] {
        let fan = format!("some/prefix/blobs/{first:02x}");
        let fan = server.bucket().join(fan);
        fs::create_dir_all(&fan).unwrap();
        for id in 1..=750 {
            all.push(key(first, id));
            fs::write(fan.join(key(first, id).to_string()), "").unwrap();
        }
    }
    all.sort_by_cached_key(ToString::to_string);
    assert_eq!(world.store.list(None).await.unwrap(), all[..1_000]);
    assert_eq!(world.keys().await, all);
}

/// A blob that was completed but did not come to its key: its mark, and the server in its way.
async fn completed_but_not_kept(len: usize, marked: usize) {
    let server = S3Server::start();
    let world = at(&server);
    let all = bytes(len, 1);
    let mut staged = world.staged(&all.slice(..marked)).await;
    let mark = staged.mark().await.unwrap();
    write(&mut *staged, &all.slice(marked..), CHUNK)
        .await
        .unwrap();
    // Nothing can be copied to where a directory is.
    let obstacle = server.bucket().join("some/prefix/blobs/01");
    let obstacle = obstacle.join(key(1, 1).to_string());
    fs::create_dir_all(&obstacle).unwrap();
    let kept = staged.keep(key(1, 1)).await;
    assert!(matches!(kept, Err(BlobError::Unavailable(_))), "{kept:?}");
    assert_eq!(server.open_uploads(), 0, "it was completed");
    fs::remove_dir(&obstacle).unwrap();
    for _ in 0..2 {
        // Given up once, and marked anew the second time.
        drop(world.store.resume(&mark).await.unwrap());
    }
    let mut staged = world.store.resume(&mark).await.unwrap();
    let mark = staged.mark().await.unwrap();
    drop(staged);
    let mut staged = world.store.resume(&mark).await.unwrap();
    write(&mut *staged, &all.slice(marked..), CHUNK)
        .await
        .unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(objects(&server, "staging"), [""; 0]);
    assert_eq!(server.open_uploads(), 0);
}

#[tokio::test]
async fn what_was_completed_but_not_kept_can_be_resumed() {
    completed_but_not_kept(9 * MIB, 9 * MIB).await;
    completed_but_not_kept(10 * MIB, 9 * MIB).await;
    completed_but_not_kept(9 * MIB, 10).await;
}

#[tokio::test]
async fn what_somebody_else_completed_can_be_resumed() {
    let server = S3Server::start();
    let world = at(&server);
    let all = bytes(18 * MIB, 1);
    let mut first = world.staged(&all.slice(..9 * MIB)).await;
    let mark = first.mark().await.unwrap();
    let mut second = world.store.resume(&mark).await.unwrap();
    let obstacle = server.bucket().join("some/prefix/blobs/01");
    let obstacle = obstacle.join(key(1, 1).to_string());
    fs::create_dir_all(&obstacle).unwrap();
    assert!(first.keep(key(1, 1)).await.is_err());
    let rest = all.slice(9 * MIB..);
    let written = write(&mut *second, &rest, CHUNK).await;
    let settled = written.and(second.settle().await);
    assert!(matches!(settled, Err(BlobError::Unavailable(_))));
    drop(second);
    let mut third = world.store.resume(&mark).await.unwrap();
    write(&mut *third, &rest, CHUNK).await.unwrap();
    third.keep(key(1, 2)).await.unwrap();
    assert!(world.kept(key(1, 2)).await == Some(all));
}
