//! Ranges of what is kept.

use std::ops::Range;

use chat_domain::ports::BlobError;
use rstest::rstest;

use super::fresh;
use crate::harness::{bytes, key};

const LEN: usize = 1_500_000;
const END: u64 = LEN as u64;
const PIECE: u64 = 256 * 1024;

#[rstest]
#[case::all(0..END)]
#[case::first(0..1)]
#[case::last(END - 1..END)]
#[case::inside(1..END - 1)]
#[case::a_piece(0..PIECE)]
#[case::around_a_piece(PIECE - 1..PIECE + 1)]
#[case::from_a_piece_on(PIECE..END)]
#[case::a_piece_and_one(7..PIECE + 8)]
#[case::nothing(5..5)]
#[case::nothing_at_the_end(END..END)]
#[tokio::test]
async fn a_range_is_those_bytes(#[case] range: Range<u64>) {
    let world = fresh();
    let all = bytes(LEN, 1);
    world.keep(key(1, 1), &all).await;
    let inner = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
    assert!(world.range(key(1, 1), range).await.unwrap() == all[inner]);
}

#[rstest]
#[case::beyond(0..END + 1)]
#[case::across(END - 5..END + 5)]
#[case::outside(END + 1..END + 2)]
#[case::far_outside(0..END + 5 * PIECE)]
#[tokio::test]
async fn fewer_bytes_than_asked_for_are_an_error(#[case] range: Range<u64>) {
    let world = fresh();
    world.keep(key(1, 1), &bytes(LEN, 2)).await;
    let read = world.range(key(1, 1), range).await;
    assert!(matches!(read, Err(BlobError::Broken(_))), "{read:?}");
}

#[tokio::test]
async fn an_error_is_not_taken_for_the_end() {
    let world = fresh();
    world.keep(key(1, 1), &bytes(LEN, 3)).await;
    let Ok(mut reader) = world.store.read(key(1, 1), 0..END + 1).await else {
        return;
    };
    let error = loop {
        match reader.next().await {
            Ok(piece) => assert!(piece.is_some(), "it has ended"),
            Err(error) => break error,
        }
    };
    assert_eq!(reader.next().await, Err(error));
}

#[tokio::test]
async fn what_is_missing_can_not_be_read() {
    let world = fresh();
    let read = world.range(key(1, 1), 0..1).await;
    assert_eq!(read, Err(BlobError::Missing));
}

#[tokio::test]
async fn a_piece_that_nobody_waited_for_is_not_lost() {
    let world = fresh();
    let all = bytes(LEN, 4);
    world.keep(key(1, 1), &all).await;
    let mut reader = world.store.read(key(1, 1), 0..END).await.unwrap();
    let mut got = Vec::new();
    loop {
        // Polled once at most, and given up; then waited for.
        let early = tokio::select! {
            biased;
            piece = reader.next() => Some(piece.unwrap()),
            () = std::future::ready(()) => None,
        };
        let piece = match early {
            Some(piece) => piece,
            None => reader.next().await.unwrap(),
        };
        match piece {
            Some(piece) => got.extend_from_slice(&piece),
            None => break,
        }
    }
    assert!(got == all);
}
