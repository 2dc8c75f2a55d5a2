//! Writes that wait for the writer: those of the port, and those of a host that wants the connection.

use chat_domain::ports::{Outcome, Verdict, WriteJob};

use super::SqliteTx;

/// A unit of work that also reaches the connection itself, inside the same commits as all others: a
/// host keeps its own tables in step with the chat by it. Otherwise a
/// [`WriteJob`](chat_domain::ports::WriteJob).
///
/// A failure of the connection's own queries must lead to [`Verdict::Undo`]: SQLite may have ended
/// the transaction by then, which the store sees only in its own queries.
///
/// A host must not leave triggers behind that change the chat's own tables: the writer remembers what it
/// has stored there, and is not told of them.
pub trait NativeJob: Send {
    /// Does the work inside the transaction.
    fn run(&mut self, tx: &mut SqliteTx<'_>) -> Verdict;

    /// Told once what became of it, after the commit or its failure.
    fn finish(self: Box<Self>, outcome: Outcome<'_>);
}

/// A job in the writer's queue.
pub(super) enum Job {
    Port(Box<dyn WriteJob>),
    Native(Box<dyn NativeJob>),
}

impl Job {
    pub(super) fn run(&mut self, tx: &mut SqliteTx<'_>) -> Verdict {
        match self {
            Self::Port(job) => job.run(tx),
            Self::Native(job) => job.run(tx),
        }
    }

    pub(super) fn finish(self, outcome: Outcome<'_>) {
        match self {
            Self::Port(job) => job.finish(outcome),
            Self::Native(job) => job.finish(outcome),
        }
    }
}
