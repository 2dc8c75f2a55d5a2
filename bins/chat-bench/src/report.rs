//! What a run has found: a table to read, JSON to keep, and curves to look at.

mod machine;
mod number;
mod svg;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;

pub(crate) use self::machine::Machine;
pub(crate) use self::number::binary;

/// What stands where there is nothing to tell.
const NONE: &str = "–";

/// All of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Of this program.
    pub(crate) version: &'static str,
    /// Where it ran.
    pub(crate) machine: Machine,
    /// The command line, by which the run can be repeated.
    pub(crate) command: String,
    /// How many messages were stored when the rows were measured.
    pub(crate) messages: u64,
    /// One for each workload and floor, in the order in which they are told.
    pub(crate) rows: Vec<Row>,
    pub(crate) start: Option<Start>,
    pub(crate) memory: Option<Memory>,
    pub(crate) growth: Vec<Curve>,
    /// What was looked at besides the figures, and found to be so; one sentence each.
    pub(crate) checks: Vec<String>,
}

/// One workload under one load.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Its short name: `W1`, `echo`.
    pub(crate) name: &'static str,
    /// What is done: `POST /messages`.
    pub(crate) what: String,
    pub(crate) connections: usize,
    /// Requests a second that were asked for; none in a closed loop.
    pub(crate) fixed_rate: Option<f64>,
    /// The median of the rounds, and each of them.
    pub(crate) per_second: f64,
    pub(crate) rounds: Vec<f64>,
    /// Latencies over all rounds, in milliseconds.
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    /// What it is compared with: `echo`.
    pub(crate) floor: Option<&'static str>,
    pub(crate) ratio: Option<Ratio>,
    /// Processor time of the server for one request, in microseconds.
    pub(crate) cpu_us: Option<f64>,
    /// The most memory that the server held meanwhile, in bytes.
    pub(crate) peak_bytes: Option<u64>,
    /// Bytes on disk for one message.
    pub(crate) disk_bytes: Option<f64>,
}

/// How it compares with its floor.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    pub(crate) wanted: Wanted,
}

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
    /// There is no target for it.
    Open,
}

/// How the server starts over all the messages.
#[derive(Debug, Serialize)]
pub(crate) struct Start {
    /// From the start of the process to its first answer, in milliseconds.
    pub(crate) first_answer_ms: f64,
    /// The memory that it holds then, in bytes.
    pub(crate) resident_bytes: Option<u64>,
    /// The size of the program, in bytes.
    pub(crate) binary_bytes: u64,
}

/// What memory many uploads at once take.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// How many there were at once.
    pub(crate) uploads: usize,
    /// The size of each file, in bytes.
    pub(crate) file_bytes: usize,
    /// What the server held before them, just started, in bytes.
    pub(crate) resident_bytes: u64,
    /// The most that it held meanwhile, in bytes.
    pub(crate) peak_bytes: u64,
}

/// How the cost of requests changes with something that grows.
#[derive(Debug, Serialize)]
pub(crate) struct Curve {
    /// Also the name of its file: `messages`, `members`.
    pub(crate) name: &'static str,
    /// What grows, for a reader: `messages stored`.
    pub(crate) axis: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// One workload of a curve.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// `W1 send`.
    pub(crate) name: &'static str,
    pub(crate) points: Vec<Point>,
}

/// One workload at one size.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Point {
    pub(crate) size: u64,
    /// Processor time of the server for one request, in microseconds; the median of the rounds.
    pub(crate) cpu_us: f64,
}

/// How much the cost of a request may grow from the smallest size to the largest.
pub(crate) const GROWTH: Wanted = Wanted::AtMost(1.25);

impl Start {
    /// What the first answer may take, in milliseconds.
    pub(crate) const FIRST_ANSWER_MS: f64 = 150.0;
    /// What memory may be held then, in bytes.
    pub(crate) const RESIDENT_BYTES: u64 = 30 << 20;
    /// How large the program may be, in bytes.
    pub(crate) const BINARY_BYTES: u64 = 25 << 20;
}

impl Ratio {
    /// Whether it is what it should be.
    pub(crate) fn is_met(self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.value >= least,
            Wanted::AtMost(most) => self.value <= most,
            Wanted::Open => true,
        }
    }
}

impl Line {
    /// How many times the cost at the smallest size the cost at the largest is; none if that can't be
    /// told, as when there is one size only.
    pub(crate) fn growth(&self) -> Option<f64> {
        let by_size = |point: &&Point| point.size;
        let first = self.points.iter().min_by_key(by_size)?;
        let last = self.points.iter().max_by_key(by_size)?;
        (first.size < last.size && first.cpu_us > 0.0).then(|| last.cpu_us / first.cpu_us)
    }
}

impl Report {
    /// The whole report in Markdown.
    pub(crate) fn markdown(&self) -> String {
        table::markdown(self)
    }

    /// Writes `report.md`, `report.json` and a `growth-NAME.svg` for each curve into the directory,
    /// which is made if it is missing; the paths of what was written.
    pub(crate) fn write(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(dir).with_context(|| format!("can't make {}", dir.display()))?;
        let mut files = vec![
            ("report.md".to_owned(), self.markdown()),
            (
                "report.json".to_owned(),
                serde_json::to_string_pretty(self)? + "\n",
            ),
        ];
        for curve in &self.growth {
            files.push((format!("growth-{}.svg", curve.name), svg::draw(curve)?));
        }
        files
            .into_iter()
            .map(|(name, text)| {
                let path = dir.join(name);
                fs::write(&path, text)
                    .with_context(|| format!("can't write {}", path.display()))?;
                Ok(path)
            })
            .collect()
    }
}
