//! A closed loop: each connection sends, waits for the acknowledgement, and sends again.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use crate::client::Client;
use crate::world::World;

/// What one round came to.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) sends: u64,
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Measured {
    /// The round whose rate is the middle one.
    pub(crate) fn median(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
        rounds[rounds.len() / 2]
    }
}

/// Sends over so many connections for as long as `lasting`. Any other answer than 201 fails.
pub(crate) async fn run(
    address: SocketAddr,
    world: &Rc<World>,
    connections: usize,
    lasting: Duration,
) -> Result<Measured> {
    let local = LocalSet::new();
    let start = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let world = Rc::clone(world);
            local.spawn_local(async move {
                let mut client = Client::connect(address).await?;
                let (mut latencies, mut n) = (Vec::new(), number);
                while start.elapsed() < lasting {
                    let body = world.send(n);
                    let sent = Instant::now();
                    client.post("/messages", None, &body).await?;
                    latencies.push(sent.elapsed());
                    n += connections;
                }
                anyhow::Ok(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    local
        .run_until(async {
            for task in tasks {
                latencies.extend(task.await??);
            }
            anyhow::Ok(())
        })
        .await?;
    let elapsed = start.elapsed();
    latencies.sort_unstable();
    let quantile = |q: f64| {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index below the length of a list in memory"
        )]
        let index = (latencies.len() as f64 * q) as usize;
        latencies.get(index).copied().unwrap_or_default()
    };
    let sends = u64::try_from(latencies.len())?;
    Ok(Measured {
        sends,
        per_second: f64::from(u32::try_from(sends)?) / elapsed.as_secs_f64(),
        p50: quantile(0.5),
        p99: quantile(0.99),
    })
}
