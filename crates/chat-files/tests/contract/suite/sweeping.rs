//! Staged places that nobody comes back to.

use chat_domain::ports::BlobError;
use rstest::rstest;

use super::fresh;
use crate::harness::{CHUNK, bytes, from_now, key, write};

const MIB: usize = 1 << 20;

#[rstest]
#[case::small(1_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn what_is_old_is_swept_unless_it_is_live(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 1);
    let live = world.staged(&all).await.mark().await.unwrap();
    let stale = world.staged(&all).await.mark().await.unwrap();
    let lives = [live.clone()];
    let sweep = |before, live| {
        let store = &world.store;
        async move { store.sweep(before, live).await.unwrap() }
    };
    assert_eq!(sweep(from_now(-3_600), &[][..]).await, 0, "too young");
    assert_eq!(sweep(from_now(3_600), &lives[..]).await, 1);
    assert_eq!(sweep(from_now(3_600), &lives[..]).await, 0);
    let resumed = world.store.resume(&stale).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
    let staged = world.store.resume(&live).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::small(1_000)]
#[case::large(20 * MIB)]
#[tokio::test]
async fn what_is_being_written_is_not_swept(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 1);
    let staged = world.staged(&all).await;
    assert_eq!(world.sweep_all().await, 0, "new");
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all.clone()));

    let mark = world.staged(&all).await.mark().await.unwrap();
    let mut staged = world.store.resume(&mark).await.unwrap();
    assert_eq!(world.sweep_all().await, 0, "gone on with");
    write(&mut *staged, &all, CHUNK).await.unwrap();
    let mark = staged.mark().await.unwrap();
    assert_eq!(world.sweep_all().await, 0, "marked");
    drop(staged);
    assert_eq!(world.sweep_all().await, 1, "left");
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
}

#[tokio::test]
async fn what_is_kept_is_not_swept() {
    let world = fresh();
    world.keep(key(1, 1), &bytes(10, 1)).await;
    world.keep(key(1, 2), &bytes(9 * MIB, 1)).await;
    world.keep(key(1, 3), &bytes(10, 1)).await;
    world.store.set_aside(key(1, 3)).await.unwrap();
    assert_eq!(world.sweep_all().await, 0);
    assert_eq!(world.keys().await, [key(1, 1), key(1, 2)]);
}

#[rstest]
#[case::beginning(i64::MIN)]
#[case::before_1970(-1)]
#[case::in_1970(0)]
#[tokio::test]
async fn nothing_is_older_than_that(#[case] before: i64) {
    let world = fresh();
    let _mark = world.staged(&bytes(10, 1)).await.mark().await.unwrap();
    let before = chat_domain::Timestamp::from_micros(before);
    assert_eq!(world.store.sweep(before, &[]).await, Ok(0));
}
