//! Sends over PostgreSQL, beside what `pgbench` gets on the same server for the same statements, written by
//! hand and one transaction for each message.
//!
//! Both databases lie on one server, which makes every commit durable, and is there for this run alone.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chat_testing::{Options as ServerOptions, Postgres, Template, TestDatabase};
use clap::{Arg, ArgMatches, Command as Subcommand, value_parser};

use crate::child::Child;
use crate::load::{Load, Pace, Until};
use crate::measure::{Series, median};
use crate::progress::{print, step};
use crate::server::Server;
use crate::workloads::{Sends, Spread};
use crate::world::{History, World};
use crate::{checks, interrupt, subject};

/// The subcommand's name.
pub(crate) const NAME: &str = "nodes";

const SEND: &str = include_str!("nodes/send.sql");
const FLOOR: &str = include_str!("nodes/floor.sql");

/// As many as the floor's script knows.
const GROUPS: usize = 1_000;

/// How many send at a time.
const CONNECTIONS: usize = 128;

/// How many clients the floor has; the better one counts.
const CLIENTS: [usize; 2] = [32, 128];

/// What is to be reached, as a share of the floor.
const WANTED: f64 = 0.6;

static EMPTY: Template = Template::new("empty", |_| {});

/// The subcommand.
pub(crate) fn command() -> Subcommand {
    let number = |name: &'static str, default: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u64).range(1..=600))
            .default_value(default)
    };
    Subcommand::new(NAME)
        .about("Sends over PostgreSQL, beside a transaction of the same statements in pgbench")
        .arg(
            Arg::new("server")
                .long("server")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The chat-server to measure; built from this tree when not given"),
        )
        .arg(number("rounds", "3").help("How many rounds of each, in turn"))
        .arg(number("seconds", "5").help("How long each lasts"))
}

/// Measures, and prints a table.
pub(crate) fn run(args: &ArgMatches) -> Result<()> {
    interrupt::listen()?;
    let number = |name| args.get_one::<u64>(name).copied().context("no number");
    let (rounds, seconds) = (number("rounds")?, number("seconds")?);
    let binary = args.get_one::<PathBuf>("server").map(PathBuf::as_path);
    let server = Server::find(binary)?;
    let dir = subject::scratch()?;
    let postgres = Postgres::start(&ServerOptions::new().fsync(true))
        .context("PostgreSQL is not on this machine")?;
    let floor = Floor::prepare(&postgres, &server, dir.path())?;
    let ours = Ours::prepare(&postgres, &server, dir.path())?;

    let lasting = Duration::from_secs(seconds);
    let mut floors = CLIENTS.map(|clients| (clients, Vec::new()));
    let mut sends = Series::new();
    for round in 1..=rounds {
        step(format_args!("round {round} of {rounds}"));
        for (clients, rates) in &mut floors {
            rates.push(floor.round(*clients, lasting)?);
        }
        ours.round(&mut sends, lasting)?;
    }
    let ours_a_second = sends.per_second();
    let mut table = String::from(
        "| | connections | messages/s | p50 ms | p99 ms |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    let mut best: f64 = 0.0;
    for (clients, rates) in floors {
        let rate = median(rates);
        best = best.max(rate);
        table += &format!("| pgbench, one transaction each | {clients} | {rate:.0} | | |\n");
    }
    let (p50, p99) = (sends.quantile(0.5), sends.quantile(0.99));
    table += &format!(
        "| W1 POST /messages | {CONNECTIONS} | {ours_a_second:.0} | {p50:.2} | {p99:.2} |\n"
    );
    let ratio = ours_a_second / best;
    let verdict = if ratio >= WANTED { "met" } else { "missed" };
    table += &format!("\n{ratio:.2} × pgbench (≥ {WANTED} {verdict})\n");
    print(&table)?;
    print(&format!("{}\n", ours.end()?))
}

/// The database of the floor.
struct Floor {
    database: TestDatabase,
    script: PathBuf,
}

impl Floor {
    fn prepare(postgres: &Postgres, server: &Server, dir: &Path) -> Result<Self> {
        let database = postgres.database(&EMPTY);
        let migrated = server
            .command("migrate", dir)
            .args(["--database-url", database.url()])
            .output()?;
        ensure!(
            migrated.status.success(),
            "{}",
            String::from_utf8_lossy(&migrated.stderr)
        );
        database.execute(FLOOR);
        let script = dir.join("send.sql");
        std::fs::write(&script, SEND)?;
        Ok(Self { database, script })
    }

    /// Messages a second.
    fn round(&self, clients: usize, lasting: Duration) -> Result<f64> {
        let clients = clients.to_string();
        let done = Command::new("pgbench")
            .args([
                "--no-vacuum",
                "--protocol=prepared",
                "--jobs=2",
                "--client",
                &clients,
            ])
            .args(["--time", &lasting.as_secs().to_string(), "--file"])
            .arg(&self.script)
            .arg(self.database.url())
            .output()
            .context("pgbench is not on this machine")?;
        let said = String::from_utf8_lossy(&done.stdout);
        ensure!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        rate(&said).with_context(|| format!("pgbench says no rate: {said}"))
    }
}

/// The rate that pgbench tells.
fn rate(said: &str) -> Option<f64> {
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    rate.split(' ').next()?.parse().ok()
}

/// The server that is measured.
struct Ours {
    child: Child,
    server: Server,
    world: World,
    history: History,
    url: String,
    dir: PathBuf,
    _database: TestDatabase,
}

impl Ours {
    fn prepare(postgres: &Postgres, server: &Server, dir: &Path) -> Result<Self> {
        let database = postgres.database(&EMPTY);
        let dir = dir.join("data");
        let child = Child::start(server.command("serve", &dir).args([
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            database.url(),
        ]))?;
        step("making users and groups");
        let world = World::build(&child.target(), "nodes".to_owned(), GROUPS)?;
        let history = History::of(&world);
        Ok(Self {
            child,
            server: server.clone(),
            world,
            history,
            url: database.url().to_owned(),
            dir,
            _database: database,
        })
    }

    fn round(&self, series: &mut Series, lasting: Duration) -> Result<()> {
        let sends = Sends {
            world: &self.world,
            history: &self.history,
            spread: Spread::Even,
            first: self.history.len(),
        };
        let load = Load {
            connections: CONNECTIONS,
            pace: Pace::Closed,
            until: Until::Lasting(lasting),
            first: 0,
        };
        series.run(&self.child.target(), &sends, load)?;
        Ok(())
    }

    /// Whether all that was acknowledged is there, and every counter is right.
    fn end(self) -> Result<String> {
        let stored = checks::stored(&self.child.target(), &self.world, &self.history)?;
        self.child.stop()?;
        let counted = self
            .server
            .command("recount", &self.dir)
            .args(["--database-url", &self.url])
            .output()?;
        let said = String::from_utf8_lossy(&counted.stdout).trim().to_owned();
        if !counted.status.success() {
            bail!("the recount found something: {said}");
        }
        Ok(format!("{stored}; recount: {said}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let said = "transaction type: send.sql\nlatency average = 9.1 ms\n\
                    tps = 3493.123456 (without initial connection time)\n";
        assert!((rate(said).unwrap() - 3_493.123_456).abs() < 1e-9);
        assert_eq!(rate("nothing"), None);
    }
}
