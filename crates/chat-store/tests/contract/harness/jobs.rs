//! Closures as jobs, and the wait for what becomes of them.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use chat_domain::ports::{
    Cost, Outcome, ReadJob, ReadTx, Store, StoreError, StoreResult, Verdict, WriteJob, WriteTx,
};

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Committed,
    Undone,
    Failed(StoreError),
}

impl From<Outcome<'_>> for Ended {
    fn from(outcome: Outcome<'_>) -> Self {
        match outcome {
            Outcome::Committed => Self::Committed,
            Outcome::Undone => Self::Undone,
            Outcome::Failed(error) => Self::Failed(error.clone()),
        }
    }
}

/// A write that is under way.
pub(crate) struct Pending<T>(Receiver<(Ended, Option<StoreResult<T>>)>);

impl<T> Pending<T> {
    /// What became of it, and what its closure said if it came to its end.
    pub(crate) fn wait(self) -> (Ended, Option<StoreResult<T>>) {
        match self.0.recv_timeout(Duration::from_secs(20)) {
            Ok(ended) => ended,
            Err(RecvTimeoutError::Timeout) => panic!("the job was never finished"),
            Err(RecvTimeoutError::Disconnected) => panic!("the job was dropped unfinished"),
        }
    }

    /// What became of it.
    pub(crate) fn ended(self) -> Ended {
        self.wait().0
    }
}

struct Write<F, T> {
    work: F,
    said: Option<StoreResult<T>>,
    answer: Sender<(Ended, Option<StoreResult<T>>)>,
}

impl<F, T> WriteJob for Write<F, T>
where
    F: FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        let said = self.said.insert((self.work)(tx));
        match said {
            Ok(_) => Verdict::Keep,
            Err(_) => Verdict::Undo,
        }
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        // A test that does not wait for the answer has dropped the other end.
        let _ = self.answer.send((outcome.into(), self.said));
    }
}

/// Submits a write; its error undoes it.
pub(crate) fn begin<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send + 'static,
) -> StoreResult<Pending<T>> {
    let (answer, pending) = channel();
    let job = Write {
        work,
        said: None,
        answer,
    };
    match store.submit(Box::new(job)) {
        Ok(()) => Ok(Pending(pending)),
        Err((error, _)) => Err(error),
    }
}

/// Commits what the closure does; its error undoes it.
pub(crate) fn write<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn WriteTx) -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    match begin(store, work)?.wait() {
        (Ended::Committed | Ended::Undone, Some(said)) => said,
        (Ended::Failed(error), _) => Err(error),
        (_, None) => panic!("the job was finished without having run"),
    }
}

/// The error by which a closure asks to be undone.
pub(crate) fn undo() -> StoreError {
    StoreError::Broken("undo".into())
}

struct Read<F, T> {
    work: F,
    said: Option<StoreResult<T>>,
    answer: Sender<StoreResult<Option<StoreResult<T>>>>,
}

impl<F, T> ReadJob for Read<F, T>
where
    F: FnMut(&mut dyn ReadTx) -> StoreResult<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut dyn ReadTx) {
        self.said = Some((self.work)(tx));
    }

    fn finish(self: Box<Self>, outcome: StoreResult<()>) {
        let Self { said, answer, .. } = *self;
        let _ = answer.send(outcome.map(|()| said));
    }
}

/// Runs a read of this cost.
pub(crate) fn read_at<T: Send + 'static>(
    store: &dyn Store,
    cost: Cost,
    work: impl FnMut(&mut dyn ReadTx) -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let (answer, pending) = channel();
    let job = Read {
        work,
        said: None,
        answer,
    };
    store
        .submit_read(cost, Box::new(job))
        .map_err(|(error, _)| error)?;
    let said = pending
        .recv_timeout(Duration::from_secs(20))
        .expect("a read is always finished")?;
    said.expect("a read that went well has run")
}

/// Runs a bounded read.
pub(crate) fn read<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn ReadTx) -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    read_at(store, Cost::Bounded, work)
}

/// Runs a scan.
pub(crate) fn scan<T: Send + 'static>(
    store: &dyn Store,
    work: impl FnMut(&mut dyn ReadTx) -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    read_at(store, Cost::Scan, work)
}
