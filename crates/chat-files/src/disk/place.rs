//! The directories of a store, and which of their names are known to be durable.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, DirEntry, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_domain::ports::{BlobError, BlobResult};
use chat_domain::{BlobKey, Timestamp};
use uuid::Uuid;

use super::fault::{gone_is_fine, unavailable};
use crate::names;

/// Where everything lies.
#[derive(Debug)]
pub(super) struct Place {
    blobs: PathBuf,
    staging: PathBuf,
    aside: PathBuf,
    /// For each first byte of a hash, whether the name of its directory is known to be durable. That
    /// the directory is there says less: another upload may have made it just now, and may not have
    /// come to sync it.
    named: [AtomicBool; 256],
    /// Held for as long as this is. None where there is none and this user can make none, as where a check
    /// only reads.
    _lock: Option<File>,
}

/// With whom a place is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Company {
    /// With others of whom each knows what it does there.
    Shared,
    /// With nobody.
    Alone,
}

impl Place {
    /// Makes what is missing of the directories, and everything durable that can be seen in them: a
    /// process that was killed may have renamed something without syncing it.
    pub(super) fn open(dir: &Path, company: Company) -> io::Result<Self> {
        let dir = std::path::absolute(dir)?;
        create_directory(&dir)?;
        let place = Self {
            _lock: lock(&dir.join("lock"), company)?,
            blobs: dir.join("blobs"),
            staging: dir.join("staging"),
            aside: dir.join("aside"),
            named: [const { AtomicBool::new(false) }; 256],
        };
        create_directory(&place.blobs)?;
        create_directory(&place.staging)?;
        sync_directory(&dir)?;
        for (byte, named) in (0..=u8::MAX).zip(&place.named) {
            match sync_directory(&place.fan(byte)) {
                Ok(()) => named.store(true, Ordering::Relaxed),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        sync_directory(&place.blobs)?;
        Ok(place)
    }

    /// Where everything is that is kept.
    pub(super) fn blobs(&self) -> &Path {
        &self.blobs
    }

    /// Where everything is that is on its way.
    pub(super) fn staging(&self) -> &Path {
        &self.staging
    }

    /// The staged file of this name.
    pub(super) fn staging_file(&self, name: Uuid) -> PathBuf {
        self.staging.join(name.to_string())
    }

    /// The file of what is kept under this key.
    pub(super) fn blob(&self, key: BlobKey) -> PathBuf {
        self.blob_dir(key).join(key.to_string())
    }

    /// The directory of that file: one of 256, so that none grows too long.
    pub(super) fn blob_dir(&self, key: BlobKey) -> PathBuf {
        self.fan(first_byte(key))
    }

    fn fan(&self, byte: u8) -> PathBuf {
        self.blobs.join(format!("{byte:02x}"))
    }

    /// Gives this staged file, whose bytes are synced, the name of the key, and waits until the disk
    /// has that name.
    ///
    /// # Errors
    /// `Missing` if the file is gone.
    pub(super) fn keep(&self, staged: &Path, key: BlobKey) -> BlobResult<()> {
        let (dir, path) = (self.blob_dir(key), self.blob(key));
        self.name_directory(first_byte(key), &dir)
            .map_err(unavailable(&dir))?;
        // Opened first: what can be seen under its key should be as durable as it looks.
        let renamed = Directory::open(&dir).and_then(|names| {
            fs::rename(staged, &path)?;
            Ok(names)
        });
        let names = match renamed {
            Ok(names) => names,
            Err(error) => {
                if error.kind() == ErrorKind::NotFound {
                    if matches!(staged.try_exists(), Ok(false)) {
                        return Err(BlobError::Missing);
                    }
                    // Somebody tidied up the directory: next time it is made again.
                    self.named[usize::from(first_byte(key))].store(false, Ordering::Relaxed);
                }
                return Err(unavailable(&path)(error));
            }
        };
        names.sync().map_err(unavailable(&dir))
    }

    /// How many bytes are kept under the key; none if nothing is.
    pub(super) fn size(&self, key: BlobKey) -> BlobResult<Option<u64>> {
        let path = self.blob(key);
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(BlobError::Broken(format!("{} is no file", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(&path)(error)),
        }
    }

    /// The same, once the disk has the name of what is there. Its bytes were synced before it got that.
    pub(super) fn confirm(&self, key: BlobKey) -> BlobResult<Option<u64>> {
        let found = self.size(key)?;
        if found.is_some() {
            let dir = self.blob_dir(key);
            sync_directory(&dir).map_err(unavailable(&dir))?;
        }
        Ok(found)
    }

    /// Makes the directory, unless its name is durable already.
    fn name_directory(&self, byte: u8, dir: &Path) -> io::Result<()> {
        let named = &self.named[usize::from(byte)];
        if named.load(Ordering::Relaxed) {
            return Ok(());
        }
        create_one(dir)?;
        sync_directory(&self.blobs)?;
        named.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Moves what is kept under the key out of the way.
    pub(super) fn set_aside(&self, key: BlobKey) -> BlobResult<()> {
        let (dir, path) = (self.blob_dir(key), self.blob(key));
        if matches!(path.try_exists(), Ok(false)) {
            return gone_is_fine(sync_directory(&dir)).map_err(unavailable(&dir));
        }
        create_directory(&self.aside)
            .and_then(|()| gone_is_fine(fs::rename(&path, self.aside.join(key.to_string()))))
            // The new name first: no moment without any.
            .and_then(|()| sync_directory(&self.aside))
            .and_then(|()| sync_directory(&dir))
            .map_err(unavailable(&path))
    }

    /// Removes staged files that were last written before `before`, but for the `live` ones and those
    /// that somebody has open to write, and says how many. One that can't be removed is logged, and does not keep the others.
    pub(super) fn sweep(&self, before: Timestamp, live: &HashSet<Uuid>) -> BlobResult<usize> {
        let staging = self.staging();
        let before = system_time(before);
        let mut removed = 0;
        for entry in fs::read_dir(staging).map_err(unavailable(staging))? {
            let entry = entry.map_err(unavailable(staging))?;
            let name = entry.file_name().to_str().and_then(names::parse);
            if name.is_none_or(|name| live.contains(&name)) {
                continue;
            }
            match remove_older(&entry, before) {
                Ok(true) => removed += 1,
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    log::warn!("{} can't be swept: {error}", entry.path().display());
                }
            }
        }
        Ok(removed)
    }
}

/// Removes the file if it was last written before `before`, and says whether it did.
fn remove_older(entry: &DirEntry, before: SystemTime) -> io::Result<bool> {
    let found = entry.metadata()?;
    if !found.is_file() || found.modified()? >= before {
        return Ok(false);
    }
    // Who has it locked may be slow, with bytes of which none has come to the file yet.
    let file = File::options().write(true).open(entry.path())?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Whoever waits for the lock finds the file gone.
    fs::remove_file(entry.path())?;
    Ok(true)
}

/// The first byte of the key's hash.
const fn first_byte(key: BlobKey) -> u8 {
    key.hash().as_bytes()[0]
}

/// The same time as file systems tell it.
fn system_time(at: Timestamp) -> SystemTime {
    let micros = Duration::from_micros(at.as_micros().unsigned_abs());
    let time = if at.as_micros() < 0 {
        UNIX_EPOCH.checked_sub(micros)
    } else {
        UNIX_EPOCH.checked_add(micros)
    };
    time.unwrap_or(UNIX_EPOCH)
}

/// Locks the place; nobody is waited for.
fn lock(path: &Path, company: Company) -> io::Result<Option<File>> {
    let told =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    // Read only, so that one that another user has made will do.
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut new = File::options();
            new.create(true).truncate(false).write(true);
            match new.open(path) {
                Err(error) if company == Company::Shared && is_read_only(&error) => {
                    return Ok(None);
                }
                new => new.map_err(told)?,
            }
        }
        found => found.map_err(told)?,
    };
    let locked = match company {
        Company::Shared => file.try_lock_shared(),
        Company::Alone => file.try_lock(),
    };
    match locked {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            ErrorKind::ResourceBusy,
            "it is in use by another process",
        )),
        Err(TryLockError::Error(error)) => Err(told(error)),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// Makes a directory and all above it that are missing, each with a durable name.
fn create_directory(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        create_directory(parent)?;
        create_one(dir)?;
        sync_directory(parent)?;
    }
    Ok(())
}

/// Makes a directory that is nobody else's to look into; fine if it is there, somebody else may have been
/// faster.
fn create_one(dir: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
        other => other,
    }
}

/// Waits until the disk has the names in the directory.
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    Directory::open(dir)?.sync()
}

/// A directory, to be synced.
#[cfg(unix)]
struct Directory(File);

#[cfg(unix)]
impl Directory {
    fn open(dir: &Path) -> io::Result<Self> {
        File::open(dir).map(Self)
    }

    /// Waits until the disk has its names.
    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// It can't be opened as a file here.
#[cfg(not(unix))]
struct Directory;

#[cfg(not(unix))]
impl Directory {
    fn open(dir: &Path) -> io::Result<Self> {
        fs::metadata(dir).map(|_| Self)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
