//! The port to storage: jobs that run inside a transaction, and the ways they can fail.

use super::{ReadTx, WriteTx};

/// What a read or write of the store comes to.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why the store did not do what it was asked. Every adapter turns its own failures into these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something unique is there already. The transaction goes on.
    #[error("{0} is taken")]
    Conflict(Conflict),
    /// The queue is full: nothing was done, and it may be tried again later.
    #[error("the store has more work queued than it accepts")]
    Overloaded,
    /// The store can't be reached or can't write: nothing was done, and it may be tried again.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Another transaction works under the same idempotency key, and has not ended in time: nothing
    /// was done.
    #[error("a change under the same idempotency key is under way")]
    KeyInFlight,
    /// The commit was begun and its end was not seen: it may have been done or not.
    #[error("whether the change was stored is unknown: {0}")]
    OutcomeUnknown(String),
    /// The job panicked: nothing was done.
    #[error("the job panicked")]
    Panicked,
    /// A defect of ours or of the stored data: nothing was done, and trying again won't help.
    #[error("the store is broken: {0}")]
    Broken(String),
}

/// What was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// A user's name.
    Username,
    /// A user's email address.
    Email,
    /// A living user's external id.
    ExternalId,
    /// A living group's name.
    GroupName,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Username => "the username",
            Self::Email => "the email address",
            Self::ExternalId => "the external id",
            Self::GroupName => "the group name",
        })
    }
}

/// What a job wants done with its writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Commit them.
    Keep,
    /// Undo them; other jobs of the same batch are not touched.
    Undo,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// Its writes are committed and durable.
    Committed,
    /// Its writes are undone, as it asked.
    Undone,
    /// The store failed; the error says whether anything was done.
    Failed(&'a StoreError),
}

/// A unit of work that reads and writes.
pub trait WriteJob: Send {
    /// Does the work inside the transaction. It may be called again after a deadlock, so it has no
    /// effects besides those on `tx`.
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict;

    /// Told once what became of it, after the commit or its failure.
    fn finish(self: Box<Self>, outcome: Outcome<'_>);
}

/// A unit of work that reads one snapshot.
pub trait ReadJob: Send {
    /// Does the work inside the transaction.
    fn run(&mut self, tx: &mut dyn ReadTx);

    /// Told once what became of it: `Ok` when `run` came to its end.
    fn finish(self: Box<Self>, outcome: StoreResult<()>);
}

/// How much a read may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// A page, a few rows by key, one row for each conversation of a user: an embedded store may run
    /// it on the caller's thread.
    Bounded,
    /// It may grow with what is stored: never run on the caller's thread.
    Scan,
}

/// What is told that the log may have grown.
pub type LogWatcher = std::sync::Arc<dyn Fn() + Send + Sync>;

/// A job that was not accepted, handed back with the reason.
pub type Refused<J> = (StoreError, Box<J>);

/// Storage with transactions. Methods return at once; the job's `finish` brings the answer, on
/// whichever thread the store likes (for a bounded read perhaps the caller's, before the return).
pub trait Store: Send + Sync {
    /// Queues a write. A full queue or a closed store hands the job back.
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>>;

    /// Queues or runs a read. A full queue or a closed store hands the job back.
    fn submit_read(&self, cost: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>>;

    /// From now on `watcher` alone is told when the log may have grown: after every commit by which it has, and
    /// by which it is seen to have. It is told on a thread that writes, and returns at once. What other nodes
    /// write is not told of.
    fn watch_log(&self, watcher: LogWatcher);
}
