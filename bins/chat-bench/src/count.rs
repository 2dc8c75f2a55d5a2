//! Counts the instructions of a request, and holds them against figures that are checked in.
//!
//! The production binary runs under valgrind, which counts the same whatever else the machine does.
//! It serves a fixed workload, and then the same workload with some more requests of one kind: what
//! the second run costs beyond the first, shared among these requests, is what one of them costs.
//! Starting, setting up and stopping cancel out.

mod budget;
mod rest;
mod table;
mod valgrind;
mod workload;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use self::budget::Budget;
use self::valgrind::Valgrind;
use self::workload::Kind;
use crate::interrupt;
use crate::progress::print;
use crate::server::Server;

/// The subcommand's name.
pub(crate) const NAME: &str = "count";

/// The exit code when nothing could be counted; 1 says that a figure is not as it should be.
const NOT_COUNTED: u8 = 2;

/// What a request of a kind costs, in instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Count {
    pub(crate) kind: Kind,
    pub(crate) instructions: u64,
}

/// The subcommand.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Counts the instructions of a request, and fails when one costs more than it should")
        .arg(
            Arg::new("server")
                .long("server")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("The chat-server to count; built from this tree when not given"),
        )
        .arg(
            Arg::new("write")
                .long("write")
                .action(ArgAction::SetTrue)
                .help("Writes what is counted into the budget, instead of comparing"),
        )
}

/// Counts, prints a table, and compares with the budget or writes it.
pub(crate) fn run(args: &ArgMatches) -> ExitCode {
    let server = args.get_one::<PathBuf>("server").map(PathBuf::as_path);
    match count_and_judge(server, args.get_flag("write")) {
        Ok(code) => code,
        Err(_) if interrupt::came() => {
            eprintln!("chat-bench: interrupted");
            interrupt::EXIT_CODE.into()
        }
        Err(error) => {
            eprintln!("chat-bench: {error:#}");
            NOT_COUNTED.into()
        }
    }
}

fn count_and_judge(server: Option<&Path>, write: bool) -> Result<ExitCode> {
    interrupt::listen()?;
    let valgrind = Valgrind::find()?;
    // Read first: a file that can't be read is told before a minute of counting.
    let budget = Budget::read()?;
    let server = Server::find(server)?;
    let dir = tempfile::Builder::new().prefix("chat-count-").tempdir()?;
    let counts = count(&valgrind, &server, dir.path())?;
    print(&table::markdown(&budget, &counts))?;
    if write {
        budget.renewed(&counts)?.write()?;
        return Ok(ExitCode::SUCCESS);
    }
    let verdict = budget.judge(&counts);
    for advice in &verdict.advice {
        print(&format!("{advice}\n"))?;
    }
    if verdict.failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for failure in &verdict.failures {
        eprintln!("chat-bench: {failure}");
    }
    let kept = dir.keep();
    eprintln!(
        "chat-bench: what valgrind wrote is kept in {}",
        kept.display()
    );
    Ok(ExitCode::FAILURE)
}

/// What a request of each kind costs; valgrind's output goes into `dir`, a file for each run.
fn count(valgrind: &Valgrind, server: &Server, dir: &Path) -> Result<Vec<Count>> {
    let base = valgrind.count(server, dir, None)?;
    Kind::ALL
        .into_iter()
        .map(|kind| {
            let with = valgrind.count(server, dir, Some(kind))?;
            let instructions = each(base, with, kind.requests())
                .with_context(|| format!("{} can't be counted", kind.name()))?;
            Ok(Count { kind, instructions })
        })
        .collect()
}

/// What one of `requests` costs that were made in the run `with` and not in `base`.
fn each(base: u64, with: u64, requests: u64) -> Result<u64> {
    ensure!(requests > 0, "no request was made");
    let more = with
        .checked_sub(base)
        .context("more requests took fewer instructions")?;
    Ok((more + requests / 2) / requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_costs_what_a_run_with_more_of_them_costs_more() {
        assert_eq!(each(1_000, 4_000, 10).unwrap(), 300);
        assert_eq!(each(1_000, 1_004, 10).unwrap(), 0);
        assert_eq!(each(1_000, 1_005, 10).unwrap(), 1);
    }

    #[test]
    fn what_is_no_cost_is_refused() {
        assert!(each(1_000, 999, 10).is_err());
        assert!(each(1_000, 4_000, 0).is_err());
    }
}
