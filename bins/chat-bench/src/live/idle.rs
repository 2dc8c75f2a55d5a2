//! W4i: what readers cost who have nothing to read.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::crowd::{Crowd, Told};
use super::{Plan, stage, verdict};
use crate::progress::step;
use crate::report::binary;
use crate::server::Server;
use crate::usage;

/// The most memory that one may take, in bytes.
const MOST_BYTES: u64 = 32 * 1024;

/// The most of a core that all of them may take.
const MOST_OF_A_CORE: f64 = 0.03;

/// How many rounds long they are watched: some heartbeats of each.
const WATCHED: u32 = 10;

/// How many rounds long it is waited until all is quiet.
const SETTLING: u32 = 2;

/// How many users they are of.
const USERS: usize = 500;

pub(super) fn run(server: &Server, dir: &Path, plan: &Plan) -> Result<String> {
    let readers = plan.idle;
    let (own, world) = stage(server, &dir.join("idle"), USERS)?;
    let target = own.target()?;
    let pid = target.pid.context("no process")?;
    let group = world.groups.last().context("no group")?;
    thread::sleep(Duration::from_secs(1));
    let before = usage::resident(pid).context("its memory can't be told here")?;
    let users = group.members[1..].iter().cycle().take(readers);
    let paths = users.map(|user| format!("/ws?user_id={user}")).collect();
    step(format_args!("W4i: connecting {readers} readers"));
    let told = Told::new(readers, 1, None);
    let crowd = Crowd::connect(&target, paths, b"message.created", &told)?;
    thread::sleep(plan.lasting * SETTLING);
    let cpu = usage::cpu(pid).context("its processor time can't be told here")?;
    let start = Instant::now();
    let watched = plan.lasting * WATCHED;
    step(format_args!(
        "W4i: watching them for {} s",
        watched.as_secs()
    ));
    thread::sleep(watched);
    let used = usage::cpu(pid).context("its processor time can't be told here")? - cpu;
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64();
    let resident = usage::resident(pid).context("its memory can't be told here")?;
    let each = resident.saturating_sub(before) / readers as u64;
    crowd.end(0)?;
    Ok(format!(
        "W4i: {readers} idle WebSockets: {} each (≤ 32 KiB {}), {:.1} % of a core (≤ 3 % {})\n\n",
        binary(each),
        verdict(each <= MOST_BYTES),
        share * 100.0,
        verdict(share <= MOST_OF_A_CORE),
    ))
}
