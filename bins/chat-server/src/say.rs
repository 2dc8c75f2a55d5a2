//! What subcommands print: a reader that has seen enough, such as `head`, is no failure.

use std::fmt::Display;
use std::io::{ErrorKind, Write};

use anyhow::{Context, Result};

/// Prints a line on standard output.
///
/// # Errors
/// When it can't be written, unless nobody reads it any more.
pub(crate) fn say(line: impl Display) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("can't write to standard output")
        }
        _ => Ok(()),
    }
}
