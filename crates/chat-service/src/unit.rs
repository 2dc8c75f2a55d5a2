//! One closure, one transaction: turns a closure into a job of the store and waits for its end.
//!
//! The only place that knows an async runtime, and of it only a channel.

use chat_domain::ports::{Cost, Outcome, ReadJob, ReadTx, Store, StoreError, StoreResult};
use chat_domain::ports::{Verdict, WriteJob, WriteTx};
use tokio::sync::oneshot;

use crate::ServiceError;

type Answer<T> = Result<T, ServiceError>;

/// Runs `work` in a transaction and answers once its end is durable; an `Err` undoes its writes.
/// `Fn`, because the store may run it again after a deadlock.
pub(crate) async fn write<T, F>(store: &dyn Store, work: F) -> Answer<T>
where
    T: Send + 'static,
    F: Fn(&mut dyn WriteTx) -> Answer<T> + Send + 'static,
{
    let (pending, answer) = pending();
    let job = Box::new(Write { work, pending });
    store.submit(job).map_err(|(error, _)| error)?;
    // A store that drops a job without telling its end breaks the port's promise; it may have
    // committed it.
    let dropped = || StoreError::OutcomeUnknown("the job was dropped".to_owned());
    answer.await.unwrap_or_else(|_| Err(dropped().into()))
}

/// Runs `work` over one snapshot.
pub(crate) async fn read<T, F>(store: &dyn Store, cost: Cost, work: F) -> Answer<T>
where
    T: Send + 'static,
    F: Fn(&mut dyn ReadTx) -> Answer<T> + Send + 'static,
{
    let (pending, answer) = pending();
    let job = Box::new(Read { work, pending });
    store.submit_read(cost, job).map_err(|(error, _)| error)?;
    answer.await.unwrap_or_else(|_| Err(not_run().into()))
}

/// The same for a thread that may wait.
pub(crate) fn read_blocking<T, F>(store: &dyn Store, cost: Cost, work: F) -> Answer<T>
where
    T: Send + 'static,
    F: Fn(&mut dyn ReadTx) -> Answer<T> + Send + 'static,
{
    let (pending, answer) = pending();
    let job = Box::new(Read { work, pending });
    store.submit_read(cost, job).map_err(|(error, _)| error)?;
    answer
        .blocking_recv()
        .unwrap_or_else(|_| Err(not_run().into()))
}

/// A store that ends a job without running it breaks the port's promise.
fn not_run() -> StoreError {
    StoreError::Broken("the job was not run".to_owned())
}

/// What a job will answer, and to whom.
struct Pending<T> {
    result: Option<Answer<T>>,
    reply: oneshot::Sender<Answer<T>>,
}

fn pending<T>() -> (Pending<T>, oneshot::Receiver<Answer<T>>) {
    let (reply, answer) = oneshot::channel();
    (
        Pending {
            result: None,
            reply,
        },
        answer,
    )
}

impl<T> Pending<T> {
    /// Answers with what the job came to, or with the failure of the store around it.
    fn settle(self, failed: Option<StoreError>) {
        let answer = match failed {
            None => self.result.unwrap_or_else(|| Err(not_run().into())),
            Some(error) => Err(error.into()),
        };
        // The caller may have gone; what was done stands all the same.
        drop(self.reply.send(answer));
    }
}

struct Write<T, F> {
    work: F,
    pending: Pending<T>,
}

impl<T, F> WriteJob for Write<T, F>
where
    T: Send,
    F: Fn(&mut dyn WriteTx) -> Answer<T> + Send,
{
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        let result = (self.work)(tx);
        let verdict = match result {
            Ok(_) => Verdict::Keep,
            Err(_) => Verdict::Undo,
        };
        self.pending.result = Some(result);
        verdict
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        self.pending.settle(match outcome {
            Outcome::Committed | Outcome::Undone => None,
            Outcome::Failed(error) => Some(error.clone()),
        });
    }
}

struct Read<T, F> {
    work: F,
    pending: Pending<T>,
}

impl<T, F> ReadJob for Read<T, F>
where
    T: Send,
    F: Fn(&mut dyn ReadTx) -> Answer<T> + Send,
{
    fn run(&mut self, tx: &mut dyn ReadTx) {
        self.pending.result = Some((self.work)(tx));
    }

    fn finish(self: Box<Self>, outcome: StoreResult<()>) {
        self.pending.settle(outcome.err());
    }
}
