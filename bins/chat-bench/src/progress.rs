//! What the user sees: progress on standard error, so that standard output is the report alone.

use std::io::{self, ErrorKind, Write};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Tells what comes next.
pub(crate) fn step(what: impl std::fmt::Display) {
    // Nobody has to read it.
    drop(writeln!(io::stderr(), "{what}"));
}

/// Prints to standard output; nobody reading it any more is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A bar over so many messages; only a terminal shows it.
pub(crate) fn messages(all: u64) -> Result<ProgressBar> {
    let template = "storing {wide_bar} {human_pos} of {human_len} messages, {eta} left";
    let style = ProgressStyle::with_template(template)?.progress_chars("=> ");
    Ok(ProgressBar::new(all).with_style(style))
}
