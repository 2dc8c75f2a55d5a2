//! Bytes that come in and are kept, or not.

use bytes::Bytes;
use chat_domain::ports::BlobError;
use rstest::rstest;

use super::fresh;
use crate::harness::{CHUNK, bytes, key, write};

const MIB: usize = 1 << 20;

#[rstest]
#[case::none(0)]
#[case::one(1)]
#[case::less_than_a_piece(256 * 1024 - 1)]
#[case::a_piece(256 * 1024)]
#[case::more_than_a_piece(256 * 1024 + 1)]
#[case::less_than_a_part(8 * MIB - 1)]
#[case::a_part(8 * MIB)]
#[case::more_than_a_part(8 * MIB + 1)]
#[case::two_parts(16 * MIB)]
#[case::many(20 * MIB)]
#[tokio::test]
async fn what_was_written_is_kept(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 1);
    world.keep(key(1, 1), &all).await;
    assert_eq!(
        world.store.size(key(1, 1)).await,
        Ok(Some(len as u64)),
        "its size"
    );
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(world.sweep_all().await, 0, "nothing staged is left");
}

#[rstest]
#[case::bytes(5_000, 1)]
#[case::odd(3 * MIB, 100_003)]
#[case::pieces(3 * MIB, 256 * 1024)]
#[case::more_than_pieces(3 * MIB, 256 * 1024 + 1)]
#[case::at_once(3 * MIB, 3 * MIB)]
#[case::parts_at_once(17 * MIB, 17 * MIB)]
#[tokio::test]
async fn it_does_not_matter_in_what_chunks(#[case] len: usize, #[case] chunk: usize) {
    let world = fresh();
    let all = bytes(len, 2);
    let mut staged = world.store.stage().await.unwrap();
    staged.write(Bytes::new()).await.unwrap();
    write(&mut *staged, &all, chunk).await.unwrap();
    staged.write(Bytes::new()).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::small(100)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn settling_changes_nothing(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 3);
    let mut staged = world.store.stage().await.unwrap();
    staged.settle().await.unwrap();
    for chunk in all.chunks(CHUNK * 40) {
        staged.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        staged.settle().await.unwrap();
    }
    staged.settle().await.unwrap();
    assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::small(100)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn nothing_is_seen_before_it_is_kept(#[case] len: usize) {
    let world = fresh();
    let mut staged = world.staged(&bytes(len, 4)).await;
    staged.mark().await.unwrap();
    assert_eq!(world.keys().await, []);
    assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
    staged.keep(key(1, 1)).await.unwrap();
    assert_eq!(world.keys().await, [key(1, 1)]);
}

#[rstest]
#[case::small(70_000)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn what_is_there_already_may_be_brought_again(#[case] len: usize) {
    let world = fresh();
    let all = bytes(len, 5);
    for _ in 0..2 {
        world.keep(key(1, 1), &all).await;
        assert!(world.kept(key(1, 1)).await.as_ref() == Some(&all));
    }
    assert_eq!(world.keys().await, [key(1, 1)]);
    assert_eq!(world.sweep_all().await, 0);
}

#[rstest]
#[case::small(100)]
#[case::large(9 * MIB)]
#[tokio::test]
async fn what_is_discarded_is_gone(#[case] len: usize) {
    let world = fresh();
    let mut staged = world.staged(&bytes(len, 6)).await;
    staged.mark().await.unwrap();
    staged.discard().await.unwrap();
    world.staged(&bytes(len, 7)).await.discard().await.unwrap();
    assert_eq!(world.sweep_all().await, 0);
    assert_eq!(world.keys().await, []);
}

#[rstest]
#[case::within_a_part(2 * MIB, MIB)]
#[case::across_parts(8 * MIB - 10, MIB)]
#[case::over_parts(8 * MIB - 10, 17 * MIB)]
#[tokio::test]
async fn a_write_that_nobody_waited_for_is_in_it_or_not(#[case] first: usize, #[case] more: usize) {
    let world = fresh();
    let (first, more) = (bytes(first, 8), bytes(more, 9));
    let mut staged = world.staged(&first).await;
    // Polled once, and given up if that was not enough.
    let given_up = tokio::select! {
        biased;
        done = staged.write(more.clone()) => { done.unwrap(); false }
        () = std::future::ready(()) => true,
    };
    staged.write(more.clone()).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    let kept = world.kept(key(1, 1)).await.unwrap();
    let once = [&first[..], &more[..]].concat();
    let twice = [&once[..], &more[..]].concat();
    assert!(kept == twice || given_up && kept == once);
}

#[tokio::test]
async fn what_was_discarded_can_not_be_kept() {
    let world = fresh();
    let mut staged = world.staged(&bytes(9 * MIB, 10)).await;
    let mark = staged.mark().await.unwrap();
    assert_eq!(world.store.discard(&mark).await, Ok(()));
    assert_eq!(staged.keep(key(1, 1)).await, Err(BlobError::Missing));
    assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
}
