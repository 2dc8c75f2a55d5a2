//! A server that is gone, and one that does not know us.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_domain::ports::{BlobError, BlobResult};
use chat_files::{S3Options, S3Store};

use super::{at, objects, options, store};
use crate::harness::{CHUNK, World, bytes, from_now, key, write};
use crate::s3_server::S3Server;

const MIB: usize = 1 << 20;

/// Far more than it takes, and far less than it takes to lose patience.
const SOON: Duration = Duration::from_secs(15);

fn is_unavailable<T>(result: &BlobResult<T>) -> bool {
    matches!(result, Err(BlobError::Unavailable(_)))
}

#[tokio::test]
async fn a_server_that_is_gone_is_unavailable_soon() {
    let mut server = S3Server::start();
    let world = at(&server);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    let staged = world.staged(&bytes(10, 1)).await;
    let mark = world.staged(&bytes(10, 1)).await.mark().await.unwrap();
    server.stop();
    let begun = Instant::now();
    let store = &world.store;
    assert!(is_unavailable(&store.size(key(1, 1)).await));
    assert!(is_unavailable(&store.read(key(1, 1), 0..10).await));
    assert!(is_unavailable(&store.list(None).await));
    assert!(is_unavailable(&store.delete(key(1, 1)).await));
    assert!(is_unavailable(&store.set_aside(key(1, 1)).await));
    assert!(is_unavailable(&store.sweep(from_now(0), &[]).await));
    assert!(is_unavailable(&store.resume(&mark).await));
    assert!(is_unavailable(&store.discard(&mark).await));
    assert!(is_unavailable(&staged.keep(key(1, 2)).await));
    assert!(begun.elapsed() < 9 * SOON);
    server.start_again();
    assert!(world.kept(key(1, 1)).await == Some(bytes(10, 1)));
    let staged = store.resume(&mark).await.unwrap();
    staged.keep(key(1, 2)).await.unwrap();
    assert_eq!(world.keys().await, [key(1, 1), key(1, 2)]);
}

#[tokio::test]
async fn a_server_that_goes_during_an_upload_fails_it_as_of_its_mark() {
    let mut server = S3Server::start();
    let world = at(&server);
    let all = bytes(30 * MIB, 1);
    let mut staged = world.staged(&all.slice(..10 * MIB)).await;
    let mark = staged.mark().await.unwrap();
    server.stop();
    let written = write(&mut *staged, &all.slice(10 * MIB..), CHUNK).await;
    assert!(is_unavailable(&written));
    assert!(is_unavailable(&staged.settle().await), "it goes on to fail");
    assert!(is_unavailable(&staged.keep(key(1, 1)).await));
    server.start_again();
    assert_eq!(world.keys().await, []);
    let mut staged = world.store.resume(&mark).await.unwrap();
    let rest = all.slice(10 * MIB..);
    write(&mut *staged, &rest, CHUNK).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(all));
    assert_eq!(objects(&server, "staging"), [""; 0]);
}

#[tokio::test]
async fn a_server_that_goes_during_a_download_fails_it() {
    let mut server = S3Server::start();
    let world = at(&server);
    world.keep(key(1, 1), &bytes(24 * MIB, 1)).await;
    let mut reader = world.store.read(key(1, 1), 0..24 << 20).await.unwrap();
    assert!(reader.next().await.unwrap().is_some());
    server.stop();
    let error = loop {
        match reader.next().await {
            Ok(piece) => assert!(piece.is_some(), "it was not all of it"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, BlobError::Unavailable(_)), "{error}");
    assert_eq!(reader.next().await, Err(error));
}

#[tokio::test]
async fn wrong_credentials_are_unavailable() {
    let server = S3Server::start();
    at(&server).keep(key(1, 1), &bytes(10, 1)).await;
    for (id, secret) in [("chat", "wrong"), ("wrong", "a key for tests")] {
        let options = S3Options {
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            ..options(&server)
        };
        let world = World::new(Arc::new(S3Store::open(&options).unwrap()), ());
        assert!(is_unavailable(&world.store.size(key(1, 1)).await));
        assert!(is_unavailable(&world.store.read(key(1, 1), 0..10).await));
        let staged = world.staged(&bytes(10, 1)).await;
        assert!(is_unavailable(&staged.keep(key(1, 2)).await));
    }
}

#[tokio::test]
async fn a_bucket_is_checked() {
    let mut server = S3Server::start();
    assert_eq!(store(&server).check().await, Ok(()));
    let other = S3Options {
        location: "s3://another-bucket/some/prefix".parse().unwrap(),
        ..options(&server)
    };
    let other = S3Store::open(&other).unwrap();
    assert!(is_unavailable(&other.check().await));
    server.stop();
    match store(&server).check().await {
        Err(BlobError::Unavailable(why)) => assert!(why.contains("refused"), "{why}"),
        other => panic!("{other:?}"),
    }
}
