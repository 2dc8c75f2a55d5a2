//! Live delivery: how many events reach how many readers, beside what actix-ws pushes with nothing behind it; what
//! readers cost who have nothing to read; and how fast a crowd that was away is where it must be.

mod crowd;
mod deliver;
mod idle;
mod reader;
mod resume;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::progress::{print, step};
use crate::server::Server;
use crate::subject::{self, Own};
use crate::world::World;
use crate::{floor, interrupt};

/// The subcommand's name.
pub(crate) const NAME: &str = "live";

/// What can be measured.
const WORKLOADS: [&str; 3] = ["w4", "w4i", "w6"];

/// How long and how much.
struct Plan {
    rounds: usize,
    lasting: Duration,
    readers: Vec<usize>,
    idle: usize,
    returning: usize,
}

/// The subcommand.
pub(crate) fn command() -> Command {
    let number = |name: &'static str, default: &'static str, most: u64| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u64).range(1..=most))
            .default_value(default)
    };
    Command::new(NAME)
        .about(
            "Readers of what happens: deliveries, what idle ones cost, and how fast they catch up",
        )
        .arg(
            Arg::new("server")
                .long("server")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The chat-server to measure; built from this tree when not given"),
        )
        .arg(
            Arg::new("workloads")
                .long("workloads")
                .value_name("LIST")
                .default_value("w4,w4i,w6")
                .help("Only these"),
        )
        .arg(
            Arg::new("readers")
                .long("readers")
                .value_name("LIST")
                .value_parser(value_parser!(u64).range(1..=5_000))
                .value_delimiter(',')
                .action(ArgAction::Append)
                .default_value("100,1000")
                .help("How many readers are told of each message (W4)"),
        )
        .arg(number("idle", "10000", 50_000).help("How many have nothing to read (W4i)"))
        .arg(number("returning", "1000", 5_000).help("How many come back at once (W6)"))
        .arg(number("rounds", "3", 100).help("How many rounds of each, in turn"))
        .arg(
            number("seconds", "4", 600)
                .help("How long each lasts; idle ones are watched for ten of them"),
        )
}

/// Measures, and prints a table.
pub(crate) fn run(args: &ArgMatches) -> Result<()> {
    interrupt::listen()?;
    let number = |name| args.get_one::<u64>(name).copied().context("no number");
    let count = |name| anyhow::Ok(usize::try_from(number(name)?)?);
    let readers = args.get_many::<u64>("readers").context("no readers")?;
    let plan = Plan {
        rounds: count("rounds")?,
        lasting: Duration::from_secs(number("seconds")?),
        readers: readers
            .map(|n| usize::try_from(*n))
            .collect::<Result<_, _>>()?,
        idle: count("idle")?,
        returning: count("returning")?,
    };
    let wanted = args
        .get_one::<String>("workloads")
        .context("no workloads")?;
    let wanted: Vec<&str> = wanted.split(',').collect();
    for name in &wanted {
        let there = WORKLOADS.join(",");
        ensure!(
            WORKLOADS.contains(name),
            "--workloads has {name:?}; there are {there}"
        );
    }
    let binary = args.get_one::<PathBuf>("server").map(PathBuf::as_path);
    let server = Server::find(binary)?;
    let dir = subject::scratch()?;
    let mut said = String::new();
    if wanted.contains(&"w4") {
        said += &deliver::run(&server, dir.path(), &plan)?;
    }
    if wanted.contains(&"w4i") {
        said += &idle::run(&server, dir.path(), &plan)?;
    }
    if wanted.contains(&"w6") {
        said += &resume::run(&server, dir.path(), &plan)?;
    }
    print(&said)
}

/// A server of its own with a world on it, in which the last group has `members` users besides its owner.
fn stage(server: &Server, data: &Path, members: usize) -> Result<(Own, World)> {
    let own = Own::start(server, data.to_path_buf())?;
    let target = own.target()?;
    step(format_args!("making {members} users and their group"));
    let mut world = World::build(&target, "live".to_owned(), 40)?;
    let first = world.users.len();
    world.add_users(&target, members + 1)?;
    world.add_groups(&target, &[(first..=first + members).collect()])?;
    Ok((own, world))
}

/// Whether a figure is what it should be, in words.
fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

/// The floor, with nothing else to serve.
fn start_floor(dir: &Path) -> Result<crate::child::Child> {
    floor::start(dir, b"{}")
}
