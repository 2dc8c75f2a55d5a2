//! W6: a crowd that was away comes back at once, while others send on.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::crowd::{Crowd, Told};
use super::{Plan, stage, verdict};
use crate::load::{self, Load, Pace, Until};
use crate::measure::median;
use crate::progress::step;
use crate::server::Server;
use crate::subject;
use crate::workloads::{Sends, Spread};
use crate::world::History;

/// How far behind each is.
const BEHIND: u64 = 100;

/// In how long all are to be where they must be.
const WANTED: Duration = Duration::from_secs(2);

/// What of the sends of before is to go on meanwhile.
const WANTED_SENDS: f64 = 0.5;

/// How many others send.
const SENDERS: usize = 32;

/// How long they send before the crowd comes.
const WARM_UP: Duration = Duration::from_millis(500);

/// How long all may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Sync {
    cursor: String,
}

pub(super) fn run(server: &Server, dir: &Path, plan: &Plan) -> Result<String> {
    let readers = plan.returning;
    let (own, world) = stage(server, &dir.join("resume"), readers)?;
    let target = own.target()?;
    let group = world.groups.len() - 1;
    let members = &world.groups[group].members;
    let history = History::of(&world);
    let sends = |spread, first| Sends {
        world: &world,
        history: &history,
        spread,
        first,
    };
    let (mut times, mut shares, mut before) = (Vec::new(), Vec::new(), 0.0);
    for round in 1..=plan.rounds {
        step(format_args!(
            "W6, {readers} readers, round {round} of {}",
            plan.rounds
        ));
        let sync: Sync = serde_json::from_slice(&subject::fetch(&target, "/sync", None)?)?;
        let missed = Load {
            connections: 1,
            pace: Pace::Closed,
            until: Until::Requests(BEHIND),
            first: 0,
        };
        load::run(&target, &sends(Spread::Into(group), history.len()), missed)?;
        let steady = Load {
            connections: SENDERS,
            until: Until::Lasting(plan.lasting),
            ..missed
        };
        // Groups that none of them is in.
        let others = || sends(Spread::Others(group), history.len());
        before = load::run(&target, &others(), steady)?.per_second();
        let paths: Vec<String> = members[1..]
            .iter()
            .map(|user| format!("/ws?user_id={user}&after={}", sync.cursor))
            .collect();
        let told = Told::new(readers, 1, None);
        let (taken, sent) = thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let load = Load {
                    until: Until::Lasting(WARM_UP + plan.lasting),
                    ..steady
                };
                load::run(&target, &others(), load)
            });
            thread::sleep(WARM_UP);
            let (start, stored) = (Instant::now(), history.len());
            let crowd = Crowd::connect(&target, paths, b"message.created", &told)?;
            told.wait_for(BEHIND * readers as u64, PATIENCE)?;
            let (taken, stored) = (start.elapsed(), history.len() - stored);
            crowd.end(BEHIND)?;
            sending.join().ok().context("the senders panicked")??;
            #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
            anyhow::Ok((taken, stored as f64 / taken.as_secs_f64()))
        })?;
        times.push(taken.as_secs_f64());
        shares.push(sent / before);
    }
    let (taken, share) = (median(times), median(shares));
    Ok(format!(
        "W6: {readers} readers, each {BEHIND} events behind, are caught up within {taken:.2} s (≤ 2 s {}); \
         others send at {share:.2} of {before:.0}/s meanwhile (≥ {WANTED_SENDS} {})\n",
        verdict(taken <= WANTED.as_secs_f64()),
        verdict(share >= WANTED_SENDS),
    ))
}
