//! Places that are left and found again.

use bytes::Bytes;
use chat_domain::StageMark;
use chat_domain::ports::BlobError;
use rstest::rstest;

use super::fresh;
use crate::harness::{CHUNK, World, bytes, key, write};

const MIB: usize = 1 << 20;

/// Goes on at the mark, and writes these bytes.
async fn go_on(world: &World, mark: &StageMark, rest: &Bytes) -> StageMark {
    let mut staged = world.store.resume(mark).await.unwrap();
    write(&mut *staged, rest, CHUNK).await.unwrap();
    let next = staged.mark().await.unwrap();
    assert!(next.as_bytes().len() <= 64 * 1024);
    next
}

#[rstest]
#[case::nothing_yet(0)]
#[case::one(1)]
#[case::small(100_000)]
#[case::less_than_a_part(8 * MIB - 1)]
#[case::a_part(8 * MIB)]
#[case::more_than_a_part(8 * MIB + 1)]
#[case::two_parts_and_some(17 * MIB)]
#[tokio::test]
async fn it_goes_on_where_it_was_marked(#[case] marked: usize) {
    let world = fresh();
    let all = bytes(marked + 3 * MIB, 1);
    let mut staged = world.staged(&all.slice(..marked)).await;
    let mark = staged.mark().await.unwrap();
    drop(staged);
    let mut staged = world.store.resume(&mark).await.unwrap();
    write(&mut *staged, &all.slice(marked..), CHUNK)
        .await
        .unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(world.sweep_all().await, 0, "nothing staged is left");
}

#[rstest]
#[case::small(1_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn marking_does_not_end_it(#[case] step: usize) {
    let world = fresh();
    let all = bytes(3 * step, 2);
    let mut staged = world.store.stage().await.unwrap();
    for from in [0, step, 2 * step] {
        let chunk = all.slice(from..from + step);
        write(&mut *staged, &chunk, CHUNK).await.unwrap();
        staged.mark().await.unwrap();
    }
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(world.sweep_all().await, 0);
}

#[rstest]
#[case::small(1_000, 500)]
#[case::over_a_part(MIB, 9 * MIB)]
#[case::after_a_part(9 * MIB, MIB)]
#[case::parts_after_parts(9 * MIB, 9 * MIB)]
#[tokio::test]
async fn what_was_written_after_the_mark_is_forgotten(#[case] before: usize, #[case] after: usize) {
    let world = fresh();
    let (all, other) = (bytes(before + 2 * after, 3), bytes(after, 4));
    let mut staged = world.staged(&all.slice(..before)).await;
    let mark = staged.mark().await.unwrap();
    write(&mut *staged, &other, CHUNK).await.unwrap();
    staged.settle().await.unwrap();
    drop(staged);
    let mut staged = world.store.resume(&mark).await.unwrap();
    write(&mut *staged, &all.slice(before..), CHUNK)
        .await
        .unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::small(1_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn a_later_mark_does_not_spoil_the_one_that_is_known(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 5);
    let mark = world.staged(&all).await.mark().await.unwrap();
    // Its mark never reached the database.
    go_on(&world, &mark, &bytes(2 * MIB, 6)).await;
    let staged = world.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::small(1_000, 5)]
#[case::large(3 * MIB, 6)]
#[tokio::test]
async fn it_can_be_resumed_again_and_again(#[case] step: usize, #[case] steps: usize) {
    let world = fresh();
    let all = bytes(step * steps, 7);
    let mut mark = world.store.stage().await.unwrap().mark().await.unwrap();
    for step in all.chunks(step) {
        // Once in vain, each time.
        drop(world.store.resume(&mark).await.unwrap());
        mark = go_on(&world, &mark, &Bytes::copy_from_slice(step)).await;
    }
    let staged = world.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(world.sweep_all().await, 0);
}

#[rstest]
#[case::small(1_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn after_it_was_kept_there_is_nothing_at_the_mark(#[case] len: usize) {
    let world = fresh();
    let mut staged = world.staged(&bytes(len, 8)).await;
    let mark = staged.mark().await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
    assert_eq!(world.store.discard(&mark).await, Ok(()));
    assert_eq!(world.store.size(key(1, 1)).await, Ok(Some(len as u64)));
}

#[rstest]
#[case::small(1_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn a_mark_can_be_discarded(#[case] len: usize) {
    let world = fresh();
    let mark = world.staged(&bytes(len, 9)).await.mark().await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.store.discard(&mark).await, Ok(()));
        let resumed = world.store.resume(&mark).await;
        assert_eq!(resumed.err(), Some(BlobError::Missing));
    }
    assert_eq!(world.sweep_all().await, 0);
}

#[rstest]
#[case::empty(b"")]
#[case::words(b"never mind")]
#[case::no_words(&[0xff; 40])]
#[tokio::test]
async fn what_is_no_mark_is_of_nothing_here(#[case] words: &[u8]) {
    let world = fresh();
    let mark = StageMark::from_bytes(words.to_vec());
    let resumed = world.store.resume(&mark).await;
    assert_eq!(resumed.err(), Some(BlobError::Missing));
    assert_eq!(world.store.discard(&mark).await, Ok(()));
    // The marks that it reads count beside it.
    let live = world.staged(&bytes(10, 1)).await.mark().await.unwrap();
    let _stale = world.staged(&bytes(10, 2)).await.mark().await.unwrap();
    let lives = [mark, live.clone()];
    let swept = world.store.sweep(crate::harness::from_now(3_600), &lives);
    assert_eq!(swept.await, Ok(1));
    assert!(world.store.resume(&live).await.is_ok());
}
