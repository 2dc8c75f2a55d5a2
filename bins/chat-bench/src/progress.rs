//! What the user sees while it runs: on standard error, so that standard output is the report alone.

use indicatif::{ProgressBar, ProgressStyle};

use anyhow::Result;

/// Tells what comes next.
pub(crate) fn step(what: impl std::fmt::Display) {
    eprintln!("{what}");
}

/// A bar over so many messages; only a terminal shows it.
pub(crate) fn messages(all: u64) -> Result<ProgressBar> {
    let template = "storing {wide_bar} {human_pos} of {human_len} messages, {eta} left";
    let style = ProgressStyle::with_template(template)?.progress_chars("=> ");
    Ok(ProgressBar::new(all).with_style(style))
}
