//! `chat-server migrate`: brings the database up to date and ends.

use anyhow::Result;

use crate::say::say;
use crate::{Config, database};

/// Runs what is missing and says what was run.
pub(crate) fn run(config: &Config) -> Result<()> {
    let applied = database::migrate(config)?;
    if applied.is_empty() {
        say("the database is up to date")?;
    }
    for name in applied {
        say(format_args!("applied {name}"))?;
    }
    Ok(())
}
