//! The store that a process finds in its environment.

use std::process::Command;
use std::sync::Arc;

use chat_files::S3Store;

use super::at;
use crate::harness::{World, bytes, key};
use crate::s3_server::{BUCKET, S3Server};

/// Says to this program, started once more, that it is the process with the environment.
const CHILD: &str = "CHAT_FILES_IS_CHILD";

#[tokio::test]
async fn it_is_the_one_that_is_named_there() {
    if std::env::var_os(CHILD).is_some() {
        let location = format!("s3://{BUCKET}/some/prefix").parse().unwrap();
        let store = S3Store::from_env(&location, false).unwrap();
        assert_eq!(store.check().await, Ok(()));
        let world = World::new(Arc::new(store), ());
        return world.keep(key(1, 1), &bytes(10, 1)).await;
    }
    let server = S3Server::start();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "s3::environment::it_is_the_one_that_is_named_there",
        ])
        .envs(server.environment())
        .env(CHILD, "yes")
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    assert!(at(&server).kept(key(1, 1)).await == Some(bytes(10, 1)));
}
