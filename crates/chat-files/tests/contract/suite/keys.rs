//! What is kept: which keys there are, and how they go.

use rstest::rstest;

use super::fresh;
use crate::harness::{bytes, key};

#[tokio::test]
async fn keys_come_in_the_order_of_their_texts() {
    let world = fresh();
    let mut keys = Vec::new();
    for (first, id) in [(2, 9), (2, 10), (0, 1), (255, 3), (16, 1), (1, 2), (2, 100)] {
        keys.push(key(first, id));
        world.keep(key(first, id), &bytes(1, 1)).await;
    }
    keys.sort_by_key(ToString::to_string);
    assert_eq!(world.keys().await, keys);
    for (at, after) in keys.iter().enumerate() {
        let rest = world.store.list(Some(*after)).await.unwrap();
        assert_eq!(rest, keys[at + 1..]);
    }
    // After what is not there, too.
    let rest = world.store.list(Some(key(2, 11))).await.unwrap();
    assert_eq!(rest, keys[4..]);
}

#[tokio::test]
async fn of_nothing_there_are_no_keys() {
    let world = fresh();
    assert_eq!(world.store.list(None).await, Ok(vec![]));
    assert_eq!(world.store.list(Some(key(1, 1))).await, Ok(vec![]));
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_may_be_deleted_again() {
    let world = fresh();
    world.keep(key(1, 1), &bytes(10, 1)).await;
    world.keep(key(1, 2), &bytes(10, 1)).await;
    for _ in 0..2 {
        assert_eq!(world.store.delete(key(1, 1)).await, Ok(()));
        assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
        assert_eq!(world.keys().await, [key(1, 2)]);
    }
    assert_eq!(world.store.delete(key(9, 9)).await, Ok(()));
}

#[tokio::test]
async fn what_is_set_aside_is_gone_and_may_be_brought_again() {
    let world = fresh();
    let all = bytes(10, 1);
    for _ in 0..2 {
        world.keep(key(1, 1), &all).await;
        assert_eq!(world.store.set_aside(key(1, 1)).await, Ok(()));
        assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
        assert_eq!(world.keys().await, []);
        assert_eq!(world.store.set_aside(key(1, 1)).await, Ok(()));
    }
    assert_eq!(world.store.set_aside(key(9, 9)).await, Ok(()));
    world.keep(key(1, 1), &all).await;
    assert!(world.kept(key(1, 1)).await == Some(all));
}

#[rstest]
#[case::id(key(1, 2))]
#[case::hash(key(2, 1))]
#[tokio::test]
async fn another_key_is_another_blob(#[case] other: chat_domain::BlobKey) {
    let world = fresh();
    let all = bytes(100, 1);
    world.keep(key(1, 1), &all).await;
    assert_eq!(world.store.size(other).await, Ok(None));
    world.keep(other, &all).await;
    world.store.delete(key(1, 1)).await.unwrap();
    assert!(world.kept(other).await == Some(all));
}
