//! A whole run: what is measured after what.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::checks;
use crate::child::Child;
use crate::client::Target;
use crate::fill::{self, Fill, Stage};
use crate::floor;
use crate::growth;
use crate::load::{Pace, Workload};
use crate::measure::{Rounds, Series, in_turn};
use crate::options::{CONNECTIONS, MESSAGES_OF_A_GROUP, Options};
use crate::progress::step;
use crate::report::{Machine, Ratio, Report, Row, Wanted};
use crate::server::Server;
use crate::start;
use crate::subject::{self, Own, fetch};
use crate::workloads::{Constant, Deep, Echo, Hot, Sends, Spread, Unseen};
use crate::world::{History, World};

/// What a send at a fixed rate has to keep up with, as a share of the most that was reached.
const EASY: f64 = 0.5;

/// How many parts a round over one connection is cut into.
const SLICES: usize = 5;

/// Measures what `options` want.
pub(crate) fn run(options: &Options, command: String) -> Result<Report> {
    let dir = subject::scratch()?;
    let mut checks = Vec::new();
    let own = match &options.url {
        Some(_) => None,
        None => {
            let server = Server::find(options.server.as_deref())?;
            step("killing a server under load, to see whether it keeps what it acknowledged");
            checks.push(checks::survives(&server, dir.path())?);
            Some(Own::start(&server, dir.path().join("data"))?)
        }
    };
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine::here(dir.path()),
        command,
        messages: options.messages,
        rows: Vec::new(),
        start: None,
        growth: Vec::new(),
        checks,
    };
    Bench::prepare(options, dir.path(), own, report)?.measure()
}

/// A server with its messages, and what was found so far.
struct Bench<'a> {
    options: &'a Options,
    dir: &'a Path,
    own: Option<Own>,
    target: Target,
    world: World,
    history: History,
    stages: Vec<Stage>,
    floor: Option<Floor>,
    report: Report,
}

/// The floors of HTTP, which only serve on this machine.
struct Floor {
    child: Child,
    page: Vec<u8>,
}

impl<'a> Bench<'a> {
    /// Fills the server.
    fn prepare(
        options: &'a Options,
        dir: &'a Path,
        mut own: Option<Own>,
        mut report: Report,
    ) -> Result<Self> {
        let target = match (&own, &options.url) {
            (Some(own), _) => own.target()?,
            (None, Some(url)) => subject::remote(url)?,
            (None, None) => bail!("there is no server to be measured"),
        };
        step(format_args!("storing {} messages", options.messages));
        let world = World::build(&target, tag(dir), options.groups)?;
        let history = History::of(&world);
        let mut filling = Fill::new(&world, &history, options.messages)?;
        let (mut stages, mut bytes) = (Vec::new(), None);
        match &mut own {
            Some(own) => {
                let least = options.groups as u64 * MESSAGES_OF_A_GROUP;
                let wanted = if options.wants("growth") {
                    fill::stages(least, options.messages)
                } else {
                    vec![options.messages]
                };
                let (copies, size) = filling.in_stages(own, dir, &wanted)?;
                (stages, bytes) = (copies, Some(size));
            }
            None => filling.up_to(&target, options.messages)?,
        }
        let mut row = filling
            .series
            .row("fill", "POST /messages", fill::CONNECTIONS);
        row.disk_bytes = bytes.map(|bytes| per(bytes, options.messages));
        report.rows.push(row);
        let target = own.as_ref().map_or(Ok(target), Own::target)?;
        report
            .checks
            .push(checks::stored(&target, &world, &history)?);
        Ok(Self {
            options,
            dir,
            own,
            target,
            world,
            history,
            stages,
            floor: None,
            report,
        })
    }

    /// Measures one thing after the other, and tells them in their usual order.
    fn measure(mut self) -> Result<Report> {
        self.start()?;
        self.start_floor()?;
        // Reads before sends: so as many messages are stored as the report says.
        let reads = self.reads()?;
        let sends = self.sends()?;
        self.report.rows.extend(sends);
        self.report.rows.extend(reads);
        self.growth()?;
        self.finish()
    }

    fn start(&mut self) -> Result<()> {
        let Some(own) = self.own.as_mut().filter(|_| self.options.wants("start")) else {
            return Ok(());
        };
        step("starting");
        let group = &self.world.groups[0];
        let path = format!("/messages?group_id={}", group.id);
        let server = own.server.clone();
        let start = own.restart(|data| start::measure(&server, data, &path, group.members[0]))?;
        self.target = own.target()?;
        self.report.start = Some(start);
        Ok(())
    }

