//! Durable sends per second through HTTP, and what group commit gains over one commit per request.
//!
//! `cargo run --release -p chat-bench [SECONDS]` measures rounds of `SECONDS` (3 when not given), the
//! two ways of committing in turn, and prints medians. The data lies below `TMPDIR`: on a disk in
//! memory every fsync would be free. The load comes from the same machine over loopback, so absolute
//! figures are its own; the ratios carry over.

mod client;
mod fsync;
mod load;
mod server;
mod world;

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::load::Measured;
use crate::world::World;

const CONNECTIONS: [usize; 3] = [1, 32, 128];
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let seconds = match std::env::args().nth(1) {
        Some(text) => text
            .parse()
            .context("the first argument is a number of seconds")?,
        None => 3,
    };
    let dir = tempfile::tempdir()?;
    // Two servers over two files, filled alike; only one is under load at a time.
    let grouped = server::start(&dir.path().join("grouped.db"), None)?;
    let single = server::start(&dir.path().join("single.db"), Some(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(
        dir.path(),
        [grouped, single],
        Duration::from_secs(seconds),
    ))
}

async fn measure(dir: &Path, servers: [SocketAddr; 2], round: Duration) -> Result<()> {
    let world = Rc::new(World {
        groups: 200,
        members: 5,
    });
    for address in servers {
        world.fill(address).await?;
    }
    let mut sent = [0, 0];
    println!(
        "| connections | fsync/s | sends/s | p50 ms | p99 ms | one commit each: sends/s | gain |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for connections in CONNECTIONS {
        let (mut fsyncs, mut rounds) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..ROUNDS {
            fsyncs.push(fsync::per_second(dir, round / 3)?);
            for (which, address) in servers.into_iter().enumerate() {
                let measured = load::run(address, &world, connections, round).await?;
                sent[which] += measured.sends;
                rounds[which].push(measured);
            }
        }
        fsyncs.sort_by(f64::total_cmp);
        let [grouped, single] = rounds.map(Measured::median);
        println!(
            "| {connections} | {:.0} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} |",
            fsyncs[fsyncs.len() / 2],
            grouped.per_second,
            grouped.p50.as_secs_f64() * 1e3,
            grouped.p99.as_secs_f64() * 1e3,
            single.per_second,
            grouped.per_second / single.per_second,
        );
    }
    // What was acknowledged is there, or the figures mean nothing.
    for (address, sent) in servers.into_iter().zip(sent) {
        world.check_stored(address, sent).await?;
    }
    Ok(())
}
