//! `chat-server recount`: proves every counter, and with `--repair` mends what is wrong.

use std::process::ExitCode;

use anyhow::Result;
use chat_store::{Mended, Recount};
use indicatif::{ProgressBar, ProgressStyle};

use crate::say::say;
use crate::{Config, database};

/// The exit code when nothing could be counted.
pub(crate) const NOT_COUNTED: u8 = 2;

/// Counts, and prints a line for each difference and one for all.
pub(crate) fn run(config: &Config, repair: bool) -> Result<ExitCode> {
    let bar = bar()?;
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let counted = if repair {
        let repair = database::repair(config, &mut progress)?;
        bar.finish_and_clear();
        mended(&repair.mended)?;
        repair.after
    } else {
        let recount = database::recount(config, &mut progress)?;
        bar.finish_and_clear();
        recount
    };
    report(&counted)?;
    Ok(if counted.agrees() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// On standard error, and only where that is a terminal.
fn bar() -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("counting {wide_bar} {percent}%, {eta} left")?;
    Ok(ProgressBar::no_length().with_style(style.progress_chars("=> ")))
}

/// What a repair has mended.
fn mended(
    Mended {
        differences, count, ..
    }: &Mended,
) -> Result<()> {
    for difference in differences {
        say(format_args!("mended: {difference}"))?;
    }
    match count.saturating_sub(differences.len() as u64) {
        0 => Ok(()),
        more => say(format_args!("mended: {more} more")),
    }
}

fn report(counted: &Recount) -> Result<()> {
    for difference in &counted.differences {
        say(difference)?;
    }
    let more = counted
        .found
        .saturating_sub(counted.differences.len() as u64);
    // More was found than is kept.
    if more > 0 {
        say(format_args!("and {more} more"))?;
    }
    let Recount {
        conversations,
        messages,
        participants,
        events,
        found,
        ..
    } = counted;
    let end = match found {
        0 => "all agree".to_owned(),
        1 => "1 difference".to_owned(),
        n => format!("{n} differences"),
    };
    say(format_args!(
        "{conversations} conversations, {messages} messages, {participants} participants, \
         {events} events: {end}"
    ))
}