    /// Starts the floors, with a page of the server as the constant page.
    fn start_floor(&mut self) -> Result<()> {
        if self.options.rate.is_some() || !self.target.address.ip().is_loopback() {
            return Ok(());
        }
        let path = format!("/messages?group_id={}", self.world.groups[0].id);
        let page = fetch(&self.target, &path, None)?;
        let child = floor::start(self.dir, &page)?;
        self.floor = Some(Floor { child, page });
        Ok(())
    }
}

/// A workload as a report names it, and what it should reach.
#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    what: &'static str,
    wanted: Wanted,
}

const W1: &str = "POST /messages";

impl Bench<'_> {
    fn reads(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        if self.options.wants("w2h") {
            let named = Named {
                name: "W2h",
                what: "GET /messages, newest 50",
                wanted: Wanted::AtLeast(0.5),
            };
            let hot = Hot::new(&self.world, &self.history)?;
            let page = self.floor.as_ref().map_or(&[][..], |floor| &floor.page);
            rows.extend(self.read(named, &hot, ("page", &Constant(page)))?);
        }
        if self.options.wants("w2") {
            let named = Named {
                name: "W2",
                what: "GET /messages, 50 before any",
                wanted: Wanted::AtLeast(0.2),
            };
            let deep = Deep::new(&self.world, &self.history)?;
            rows.extend(self.read(named, &deep, ("echo", &Echo))?);
        }
        if self.options.wants("w3") {
            let named = Named {
                name: "W3",
                what: "GET /messages/unseen/:id",
                wanted: Wanted::AtLeast(0.25),
            };
            let unseen = Unseen::new(&self.world, &self.history)?;
            rows.extend(self.read(named, &unseen, ("echo", &Echo))?);
        }
        Ok(rows)
    }

    /// A workload that changes nothing: in a closed loop beside its floor, and at a rate that it can keep.
    fn read<W: Workload, F: Workload>(
        &self,
        named: Named,
        workload: &W,
        (of_floor, floor): (&'static str, &F),
    ) -> Result<Vec<Row>> {
        if let Some(rate) = self.options.rate {
            return Ok(vec![self.paced(named, workload, rate)?]);
        }
        step(format_args!("{}: {}", named.name, named.what));
        let target = self.floor.as_ref().map(|floor| floor.child.target());
        let beside = target.as_ref().map(|target| (target, floor));
        let rounds = self.rounds(CONNECTIONS, Pace::Closed);
        let (below, series) = in_turn(beside, (&self.target, workload), rounds, || Ok(()))?;
        let easy = series.per_second() * EASY;
        let mut rows = vec![compared(
            &series,
            named,
            CONNECTIONS,
            beside.map(|_| (of_floor, &below)),
        )];
        rows.push(self.paced(named, workload, easy)?);
        if beside.is_some() {
            rows.push(below.row(of_floor, "floor", CONNECTIONS));
        }
        Ok(rows)
    }

    /// A workload at a fixed rate.
    fn paced<W: Workload>(&self, named: Named, workload: &W, rate: f64) -> Result<Row> {
        step(format_args!(
            "{}: {} at {rate:.0}/s",
            named.name, named.what
        ));
        let nothing = None::<(&Target, &Echo)>;
        let rounds = self.rounds(CONNECTIONS, Pace::Rate(rate));
        let (_, series) = in_turn(nothing, (&self.target, workload), rounds, || Ok(()))?;
        Ok(Row {
            fixed_rate: Some(rate),
            ..series.row(named.name, named.what, CONNECTIONS)
        })
    }

    fn sends(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut connections = self.options.senders.clone();
        let (w1, w1c) = (self.options.wants("w1"), self.options.wants("w1c"));
        if !w1 {
            connections.clear();
        }
        if w1c && !connections.contains(&1) {
            connections.push(1);
        }
        for connections in connections {
            rows.extend(self.sends_over(connections)?);
        }
        if !w1 {
            rows.retain(|row| row.name != "W1");
        }
        Ok(rows)
    }

    fn sends_over(&self, connections: usize) -> Result<Vec<Row>> {
        let sends = Sends {
            world: &self.world,
            history: &self.history,
            spread: Spread::Even,
            first: self.history.len(),
        };
        let wanted = match connections {
            32 => Wanted::AtLeast(0.25),
            128 => Wanted::AtLeast(0.35),
            _ => Wanted::Open,
        };
        let named = Named {
            name: "W1",
            what: W1,
            wanted,
        };
        if let Some(rate) = self.options.rate {
            return Ok(vec![self.paced(named, &sends, rate)?]);
        }
        step(format_args!("W1: {W1} over {connections} connections"));
        let target = self.floor.as_ref().map(|floor| floor.child.target());
        let beside = target.as_ref().map(|target| (target, &Echo));
        let mut fsync = Series::new();
        let before = (checks::commits(&self.target)?, self.history.len());
        let mut rounds = self.rounds(connections, Pace::Closed);
        if connections == 1 {
            // An fsync takes another time from one second to the next: they take turns more often.
            rounds.count *= SLICES;
            rounds.lasting /= u32::try_from(SLICES)?;
        }
        let disk = || match &self.own {
            Some(_) => fsync.add(&floor::fsyncs(self.dir, rounds.lasting.div_f64(3.0))?),
            None => Ok(()),
        };
        let (echo, series) = in_turn(beside, (&self.target, &sends), rounds, disk)?;
        let over = beside.map(|_| ("echo", &echo));
        let mut rows = vec![compared(&series, named, connections, over)];
        if connections == 1 {
            self.one_commit_each(before)?;
            if over.is_some() && self.own.is_some() {
                rows.push(alone(&series, &echo, &fsync));
            }
        }
        if connections == CONNECTIONS {
            rows.push(self.paced(named, &sends, series.per_second() * EASY)?);
        }
        if over.is_some() {
            rows.push(echo.row("echo", "floor", connections));
        }
        if self.own.is_some() {
            rows.push(fsync.row("fsync", "floor", 1));
        }
        Ok(rows)
    }

    /// Fails unless each send over one connection had a commit of its own.
    fn one_commit_each(&self, (commits, sends): (u64, u64)) -> Result<()> {
        let commits = checks::commits(&self.target)? - commits;
        let sends = self.history.len() - sends;
        ensure!(
            commits >= sends,
            "{sends} sends over one connection were acknowledged, one after the other, after \
             {commits} commits: some were not durable"
        );
        Ok(())
    }

    fn rounds(&self, connections: usize, pace: Pace) -> Rounds {
        Rounds {
            count: self.options.rounds,
            lasting: self.options.round,
            connections,
            pace,
        }
    }

    fn growth(&mut self) -> Result<()> {
        let Some(own) = self.own.as_ref().filter(|_| self.options.wants("growth")) else {
            return Ok(());
        };
        step("growth: with the messages stored");
        let copies = growth::start(&own.server, &self.stages)?;
        let mut sizes = Vec::new();
        for (stage, copy) in self.stages.iter().zip(&copies) {
            sizes.push(growth::Sized {
                messages: stage.messages,
                target: copy.target()?,
                history: &stage.history,
            });
        }
        sizes.push(growth::Sized {
            messages: self.options.messages,
            target: self.target.clone(),
            history: &self.history,
        });
        let messages = growth::by_messages(&self.world, &sizes)?;
        drop(copies);
        step("growth: with the members of a group");
        let members = growth::by_members(&self.target, &mut self.world, &mut self.history)?;
        self.report.growth = vec![messages, members];
        Ok(())
    }

    /// Looks once more whether all is stored, and whether every counter is right.
    fn finish(mut self) -> Result<Report> {
        let stored = checks::stored(&self.target, &self.world, &self.history)?;
        self.report.checks.push(stored);
        if let Some(mut own) = self.own.take() {
            own.stop()?;
            own.server.recount(&own.data)?;
            let agrees = "the server's recount of everything agreed at the end";
            self.report.checks.push(agrees.to_owned());
        }
        Ok(self.report)
    }
}

/// The row of a series, over its floor if there is one.
fn compared(
    series: &Series,
    named: Named,
    connections: usize,
    floor: Option<(&'static str, &Series)>,
) -> Row {
    match floor {
        Some(floor) => series.row_over((named.name, named.what, connections), floor, named.wanted),
        None => series.row(named.name, named.what, connections),
    }
}

/// What a send over one connection takes, beside what an fsync and an echo take: nobody waits for others.
fn alone(sends: &Series, echo: &Series, fsync: &Series) -> Row {
    let least = fsync.quantile(0.5) + echo.quantile(0.5);
    let ratio = Ratio {
        value: sends.quantile(0.5) / least,
        wanted: Wanted::AtMost(1.5),
    };
    Row {
        floor: Some("(fsync + echo), p50"),
        ratio: Some(ratio),
        ..sends.row("W1c", W1, 1)
    }
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per(bytes: u64, messages: u64) -> f64 {
    bytes as f64 / messages as f64
}

/// What the names of this run begin with: the same in no other run over the same server.
fn tag(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}
