//! The contract on S3, and what is true of S3 alone.

mod environment;
mod failing;
mod layout;
mod links;
#[path = "../suite/mod.rs"]
mod suite;

use std::path::Path;
use std::sync::Arc;

use chat_files::{S3Options, S3Store};

use crate::harness::World;
use crate::s3_server::{ACCESS_KEY_ID, BUCKET, S3Server, SECRET_ACCESS_KEY};

/// A store of its own.
fn fresh() -> World {
    let server = S3Server::start();
    World::new(Arc::new(store(&server)), server)
}

/// A store on this server.
fn at(server: &S3Server) -> World {
    World::new(Arc::new(store(server)), ())
}

fn store(server: &S3Server) -> S3Store {
    S3Store::open(&options(server)).unwrap()
}

fn options(server: &S3Server) -> S3Options {
    S3Options {
        location: format!("s3://{BUCKET}/some/prefix").parse().unwrap(),
        endpoint: server.endpoint(),
        region: "us-east-1".to_owned(),
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        links: false,
    }
}

/// The names of all objects under a prefix of ours, in order.
fn objects(server: &S3Server, under: &str) -> Vec<String> {
    fn walk(dir: &Path, name: &str, found: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return;
        };
        for entry in entries {
            let entry = entry.unwrap();
            let name = format!("{name}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &name, found);
            } else {
                found.push(name);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &server.bucket().join("some/prefix").join(under),
        under,
        &mut found,
    );
    found.sort();
    found
}
