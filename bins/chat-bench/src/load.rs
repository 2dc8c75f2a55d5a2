//! The load: connections that ask, wait for the answer, look whether it is right, and ask again.
//!
//! In a closed loop each connection asks again at once, which tells the most that can be done. At a fixed
//! rate each request has a time at which it is due, and its latency counts from then: a server that
//! stalls is charged with everybody who had to wait meanwhile, not only with those who were asked.

mod latencies;
mod pacer;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

pub(crate) use self::latencies::Latencies;
use self::pacer::Pacer;
use crate::client::{Answer, Client, Request, Target};
use crate::{interrupt, usage};

/// What is asked, and how a right answer is known.
pub(crate) trait Workload: Sync {
    /// What has to be kept of a request to judge its answer.
    type Asked;

    /// Writes the request of this turn; turns count over all connections, and from round to round.
    fn ask(&self, turn: u64, request: &mut Request<'_>) -> Self::Asked;

    /// Fails unless it is the right answer to what was asked.
    fn check(&self, asked: &Self::Asked, answer: &Answer<'_>) -> Result<()>;
}

/// How requests follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as the answer is there.
    Closed,
    /// So many a second over all connections.
    Rate(f64),
}

/// When it is enough.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// Nothing is asked any more after so long.
    Lasting(Duration),
    /// After so many requests.
    Requests(u64),
    /// After so long, or so many requests if they are earlier.
    Either(Duration, u64),
}

/// One round of load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
    pub(crate) until: Until,
    /// The first turn: a round that began where the one before did would ask the same once more.
    pub(crate) first: u64,
}

/// What a round came to.
pub(crate) struct Round {
    pub(crate) requests: u64,
    pub(crate) elapsed: Duration,
    pub(crate) latencies: Latencies,
    /// The processor time that the target used, if it is a process of this machine.
    pub(crate) cpu: Option<Duration>,
}

impl Round {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }
}

/// What the connections of a round share.
struct Shared<'a, W> {
    target: &'a Target,
    workload: &'a W,
    load: Load,
    pacer: Option<Pacer>,
    /// The next turn, from 0.
    turn: AtomicU64,
    /// Whether somebody failed, and so all end.
    failed: AtomicBool,
    /// Where all threads wait until everybody is connected, and once more until the clock runs.
    ready: Barrier,
}

/// Loads the target. The first wrong answer fails all of it.
pub(crate) fn run<W: Workload>(target: &Target, workload: &W, load: Load) -> Result<Round> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(load.connections).max(1);
    let shared = Shared {
        target,
        workload,
        load,
        pacer: match load.pace {
            Pace::Closed => None,
            Pace::Rate(rate) => Some(Pacer::new(rate, load.until)),
        },
        turn: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        ready: Barrier::new(threads + 1),
    };
    let all = Mutex::new(Latencies::new());
    let used = || target.pid.and_then(usage::cpu);
    let (before, elapsed, ends) = thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                // Connections are shared out as evenly as they can be.
                let mine = (number..load.connections).step_by(threads).count();
                let (shared, all) = (&shared, &all);
                scope.spawn(move || shared.run_thread(mine, all))
            })
            .collect();
        shared.ready.wait();
        // What it costs the server to be connected to is no request's.
        let before = used();
        // No later than a connection's own.
        let start = Instant::now();
        shared.ready.wait();
        if let Some(pacer) = &shared.pacer {
            pacer.run(Instant::now(), load.connections, &shared.failed);
        }
        let ends: Vec<_> = running.into_iter().map(ScopedJoinHandle::join).collect();
        (before, start.elapsed(), ends)
    });
    let after = used();
    interrupt::check()?;
    for end in ends {
        end.map_err(|_| anyhow!("a thread of the load panicked"))??;
    }
    let latencies = all.into_inner().map_err(|_| anyhow!("a thread panicked"))?;
    Ok(Round {
        requests: latencies.len(),
        elapsed,
        latencies,
        cpu: before
            .zip(after)
            .map(|(before, after)| after.saturating_sub(before)),
    })
}

impl<W: Workload> Shared<'_, W> {
    /// Runs so many connections on a thread of their own.
    fn run_thread(&self, connections: usize, all: &Mutex<Latencies>) -> Result<()> {
        let connected = self.connect(connections);
        // Also after a failure: the others wait for everybody.
        self.failed.fetch_or(connected.is_err(), Ordering::Relaxed);
        self.ready.wait();
        self.ready.wait();
        let (runtime, clients) = connected?;
        let latencies = RefCell::new(Latencies::new());
        let start = Instant::now();
        let connections = clients
            .into_iter()
            .map(|client| self.run_connection(client, start, &latencies));
        for ended in runtime.block_on(join_all(connections)) {
            ended?;
        }
        let mut all = all.lock().map_err(|_| anyhow!("a thread panicked"))?;
        all.add_all(&latencies.into_inner())
    }

    fn connect(&self, connections: usize) -> Result<(Runtime, Vec<Client>)> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let clients = runtime.block_on(async {
            let mut clients = Vec::with_capacity(connections);
            for _ in 0..connections {
                clients.push(Client::connect(self.target).await?);
            }
            anyhow::Ok(clients)
        })?;
        Ok((runtime, clients))
    }

    async fn run_connection(
        &self,
        mut client: Client,
        start: Instant,
        latencies: &RefCell<Latencies>,
    ) -> Result<()> {
        while !self.failed.load(Ordering::Relaxed) && !interrupt::came() {
            let Some((turn, since)) = self.next(start).await else {
                break;
            };
            let taken = self.exchange(&mut client, turn, since).await;
            self.failed.fetch_or(taken.is_err(), Ordering::Relaxed);
            latencies.borrow_mut().add(taken?);
        }
        Ok(())
    }

    /// The next turn, once it is time for it, and since when its latency counts; none when it is over.
    async fn next(&self, start: Instant) -> Option<(u64, Instant)> {
        if let Some(pacer) = &self.pacer {
            return pacer.wait(&self.turn).await;
        }
        let (lasting, most) = match self.load.until {
            Until::Lasting(lasting) => (Some(lasting), None),
            Until::Requests(most) => (None, Some(most)),
            Until::Either(lasting, most) => (Some(lasting), Some(most)),
        };
        let late = lasting.is_some_and(|lasting| start.elapsed() >= lasting);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        // The first turn is taken in any case: a round without one has no rate to compare.
        let over = late && turn > 0 || most.is_some_and(|most| turn >= most);
        (!over).then(|| (turn, Instant::now()))
    }

    /// One request and its answer; how long it took.
    async fn exchange(&self, client: &mut Client, turn: u64, since: Instant) -> Result<Duration> {
        let turn = self.load.first + turn;
        let asked = self.workload.ask(turn, &mut client.request());
        let answer = client.exchange().await?;
        let taken = since.elapsed();
        self.workload.check(&asked, &answer)?;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests;
