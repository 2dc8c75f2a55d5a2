//! A whole run: what is measured after what.

mod files;
mod reads;
mod sends;

use std::path::Path;

use anyhow::{Result, bail};

use crate::checks;
use crate::child::Child;
use crate::client::Target;
use crate::fill::{self, Fill, Stage};
use crate::floor;
use crate::growth;
use crate::load::{Pace, Workload};
use crate::measure::{Rounds, Series, in_turn};
use crate::options::{MESSAGES_OF_A_GROUP, Options};
use crate::progress::step;
use crate::report::{Curve, Machine, Report, Row, Wanted};
use crate::server::Server;
use crate::start;
use crate::subject::{self, Own, fetch};
use crate::usage;
use crate::workloads::Echo;
use crate::world::{History, World};

/// The fixed rate at which a workload is measured besides, as a share of the most that was reached.
const EASY: f64 = 0.5;

/// A rate of which less than this share was reached was not kept.
const KEPT: f64 = 0.9;

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
        memory: None,
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
        filling.done();
        let mut row = filling
            .series
            .row("fill", "POST /messages", fill::CONNECTIONS);
        // Its parts are of different lengths.
        row.per_second = filling.series.overall();
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
        // Reads before sends, and the curve before the sends that add by far the most: so as many messages
        // are stored as the report says.
        let reads = self.reads()?;
        let by_messages = self.growth_by_messages()?;
        let sends = self.sends()?;
        self.report.rows.extend(sends);
        self.report.rows.extend(reads);
        self.report.growth.extend(by_messages);
        self.growth_by_members()?;
        let (files, memory) = self.files()?;
        self.report.rows.extend(files);
        self.report.memory = memory;
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

impl Bench<'_> {
    /// A workload at a fixed rate.
    fn paced<W: Workload>(
        &self,
        named: Named,
        workload: &W,
        rate: f64,
        connections: usize,
    ) -> Result<Row> {
        step(format_args!(
            "{}: {} at {rate:.0}/s",
            named.name, named.what
        ));
        let nothing = None::<(&Target, &Echo)>;
        let rounds = self.rounds(connections, Pace::Rate(rate));
        let (_, series) = in_turn(nothing, (&self.target, workload), rounds, || Ok(()))?;
        let kept = series.per_second();
        if kept < rate * KEPT {
            step(format_args!(
                "{}: the rate was not kept, {kept:.0}/s were; its latencies are those of who queues",
                named.name
            ));
        }
        Ok(Row {
            fixed_rate: Some(rate),
            ..series.row(named.name, named.what, connections)
        })
    }

    fn rounds(&self, connections: usize, pace: Pace) -> Rounds {
        Rounds {
            count: self.options.rounds,
            lasting: self.options.round,
            connections,
            pace,
        }
    }

    /// The server, if what growth costs is wanted and can be told.
    fn grows(&self) -> Option<&Own> {
        let own = self.own.as_ref().filter(|_| self.options.wants("growth"))?;
        if self.target.pid.and_then(usage::cpu).is_none() {
            step("growth: left out, since this system does not tell what processor time is used");
            return None;
        }
        Some(own)
    }

    fn growth_by_messages(&self) -> Result<Option<Curve>> {
        let Some(own) = self.grows() else {
            return Ok(None);
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
        growth::by_messages(&self.world, &sizes).map(Some)
    }

    fn growth_by_members(&mut self) -> Result<()> {
        if self.report.growth.is_empty() {
            return Ok(());
        }
        step("growth: with the members of a group");
        let members = growth::by_members(&self.target, &mut self.world, &mut self.history)?;
        self.report.growth.push(members);
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

#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn per(bytes: u64, messages: u64) -> f64 {
    bytes as f64 / messages as f64
}

/// What the names of this run begin with: the same in no other run over the same server.
fn tag(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}
