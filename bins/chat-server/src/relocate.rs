//! `chat-server move --from URL --to URL`: moves everything into another database, and proves it.

use std::ffi::OsString;

use anyhow::{Context, Result};
use chat_store::moving::{self, MoveError, Phase, Progress, Report, relocate};
use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressStyle};

use crate::say::say;
use crate::{Config, Database, cli, database};

/// How many digits of a checksum are shown: enough to compare by eye, and beside each other in a line.
const DIGITS: usize = 16;

/// Moves, and prints a line for each table and one for all.
pub(crate) fn run(config: &Config, args: &ArgMatches) -> Result<()> {
    let from = place(config, args, cli::FROM)?;
    let to = place(config, args, cli::TO)?;
    let bar = bar()?;
    let moved = relocate(&from, &to, &mut |now| show(&bar, now));
    bar.finish_and_clear();
    match moved {
        Ok(moved) => {
            report(&moved)?;
            say(format_args!(
                "all {} tables are equal; log {} goes on from position {}",
                moved.tables.len(),
                moved.log_id,
                moved.position
            ))
        }
        Err(MoveError::Differs(found)) => {
            report(&found)?;
            Err(MoveError::Differs(found).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The database that a flag names.
fn place(config: &Config, args: &ArgMatches, flag: &'static str) -> Result<moving::Database> {
    let url = args.get_one::<OsString>(flag).context("no URL")?;
    let database = Database::parse(flag, url.to_string_lossy().into_owned())?;
    Ok(database::place(config, &database))
}

/// On standard error, and only where that is a terminal.
fn bar() -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{msg:28} {wide_bar} {percent}%, {eta} left")?;
    Ok(ProgressBar::no_length().with_style(style.progress_chars("=> ")))
}

fn show(bar: &ProgressBar, now: Progress) {
    let doing = match now.phase {
        Phase::Copying => "copying",
        _ => "verifying",
    };
    bar.set_message(format!("{doing} {}", now.table));
    bar.set_length(now.total);
    bar.set_position(now.done);
}

/// Both sides, a line for each table.
fn report(report: &Report) -> Result<()> {
    say(format_args!(
        "{:<16}  {:>12} {:>12}  {:>12} {:>12}  {:DIGITS$} {:DIGITS$}",
        "table", "rows from", "rows to", "last id from", "last id to", "sha256 from", "sha256 to",
    ))?;
    for table in &report.tables {
        let (from, to) = (&table.from, &table.to);
        let id = |last: Option<i64>| last.map_or_else(|| "-".to_owned(), |last| last.to_string());
        say(format_args!(
            "{:<16}  {:>12} {:>12}  {:>12} {:>12}  {:.DIGITS$} {:.DIGITS$}{}",
            table.table,
            from.rows,
            to.rows,
            id(from.last_id),
            id(to.last_id),
            from.checksum,
            to.checksum,
            if table.agrees() { "" } else { "  DIFFERS" },
        ))?;
    }
    Ok(())
}
