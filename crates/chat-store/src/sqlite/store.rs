//! The store itself: opening, accepting jobs, closing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle, ThreadId};

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, StoreError, WriteJob};

use super::checkpoint::Checkpoints;
use super::connection::Database;
use super::job::{Job, NativeJob};
use super::lock::FileLock;
use super::migrate::open_migrated;
use super::readers::{self, Readers};
use super::scans::Scans;
use super::stats::Stats;
use super::writer::{Writer, Writing};
use super::{OpenError, SqliteOptions};
use crate::watcher::Watcher;

/// A [`Store`] in a SQLite file.
///
/// One thread writes and commits in groups; `finish` of a write is called on it when the disk has the
/// commit, and a read that starts after sees it. Bounded reads run on the caller's thread, scans on
/// threads of their own. Dropping the store closes it.
pub struct SqliteStore {
    /// What jobs are handed to; none once the store is closed.
    pub(super) intake: RwLock<Option<Intake>>,
    pub(super) stats: Arc<Stats>,
    watcher: Arc<Watcher>,
    writer: ThreadId,
    /// Whether the writer is inside a job just now.
    running: Arc<AtomicBool>,
    /// Every thread of the store's own.
    own: Vec<ThreadId>,
    threads: Mutex<Threads>,
}

/// The threads to be waited for.
struct Threads {
    scans: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        log::error!("a thread of the store panicked");
    }
}

pub(super) struct Intake {
    writes: SyncSender<Job>,
    scans: Scans,
    pub(super) readers: Readers,
}

/// The refusal of a store that was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("closed".into())
}

impl SqliteStore {
    /// Opens the database, which is created or migrated first if it has to be.
    ///
    /// # Errors
    /// If another process has it open, it was made by a newer version, it is not a database or can't
    /// be written, or a migration fails.
    pub fn open(options: &SqliteOptions) -> Result<Self, OpenError> {
        let lock = FileLock::take(&options.path)?;
        let database = Database {
            path: options.path.clone(),
            busy_timeout: options.busy_timeout,
        };
        let (conn, migrations) = open_migrated(&database)?;
        for migration in migrations {
            log::info!("migration {migration} was run");
        }
        let failed = |error: &dyn std::error::Error| OpenError::Database(error.to_string());
        let beside = database.writer().map_err(|e| failed(&e))?;
        let checkpoints = Checkpoints::start(beside).map_err(|e| failed(&e))?;
        // With one for each scan besides, so that scans never leave a bounded read without.
        let connections = options.readers.saturating_add(options.scans);
        let readers = Readers::open(&database, connections).map_err(|e| failed(&e))?;
        let stats = Arc::new(Stats::new(&options.path, options.queue));
        let (scans, scanning) =
            Scans::start(&readers, options.scans, options.queue, &stats).map_err(|e| failed(&e))?;

        let (writes, queue) = sync_channel(options.queue);
        let running = Arc::new(AtomicBool::new(false));
        let watcher = Arc::new(Watcher::default());
        let writer = Writer {
            watcher: Arc::clone(&watcher),
            database,
            conn: Some(Writing::over(conn)),
            queue,
            max_batch: options.max_batch,
            budget: options.batch_budget,
            running: Arc::clone(&running),
            stats: Arc::clone(&stats),
            checkpoints,
            _lock: lock,
        };
        let thread = thread::Builder::new()
            .name("chat-writer".into())
            .spawn(move || writer.work())
            .map_err(|e| failed(&e))?;
        let id = thread.thread().id();
        let own = scanning.iter().map(|thread| thread.thread().id());
        Ok(Self {
            own: own.chain([id]).collect(),
            intake: RwLock::new(Some(Intake {
                writes,
                scans,
                readers,
            })),
            stats,
            watcher,
            writer: id,
            running,
            threads: Mutex::new(Threads {
                scans: scanning,
                writer: Some(thread),
            }),
        })
    }

    /// Queues a write that also reaches the connection itself. A full queue or a closed store hands
    /// the job back.
    ///
    /// # Errors
    /// As for [`Store::submit`].
    pub fn submit_native(&self, job: Box<dyn NativeJob>) -> Result<(), Refused<dyn NativeJob>> {
        self.enqueue(Job::Native(job))
            .map_err(|(error, job)| match job {
                Job::Native(job) => (error, job),
                Job::Port(_) => unreachable!("the job that was queued comes back"),
            })
    }

    /// Accepts no more jobs, does what was accepted, and waits for that; whoever else closes it
    /// meanwhile waits too. Called from inside a job of its own threads it returns at once, and the
    /// rest is done after: a thread can't wait for itself.
    pub fn close(&self) {
        if self.own.contains(&thread::current().id()) {
            drop(self.take_intake());
            return;
        }
        // Before the intake is taken: who has that must never wait for somebody who waits for the
        // threads, which end only when it is dropped.
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        // Scans first: the writer's last checkpoint finds no reader in its way.
        let writes = self.take_intake().map(|intake| intake.writes);
        threads.scans.drain(..).for_each(join);
        drop(writes);
        threads.writer.take().into_iter().for_each(join);
    }

    fn take_intake(&self) -> Option<Intake> {
        let mut intake = self.intake.write().unwrap_or_else(PoisonError::into_inner);
        intake.take()
    }

    fn enqueue(&self, job: Job) -> Result<(), (StoreError, Job)> {
        if self.running.load(Ordering::Relaxed) && thread::current().id() == self.writer {
            let error = "a write from inside a write would wait for itself";
            return Err((StoreError::Broken(error.into()), job));
        }
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner);
        let Some(intake) = intake.as_ref() else {
            return Err((closed(), job));
        };
        self.stats.writes.come();
        intake.writes.try_send(job).map_err(|refused| {
            self.stats.writes.go(1);
            match refused {
                TrySendError::Full(job) => (StoreError::Overloaded, job),
                TrySendError::Disconnected(job) => (closed(), job),
            }
        })
    }
}

impl Store for SqliteStore {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        self.enqueue(Job::Port(job))
            .map_err(|(error, job)| match job {
                Job::Port(job) => (error, job),
                Job::Native(_) => unreachable!("the job that was queued comes back"),
            })
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.watcher.set(watcher);
    }

    /// From inside a write a bounded read does no harm: it has another connection, and sees what was
    /// committed before.
    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        let intake = self.intake.read().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = intake.as_ref() else {
            return Err((closed(), job));
        };
        match cost {
            Cost::Scan => open.scans.submit(job),
            Cost::Bounded => {
                // Out of the lock, since a job may use the store itself, or close it.
                let readers = open.readers.clone();
                drop(intake);
                match readers.get() {
                    Ok(conn) => {
                        readers::read(conn, job);
                        Ok(())
                    }
                    Err(error) => Err((error, job)),
                }
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}
