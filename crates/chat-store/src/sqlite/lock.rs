//! The lock that keeps a second process away from the database.
//!
//! SQLite itself lets several processes write in turns. Two stores on one file would still be wrong:
//! each believes that it alone decides the order of commits.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::OpenError;

/// Held as long as it lives. Its file stays: a removed one could be locked twice.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock of the database at `path`, at once or not at all.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let beside = lock_path(&real(path));
        let unwritable = |reason: std::io::Error| match reason.kind() {
            ErrorKind::NotFound => OpenError::NoDirectory {
                path: path.to_path_buf(),
            },
            _ => OpenError::Unwritable {
                path: path.to_path_buf(),
                reason: reason.to_string(),
            },
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&beside)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
                path: path.to_path_buf(),
            }),
            Err(TryLockError::Error(error)) => Err(unwritable(error)),
        }
    }
}

/// The path without links, so that two names of one database have one lock. Of a database that is yet
/// to be made only the directory can be followed.
fn real(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let in_real_parent = || {
        let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(parent.join(path.file_name()?))
    };
    path.canonicalize()
        .ok()
        .or_else(in_real_parent)
        .unwrap_or_else(|| path.to_path_buf())
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}
