//! The store itself: opening, accepting jobs, closing.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};

use chat_domain::ports::{Cost, LogWatcher, ReadJob, Refused, Store, StoreError, WriteJob};

use super::connection::{Alone, Server};
use super::job::{Job, NativeJob, Write};
use super::log::Log;
use super::queue::{Kind, Queue};
use super::sequencer::Sequencer;
use super::stats::Stats;
use super::worker::{Shared, Worker};
use super::{OpenError, PostgresOptions, migrate};
use crate::watcher::Watcher;

thread_local! {
    /// Whether this thread is inside a write.
    pub(super) static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// A [`Store`] in a PostgreSQL database, which any number of nodes may share.
///
/// Jobs run on threads of the store's own, each with a connection; `finish` is called there. A
/// transaction that met a deadlock is run again, a few times. A connection that is lost fails the job that used
/// it, and the next one connects again: the store heals when the server is back.
///
/// A write is durable when `finish` says so. A read that begins after sees it, on every node; the log has
/// it on this node at once, and on the others soon. Dropping the store closes it.
pub struct PostgresStore {
    shared: Arc<Shared>,
    connections: usize,
    capacity: usize,
    /// Every thread of the store's own.
    own: Vec<ThreadId>,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    workers: Vec<JoinHandle<()>>,
    sequencer: Option<JoinHandle<()>>,
    /// Given back when the threads have ended.
    alone: Option<Alone>,
}

impl PostgresStore {
    /// Opens the database, whose tables are made or migrated first if they have to be; of several nodes
    /// that start at once, one does it and the others wait.
    ///
    /// # Errors
    /// If the server can't be reached or is not fit, the database was made by a newer version, or a
    /// migration fails.
    pub fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        for migration in migrate(options)? {
            log::info!("migration {migration} was run");
        }
        Self::over(options, Server::new(options), None)
    }

    /// Opens a database that must be there in the schema of this version, to look at it beside its nodes.
    ///
    /// # Errors
    /// As for [`PostgresStore::open`], and if the database would have to be migrated.
    pub fn open_existing(options: &PostgresOptions) -> Result<Self, OpenError> {
        let server = Server::new(options);
        migrate::refuse_other(&mut server.open()?)?;
        Self::over(options, server, None)
    }

    /// The same, alone: no node has the database open, and none can open it until this store is closed.
    ///
    /// # Errors
    /// As for [`PostgresStore::open_existing`], and if a node has the database open.
    pub fn open_alone(options: &PostgresOptions) -> Result<Self, OpenError> {
        let alone = Alone::take(options)?;
        let server = Server::alone(options);
        migrate::refuse_other(&mut server.open()?)?;
        Self::over(options, server, Some(alone))
    }

    fn over(
        options: &PostgresOptions,
        server: Server,
        alone: Option<Alone>,
    ) -> Result<Self, OpenError> {
        let shared = Arc::new(Shared {
            server,
            queue: Queue::new(options.pool_size, options.queue, options.queue_timeout),
            log: Log::new(options.queue_timeout),
            stats: Stats::new(),
            watcher: Watcher::default(),
        });
        let mut store = Self {
            shared,
            connections: options.pool_size,
            capacity: options.queue,
            own: Vec::new(),
            threads: Mutex::new(Threads {
                alone,
                ..Threads::default()
            }),
        };
        // A store that is given up half-way closes what it has started.
        store
            .start()
            .map_err(|error| OpenError::Database(error.to_string()))?;
        Ok(store)
    }

    fn start(&mut self) -> std::io::Result<()> {
        let threads = self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let shared = &self.shared;
        let mut spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.into()).spawn(work)?;
            self.own.push(thread.thread().id());
            std::io::Result::Ok(thread)
        };
        for _ in 0..self.connections {
            let worker = Worker::new(Arc::clone(shared));
            let thread = spawn("chat-postgres", Box::new(move || worker.work()))?;
            threads.workers.push(thread);
        }
        let expiring = Arc::clone(shared);
        let thread = spawn(
            "chat-expiry",
            Box::new(move || {
                expiring.queue.expire();
            }),
        )?;
        threads.workers.push(thread);
        let sequencer = Sequencer::new(Arc::clone(shared));
        threads.sequencer = Some(spawn("chat-sequencer", Box::new(|| sequencer.work()))?);
        Ok(())
    }

    /// Queues a write that also reaches the connection itself. A full queue or a closed store hands
    /// the job back.
    ///
    /// # Errors
    /// As for [`Store::submit`].
    pub fn submit_native(&self, job: Box<dyn NativeJob>) -> Result<(), Refused<dyn NativeJob>> {
        self.enqueue(Write::Native(job))
            .map_err(|(error, job)| match job {
                Write::Native(job) => (error, job),
                Write::Port(_) => unreachable!("the job that was queued comes back"),
            })
    }

    /// Accepts no more jobs, does what was accepted, and waits for that; whoever else closes it
    /// meanwhile waits too. Called from inside a job it returns at once, and the rest is done after: a
    /// thread can't wait for itself.
    pub fn close(&self) {
        if self.own.contains(&thread::current().id()) {
            self.shared.queue.close();
            return;
        }
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.queue.close();
        threads.workers.drain(..).for_each(join);
        // After the last commit, so that the outbox is left empty.
        self.shared.log.close();
        threads.sequencer.take().into_iter().for_each(join);
        threads.alone = None;
    }

    fn enqueue(&self, job: Write) -> Result<(), (StoreError, Write)> {
        if WRITING.get() && self.own.contains(&thread::current().id()) {
            let error = "a write from inside a write could wait for itself";
            return Err((StoreError::Broken(error.into()), job));
        }
        self.shared
            .queue
            .push(Kind::Write, Job::Write(job))
            .map_err(|(error, job)| match job {
                Job::Write(job) => (error, job),
                Job::Read(_) => unreachable!("the job that was queued comes back"),
            })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        log::error!("a thread of the store panicked");
    }
}

impl Store for PostgresStore {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        self.enqueue(Write::Port(job))
            .map_err(|(error, job)| match job {
                Write::Port(job) => (error, job),
                Write::Native(_) => unreachable!("the job that was queued comes back"),
            })
    }

    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        let kind = match cost {
            Cost::Bounded => Kind::Read,
            Cost::Scan => Kind::Scan,
        };
        self.shared
            .queue
            .push(kind, Job::Read(job))
            .map_err(|(error, job)| match job {
                Job::Read(job) => (error, job),
                Job::Write(_) => unreachable!("the job that was queued comes back"),
            })
    }

    fn watch_log(&self, watcher: LogWatcher) {
        self.shared.watcher.set(watcher);
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.close();
    }
}
