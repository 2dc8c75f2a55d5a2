//! Jobs that wait for a connection: those of the port, and those of a host that wants the connection.

use chat_domain::ports::{Outcome, ReadJob, StoreError, Verdict, WriteJob};

use super::PostgresTx;

/// A unit of work that also reaches the connection itself, in one transaction with what it does to the
/// chat: a host keeps its own tables in step with the chat by it. Otherwise a
/// [`WriteJob`].
pub trait NativeJob: Send {
    /// Does the work inside the transaction. It may be called again after a deadlock.
    fn run(&mut self, tx: &mut PostgresTx<'_>) -> Verdict;

    /// Told once what became of it, after the commit or its failure.
    fn finish(self: Box<Self>, outcome: Outcome<'_>);
}

/// A job that writes.
pub(super) enum Write {
    Port(Box<dyn WriteJob>),
    Native(Box<dyn NativeJob>),
}

impl Write {
    pub(super) fn run(&mut self, tx: &mut PostgresTx<'_>) -> Verdict {
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

/// A job in one of the queues.
pub(super) enum Job {
    Write(Write),
    Read(Box<dyn ReadJob>),
}

impl Job {
    /// Ends it without having run it.
    pub(super) fn fail(self, error: &StoreError) {
        match self {
            Self::Write(job) => job.finish(Outcome::Failed(error)),
            Self::Read(job) => job.finish(Err(error.clone())),
        }
    }
}
