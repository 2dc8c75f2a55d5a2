//! `chat-server backup FILE`: copies the database, also beside a running server.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ArgMatches;

use crate::say::say;
use crate::{Config, cli, database};

/// Makes the copy and says so.
pub(crate) fn run(config: &Config, args: &ArgMatches) -> Result<()> {
    let file = args.get_one::<OsString>(cli::FILE).context("no file")?;
    let file = Path::new(file);
    database::backup(config, file)?;
    say(format_args!("{} is a copy of the database", file.display()))
}
