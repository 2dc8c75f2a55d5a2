//! What requests cost as more is stored, and as groups get larger.

use anyhow::{Context, Result};

use crate::client::Target;
use crate::fill::Stage;
use crate::load::{Load, Pace, Until, Workload};
use crate::measure::{Series, median};
use crate::options::CONNECTIONS;
use crate::report::{Curve, Line, Point};
use crate::server::Server;
use crate::subject::Own;
use crate::workloads::{Deep, Sends, Spread, Unseen};
use crate::world::{History, World};

/// How many rounds each point has.
const ROUNDS: usize = 7;

/// How many messages the smallest file has for each send of a round: it should hardly grow meanwhile.
const SHARE: u64 = 20;

/// The most sends of a round.
const MOST_SENDS: u64 = 500;

/// How many times as many reads: they change nothing.
const READS: u64 = 4;

/// The sizes of groups.
const MEMBERS: [usize; 4] = [2, 10, 100, 1_000];

/// A server that holds so many messages.
pub(crate) struct Sized<'a> {
    pub(crate) messages: u64,
    pub(crate) target: Target,
    pub(crate) history: &'a History,
}

/// Starts a server over each copy.
pub(crate) fn start(server: &Server, stages: &[Stage]) -> Result<Vec<Own>> {
    let stages = stages.iter();
    stages
        .map(|stage| Own::start(server, stage.data.clone()))
        .collect()
}

/// Measures all sizes beside each other, round by round: a machine that changes its pace changes it for
/// all of them.
pub(crate) fn by_messages(world: &World, sizes: &[Sized<'_>]) -> Result<Curve> {
    // Reads before sends, which change what is read.
    let deep = each(sizes, |size| Deep::new(world, size.history))?;
    let unseen = each(sizes, |size| Unseen::new(world, size.history))?;
    let sends: Vec<_> = sizes.iter().map(|size| even(world, size.history)).collect();
    let messages: Vec<u64> = sizes.iter().map(|size| size.messages).collect();
    let targets: Vec<_> = sizes.iter().map(|size| size.target.clone()).collect();
    let number = sends_of_a_round(messages.iter().copied().min().unwrap_or_default());
    let reads = number * READS;
    let pages = line("W2 page at any depth", reads, &messages, &targets, &deep)?;
    let unseen = line("W3 unseen counts", reads, &messages, &targets, &unseen)?;
    let sends = line("W1 send", number, &messages, &targets, &sends)?;
    Ok(Curve {
        name: "messages",
        axis: "messages stored",
        lines: vec![sends, pages, unseen],
    })
}

fn each<T>(sizes: &[Sized<'_>], make: impl Fn(&Sized<'_>) -> Result<T>) -> Result<Vec<T>> {
    sizes.iter().map(make).collect()
}

fn even<'a>(world: &'a World, history: &'a History) -> Sends<'a> {
    Sends {
        world,
        history,
        spread: Spread::Even,
        first: 0,
    }
}

/// Measures sends into groups of each size, which are made first.
pub(crate) fn by_members(
    target: &Target,
    world: &mut World,
    history: &mut History,
) -> Result<Curve> {
    let largest = MEMBERS.into_iter().max().unwrap_or_default();
    world.add_users(target, largest.saturating_sub(world.users.len()))?;
    let first = world.groups.len();
    let members = MEMBERS.map(|size| (0..size).collect::<Vec<_>>());
    world.add_groups(target, &members)?;
    history.reach(world);
    let (world, history) = (&*world, &*history);
    let sends: Vec<_> = (first..world.groups.len())
        .map(|group| Sends {
            spread: Spread::Into(group),
            ..even(world, history)
        })
        .collect();
    let sizes = MEMBERS.map(|size| size as u64);
    let targets = vec![target.clone(); MEMBERS.len()];
    let number = sends_of_a_round(history.len());
    Ok(Curve {
        name: "members",
        axis: "members of the group",
        lines: vec![line("W1 send", number, &sizes, &targets, &sends)?],
    })
}

/// How many sends a round has, beside so many messages.
fn sends_of_a_round(messages: u64) -> u64 {
    (messages / SHARE).clamp(1, MOST_SENDS)
}

/// One workload at each size, so many requests in a round; `sizes`, `targets` and `workloads` go together.
fn line<W: Workload>(
    name: &'static str,
    requests: u64,
    sizes: &[u64],
    targets: &[Target],
    workloads: &[W],
) -> Result<Line> {
    let mut rounds = vec![Vec::with_capacity(ROUNDS); sizes.len()];
    // The first round of each is not counted.
    for round in 0..=ROUNDS as u64 {
        for ((target, workload), rounds) in targets.iter().zip(workloads).zip(&mut rounds) {
            let cpu_us = cost(target, workload, requests, round)?;
            if round > 0 {
                rounds.push(cpu_us);
            }
        }
    }
    let points = sizes.iter().zip(rounds).map(|(size, rounds)| Point {
        size: *size,
        cpu_us: median(rounds),
    });
    Ok(Line {
        name,
        points: points.collect(),
    })
}

/// Processor time of a request, in microseconds, over the round of this number.
fn cost<W: Workload>(target: &Target, workload: &W, requests: u64, round: u64) -> Result<f64> {
    let mut series = Series::new();
    let load = Load {
        connections: CONNECTIONS,
        pace: Pace::Closed,
        until: Until::Requests(requests),
        first: round * requests,
    };
    series.run(target, workload, load)?;
    series
        .cpu_us()
        .context("this system does not tell what processor time a process has used")
}
