//! Raw copies: what a disk takes for files that are to be there after a loss of power.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::content::Content;
use crate::interrupt;
use crate::load::{Latencies, Round};

/// Copies of contents into a directory of its own, by so many threads at a time.
///
/// A copy is what any durable store must do at least: the bytes are written to a new file, by as few writes
/// as the system allows; fdatasync; the file gets its name in another directory by a rename; fsync of that
/// directory.
pub(crate) struct Copies {
    staging: PathBuf,
    kept: PathBuf,
    size: usize,
    threads: usize,
    next: AtomicU64,
}

impl Copies {
    /// Copies of so many bytes each, below `dir`.
    pub(crate) fn new(dir: &Path, size: usize, threads: usize) -> Result<Self> {
        let copies = Self {
            staging: dir.join("copies-staging"),
            kept: dir.join("copies"),
            size,
            threads,
            next: AtomicU64::new(0),
        };
        fs::create_dir_all(&copies.staging)?;
        fs::create_dir_all(&copies.kept)?;
        Ok(copies)
    }

    /// Copies for so long, once at least and `most` times at the most; what was copied is removed when the
    /// time is taken.
    pub(crate) fn run(&self, lasting: Duration, most: u64) -> Result<Round> {
        let first = self.next.load(Ordering::Relaxed);
        let (start, numbers) = (Instant::now(), first..first + most);
        let ends: Vec<_> = thread::scope(|scope| {
            let run = || self.run_thread(start, lasting, &numbers);
            let running: Vec<_> = (0..self.threads).map(|_| scope.spawn(run)).collect();
            running.into_iter().map(ScopedJoinHandle::join).collect()
        });
        let elapsed = start.elapsed();
        interrupt::check()?;
        let mut latencies = Latencies::new();
        for end in ends {
            latencies.add_all(&end.map_err(|_| anyhow!("a thread of the copies panicked"))??)?;
        }
        remove_files(&self.kept)?;
        Ok(Round {
            requests: latencies.len(),
            elapsed,
            latencies,
            cpu: None,
        })
    }

    fn run_thread(
        &self,
        start: Instant,
        lasting: Duration,
        numbers: &Range<u64>,
    ) -> Result<Latencies> {
        let mut latencies = Latencies::new();
        while !interrupt::came() {
            let late = start.elapsed() >= lasting;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if late && number > numbers.start || number >= numbers.end {
                break;
            }
            let content = Content::new("copy", number, self.size);
            let begun = Instant::now();
            self.copy(&content, &number.to_string())?;
            latencies.add(begun.elapsed());
        }
        Ok(latencies)
    }

    fn copy(&self, content: &Content, name: &str) -> Result<()> {
        let staged = self.staging.join(name);
        let mut file = File::create_new(&staged)?;
        file.write_all(content.mark())?;
        file.write_all(&content.rest())?;
        file.sync_data()?;
        fs::rename(&staged, self.kept.join(name))?;
        Ok(File::open(&self.kept)?.sync_all()?)
    }
}

/// Removes the files below a directory, and leaves the directories; nothing if it is missing.
pub(crate) fn remove_files(dir: &Path) -> Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_files(&entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_counted_and_removed() {
        let dir = tempfile::tempdir().unwrap();
        let copies = Copies::new(dir.path(), 1_000, 3).unwrap();
        for _ in 0..2 {
            let round = copies.run(Duration::from_secs(600), 20).unwrap();
            assert_eq!((round.requests, round.latencies.len()), (20, 20));
        }
        for dir in [&copies.staging, &copies.kept] {
            assert_eq!(fs::read_dir(dir).unwrap().count(), 0);
        }
        let late = copies.run(Duration::ZERO, 20).unwrap();
        assert_eq!(late.requests, 1, "a round has one however late it begins");
    }

    #[test]
    fn a_copy_has_all_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let copies = Copies::new(dir.path(), 100_000, 1).unwrap();
        let content = Content::new("copy", 7, 100_000);
        copies.copy(&content, "it").unwrap();
        assert_eq!(fs::read(copies.kept.join("it")).unwrap(), content.whole());
    }

    #[test]
    fn directories_stay() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/c"), "c").unwrap();
        remove_files(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path().join("a/b")).unwrap().count(), 0);
        remove_files(&dir.path().join("missing")).unwrap();
    }
}
