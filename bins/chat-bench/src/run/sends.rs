//! Sends: over one connection and over many, each acknowledged when it was durable.

use anyhow::{Result, ensure};

use super::{Bench, EASY, Named, compared};
use crate::load::Pace;
use crate::measure::{Series, in_turn};
use crate::options::CONNECTIONS;
use crate::progress::step;
use crate::report::{Ratio, Row, Wanted};
use crate::workloads::{Echo, Sends, Spread};
use crate::{checks, floor};

const W1: &str = "POST /messages";

/// How many parts a round over one connection is cut into.
const SLICES: usize = 5;

impl Bench<'_> {
    pub(super) fn sends(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut connections = self.options.senders.clone();
        let (w1, w1c) = (self.options.wants("w1"), self.options.wants("w1c"));
        if !w1 {
            connections.clear();
        }
        // At a rate there is nobody who never waits.
        if w1c && self.options.rate.is_none() && !connections.contains(&1) {
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
            return Ok(vec![self.paced(named, &sends, rate, connections)?]);
        }
        step(format_args!("W1: {W1} over {connections} connections"));
        let target = self.floor.as_ref().map(|floor| floor.child.target());
        let beside = target.as_ref().map(|target| (target, &Echo));
        let mut fsync = Series::new();
        let commits = || checks::commits(&self.target);
        // Not every server tells them.
        let before = (connections == 1).then(commits).transpose()?;
        let sent = self.history.len();
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
        if let Some(before) = before {
            self.one_commit_each((before, sent))?;
            if over.is_some() && self.own.is_some() {
                rows.push(alone(&series, &echo, &fsync));
            }
        }
        if connections == CONNECTIONS {
            let easy = series.per_second() * EASY;
            rows.push(self.paced(named, &sends, easy, connections)?);
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
