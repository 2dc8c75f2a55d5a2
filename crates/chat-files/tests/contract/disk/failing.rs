//! Disks that are full, and directories that are not what they should be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chat_domain::ports::{BlobError, BlobResult};
use chat_files::DiskStore;
use tempfile::TempDir;

use super::{at, names};
use crate::harness::{CHUNK, World, bytes, key, write};

fn is_unavailable<T>(result: &BlobResult<T>) -> bool {
    matches!(result, Err(BlobError::Unavailable(_)))
}

#[tokio::test]
async fn a_file_in_place_of_a_directory_is_told_and_may_pass() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let fan = dir.path().join("blobs/01");
    fs::write(&fan, "in the way").unwrap();
    let mut staged = world.staged(&bytes(10, 1)).await;
    let mark = staged.mark().await.unwrap();
    assert!(is_unavailable(&staged.keep(key(1, 1)).await));
    assert!(is_unavailable(&world.store.size(key(1, 1)).await));
    assert!(is_unavailable(&world.store.list(None).await));
    // With its mark it is there still, to be tried again.
    fs::remove_file(&fan).unwrap();
    let staged = world.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 1)).await.unwrap();
    assert!(world.kept(key(1, 1)).await == Some(bytes(10, 1)));
}

#[tokio::test]
async fn a_directory_that_was_tidied_up_is_made_again() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    world.store.delete(key(1, 1)).await.unwrap();
    fs::remove_dir(dir.path().join("blobs/01")).unwrap();
    let staged = world.staged(&bytes(10, 1)).await;
    assert!(is_unavailable(&staged.keep(key(1, 1)).await));
    world.keep(key(1, 1), &bytes(10, 1)).await;
    assert_eq!(world.keys().await, [key(1, 1)]);
}

/// Says to this program, started once more, that it may open few files, and where.
#[cfg(unix)]
const FEW_FILES: &str = "CHAT_FILES_MAY_OPEN_FEW";

/// A file that a disk does not take is not seen under its key either, and can be kept later.
#[cfg(unix)]
#[tokio::test]
async fn without_a_handle_for_the_directory_nothing_is_renamed() {
    if let Some(dir) = std::env::var_os(FEW_FILES) {
        return keeps_with_few_files(Path::new(&dir)).await;
    }
    let dir = TempDir::new().unwrap();
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "disk::failing::without_a_handle_for_the_directory_nothing_is_renamed",
        ])
        .env(FEW_FILES, dir.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    assert_eq!(names(&dir.path().join("blobs/01")).len(), 2);
}

#[cfg(unix)]
async fn keeps_with_few_files(dir: &Path) {
    let world = World::new(Arc::new(DiskStore::open(dir).unwrap()), ());
    // So that the directory is there.
    world.keep(key(1, 1), &bytes(10, 1)).await;
    let mut staged = world.staged(&bytes(10, 2)).await;
    let mark = staged.mark().await.unwrap();
    let all_that_may = || std::iter::from_fn(|| fs::File::open("/dev/null").ok());
    let mut open: Vec<fs::File> = all_that_may().collect();
    assert!(is_unavailable(&staged.keep(key(1, 2)).await));
    assert_eq!(world.store.size(key(1, 2)).await, Ok(None));
    // The stage had one open.
    open.extend(all_that_may());
    // Nor is it said of what is there that it is durable.
    assert_eq!(world.store.size(key(1, 1)).await, Ok(Some(10)));
    assert!(is_unavailable(&world.store.confirm(key(1, 1)).await));
    drop(open);
    assert_eq!(world.store.confirm(key(1, 1)).await, Ok(Some(10)));
    let staged = world.store.resume(&mark).await.unwrap();
    staged.keep(key(1, 2)).await.unwrap();
    assert!(world.kept(key(1, 2)).await == Some(bytes(10, 2)));
}

#[tokio::test]
async fn without_its_directories_nothing_is_taken() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    for name in ["blobs", "staging"] {
        fs::remove_dir_all(dir.path().join(name)).unwrap();
    }
    assert!(is_unavailable(&world.store.stage().await));
    assert!(is_unavailable(
        &world.store.sweep(crate::harness::from_now(0), &[]).await
    ));
    assert_eq!(world.store.size(key(1, 1)).await, Ok(None));
}

#[test]
fn a_file_can_not_be_opened_as_a_store() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "").unwrap();
    assert!(DiskStore::open(&path).is_err());
    assert!(DiskStore::open(path.join("below")).is_err());
}

#[tokio::test]
async fn a_directory_in_place_of_a_blob_is_no_blob() {
    let dir = TempDir::new().unwrap();
    let world = at(&dir);
    let path = dir.path().join("blobs/01").join(key(1, 1).to_string());
    fs::create_dir_all(path).unwrap();
    let size = world.store.size(key(1, 1)).await;
    assert!(matches!(size, Err(BlobError::Broken(_))));
}

/// A disk of 1 MiB, if this machine lets us have one.
struct TinyDisk(PathBuf);

impl TinyDisk {
    fn mount(dir: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(dir)
            .output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        mounted.then(|| Self(dir.to_owned()))
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_nothing_half_done_is_left() {
    let dir = TempDir::new().unwrap();
    let Some(_disk) = TinyDisk::mount(dir.path()) else {
        eprintln!("skipped: a small disk can't be mounted here");
        return;
    };
    let world = at(&dir);
    world.keep(key(1, 1), &bytes(1_000, 1)).await;
    let mut staged = world.store.stage().await.unwrap();
    let all = bytes(2 << 20, 2);
    let written = write(&mut *staged, &all, CHUNK).await;
    let settled = staged.settle().await;
    assert!(written.is_err() || settled.is_err());
    assert!(is_unavailable(&settled), "it goes on to fail");
    assert!(is_unavailable(&staged.mark().await));
    assert!(is_unavailable(&staged.keep(key(1, 2)).await));
    assert_eq!(world.store.size(key(1, 2)).await, Ok(None));
    assert_eq!(world.keys().await, [key(1, 1)]);
    let staging = dir.path().join("staging");
    crate::harness::eventually(async || names(&staging).is_empty()).await;
    // There is room again.
    world.keep(key(1, 2), &bytes(100_000, 3)).await;
    assert!(world.kept(key(1, 2)).await == Some(bytes(100_000, 3)));
}
