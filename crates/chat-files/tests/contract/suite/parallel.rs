//! Many at once.

use std::sync::Arc;

use super::fresh;
use crate::harness::{CHUNK, bytes, key, write};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_bytes_may_be_kept_at_the_same_time() {
    for len in [10_000, 9 * MIB] {
        let world = Arc::new(fresh());
        let all = bytes(len, 1);
        let mut staged = Vec::new();
        for _ in 0..4 {
            staged.push(world.staged(&all).await);
        }
        let keeping: Vec<_> = staged
            .into_iter()
            .map(|one| tokio::spawn(one.keep(key(1, 1))))
            .collect();
        for one in keeping {
            one.await.unwrap().unwrap();
        }
        assert!(world.kept(key(1, 1)).await == Some(all));
        assert_eq!(world.sweep_all().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_write_and_read_do_not_meet() {
    let world = Arc::new(fresh());
    let tasks: Vec<_> = (0..12)
        .map(|n: u8| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let all = bytes(usize::from(n) * 150_000 + 1, u64::from(n));
                let mut staged = world.store.stage().await.unwrap();
                write(&mut *staged, &all, CHUNK).await.unwrap();
                // Few directories, so that several make the same one.
                let key = key(n % 3, i64::from(n) + 1);
                staged.keep(key).await.unwrap();
                for _ in 0..3 {
                    assert!(world.kept(key).await.as_ref() == Some(&all));
                }
                if n.is_multiple_of(2) {
                    world.store.delete(key).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(world.keys().await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_is_not_disturbed_by_whoever_brings_the_same_again() {
    let world = fresh();
    let all = bytes(2 * MIB, 1);
    world.keep(key(1, 1), &all).await;
    let mut reader = world.store.read(key(1, 1), 0..2 << 20).await.unwrap();
    let mut got = reader.next().await.unwrap().unwrap().to_vec();
    world.keep(key(1, 1), &all).await;
    while let Some(piece) = reader.next().await.unwrap() {
        got.extend_from_slice(&piece);
    }
    assert!(got == all);
}
