//! The contract on a disk, and what is true of a disk alone.

mod failing;
mod layout;
#[path = "../suite/mod.rs"]
mod suite;

use std::path::Path;
use std::sync::Arc;

use chat_files::DiskStore;
use tempfile::TempDir;

use crate::harness::World;

/// A store of its own.
fn fresh() -> World {
    let dir = TempDir::new().unwrap();
    let store = DiskStore::open(dir.path()).unwrap();
    World::new(Arc::new(store), dir)
}

/// A store in this directory, which is not removed with it.
fn at(dir: &TempDir) -> World {
    World::new(Arc::new(DiskStore::open(dir.path()).unwrap()), ())
}

/// The names in a directory, in order.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}
