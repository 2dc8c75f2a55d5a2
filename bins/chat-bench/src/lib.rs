//! A benchmark that anyone can run: how fast a chat-server is on this machine, what it costs as history
//! grows, and how far it is from what the machine could do at most.
//!
//! A run starts the production binary over a temporary directory, fills it, and measures workloads in
//! rounds that take turns with floors: the same HTTP stack with nothing behind it, and the bare disk. Every
//! answer is checked, and so is that what was acknowledged was durable: a figure of something else than it
//! says is worse than none.
//!
//! - `options` is the command line, `run` the order of things, `report` what comes out.
//! - `load` asks, closed loop or fixed rate; `workloads` says what, and what a right answer is; `world` is
//!   what they talk about.
//! - `subject` and `server` are what is measured, `floor` what it is compared with, `child` a process of
//!   either, `client` a connection to it, `content` what files hold.
//! - `fill`, `start`, `measure`, `growth` and `checks` are the parts of a run.
//! - `interrupt` ends a run before its time.
//! - `nodes` is a run of its own: sends over PostgreSQL, beside pgbench.
//! - `live` is another: readers of what happens, by the hundred and the thousand.
//! - `count` is another thing: what a request costs in instructions, for CI to compare.

mod checks;
mod child;
mod client;
mod content;
mod count;
mod fill;
mod floor;
mod growth;
mod interrupt;
mod live;
mod load;
mod measure;
mod nodes;
mod options;
mod progress;
mod report;
mod run;
mod server;
mod start;
mod subject;
mod usage;
mod workloads;
mod world;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::options::Options;

/// The process: parses the command line, measures, and prints the report on standard output.
///
/// What goes wrong, a wrong answer of the server among it, ends as one sentence on standard error and
/// exit code 1; a command line that can't be read, as clap's usage message and exit code 2.
pub fn main() -> ExitCode {
    let matches = match options::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Failing to print the message leaves nothing better to do than the exit code.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match matches.subcommand() {
        Some((count::NAME, args)) => return count::run(args),
        Some((nodes::NAME, args)) => nodes::run(args),
        Some((live::NAME, args)) => live::run(args),
        Some((floor::SUBCOMMAND, args)) => {
            let page: Option<&PathBuf> = args.get_one("page");
            page.map_or(Ok(()), |page| floor::serve(page))
        }
        _ => Options::read(&matches).and_then(|options| bench(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whatever it broke off in, that is not why it ended.
        Err(_) if interrupt::came() => {
            eprintln!("chat-bench: interrupted");
            interrupt::EXIT_CODE.into()
        }
        Err(error) => {
            eprintln!("chat-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Result<()> {
    let command: Vec<String> = std::env::args().skip(1).collect();
    interrupt::listen()?;
    // Before all else: that it can't be made should not be told when all is measured.
    let out = &options.out;
    fs::create_dir_all(out).with_context(|| format!("can't make {}", out.display()))?;
    let report = run::run(options, format!("chat-bench {}", command.join(" ")))?;
    // Kept before it is printed to somebody who may have stopped reading.
    let written = report.write(out)?;
    progress::print(&(report.markdown() + "\n"))?;
    for path in written {
        progress::step(format_args!("wrote {}", path.display()));
    }
    Ok(())
}
