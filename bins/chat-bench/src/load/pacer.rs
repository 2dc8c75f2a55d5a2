//! A fixed rate: says when each request is due, and lets nobody go before.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::Until;
use crate::interrupt;

/// How often it looks what is due: nobody goes later than this after its time for want of a look. The
/// timer of the async runtime looks every millisecond, which would be most of a latency.
const LOOK: Duration = Duration::from_micros(100);

/// Paces all connections of a load.
pub(super) struct Pacer {
    interval: Duration,
    requests: u64,
    start: OnceLock<Instant>,
    /// One permit for each request that is due and was not begun yet.
    due: Semaphore,
}

impl Pacer {
    /// So many requests a second, until it is enough.
    pub(super) fn new(rate: f64, until: Until) -> Self {
        let interval = Duration::from_secs_f64(1.0 / rate);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate and a time of a few digits, both positive"
        )]
        let within = |lasting: Duration| (rate * lasting.as_secs_f64()).ceil() as u64;
        let requests = match until {
            Until::Requests(requests) => requests,
            Until::Lasting(lasting) => within(lasting),
            Until::Either(lasting, most) => within(lasting).min(most),
        };
        Self {
            interval,
            requests,
            start: OnceLock::new(),
            due: Semaphore::new(0),
        }
    }

    /// Lets requests go as they become due, until all have or somebody has failed; then lets so many
    /// connections know that it is over.
    pub(super) fn run(&self, start: Instant, connections: usize, failed: &AtomicBool) {
        let start = *self.start.get_or_init(|| start);
        let mut gone = 0;
        while gone < self.requests && !failed.load(Ordering::Relaxed) && !interrupt::came() {
            let due = self.due_after(start.elapsed());
            self.due
                .add_permits(usize::try_from(due - gone).unwrap_or(usize::MAX));
            gone = due;
            thread::sleep(LOOK);
        }
        if gone < self.requests {
            self.due.close();
        } else {
            self.due.add_permits(connections);
        }
    }

    /// Waits until a request is due, and takes the next turn and the time at which it was; none when it is
    /// over. The turn is taken last: who took it before could be overtaken, and go before its time.
    pub(super) async fn wait(&self, turns: &AtomicU64) -> Option<(u64, Instant)> {
        self.due.acquire().await.ok()?.forget();
        let turn = turns.fetch_add(1, Ordering::Relaxed);
        let start = self.start.get().filter(|_| turn < self.requests)?;
        Some((turn, *start + self.time_of(turn)))
    }

    /// When the request of this turn is due, after the start.
    fn time_of(&self, turn: u64) -> Duration {
        let nanos = self.interval.as_nanos() * u128::from(turn);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many requests are due after so long.
    fn due_after(&self, elapsed: Duration) -> u64 {
        let due = elapsed.as_nanos() / self.interval.as_nanos().max(1) + 1;
        u64::try_from(due).unwrap_or(u64::MAX).min(self.requests)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn requests_are_due_at_their_time() {
        let pacer = Pacer::new(1_000.0, Until::Lasting(Duration::from_secs(2)));
        assert_eq!(pacer.requests, 2_000);
        for turn in [0, 1, 999, 1_999] {
            let due = pacer.time_of(turn);
            assert_eq!(pacer.due_after(due), turn + 1);
            assert_eq!(
                pacer.due_after(due.saturating_sub(Duration::from_nanos(1))),
                turn.max(1)
            );
        }
        assert_eq!(pacer.due_after(Duration::from_secs(60)), 2_000);
    }

    #[test]
    fn nobody_goes_before_its_time() {
        const THREADS: usize = 4;
        const EACH: usize = 32;
        let pacer = Pacer::new(2_000.0, Until::Requests(600));
        let (turns, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        let connection = || async {
            let mut gone = 0;
            while let Some((turn, due)) = pacer.wait(&turns).await {
                assert!(due <= Instant::now(), "turn {turn}");
                gone += 1;
            }
            gone
        };
        let gone: usize = thread::scope(|scope| {
            let run = || {
                let runtime = Builder::new_current_thread().build().unwrap();
                let gone = runtime.block_on(join_all((0..EACH).map(|_| connection())));
                gone.into_iter().sum::<usize>()
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
            pacer.run(Instant::now(), THREADS * EACH, &failed);
            threads.into_iter().map(|gone| gone.join().unwrap()).sum()
        });
        assert_eq!(gone, 600);
    }
}
