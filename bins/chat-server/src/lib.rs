//! The chat engine as one binary: reads the configuration, composes store, service and transport,
//! runs, and stops on a signal. It holds no logic of its own; tests boot the same composition.

mod backup;
mod cli;
mod config;
mod database;
mod files;
mod health;
mod migrate;
mod openapi;
mod recount;
mod relocate;
mod say;
mod seams;
mod serve;
mod sweep;
mod tokens;

use std::process::ExitCode;

pub use config::{
    Config, Database, FilesPlace, InvalidSetting, PostgresUrl, TlsFiles, TokenKeys, TokenSettings,
};
pub use database::AnyStore;
pub use seams::Seams;
pub use serve::{App, compose, compose_over};

/// The process: parses the command line and the environment, and runs the command.
///
/// What goes wrong ends as one sentence on standard error and exit code 1, or 2 for a recount and a check
/// of the files, whose code 1 says that they have found something; a command line that can't be read, as clap's usage
/// message and exit code 2.
pub fn main() -> ExitCode {
    main_over(Seams::default())
}

/// The same process, with the service over what stands at the seams; see [`compose_over`].
pub fn main_over(seams: Seams) -> ExitCode {
    // `RUST_LOG` filters the log. What the HTTP server tells of its workers and of bytes that are no
    // HTTP, and what is told of TLS, is left out: anyone who can connect could fill the log with it.
    env_logger::Builder::new()
        .parse_filters(
            "info,actix_server=warn,actix_http::h1=off,actix_http::ws=off,h2=off,rustls=off",
        )
        .parse_default_env()
        .init();
    let matches = match cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Failing to print the message leaves nothing better to do than the exit code.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    for name in cli::unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
        log::warn!("{name} is set, but there is no such setting; it is ignored");
    }
    let done = Config::from_matches(&matches).and_then(|config| match matches.subcommand() {
        Some(("migrate", _)) => migrate::run(&config).map(|()| ExitCode::SUCCESS),
        Some(("health", _)) => health::run(&config).map(|()| ExitCode::SUCCESS),
        Some(("openapi", _)) => openapi::run(&config).map(|()| ExitCode::SUCCESS),
        Some(("token", args)) => tokens::run(&config, args).map(|()| ExitCode::SUCCESS),
        Some(("recount", args)) => recount::run(&config, args.get_flag(cli::REPAIR)),
        Some(("backup", args)) => backup::run(&config, args).map(|()| ExitCode::SUCCESS),
        Some(("move", args)) => relocate::run(&config, args).map(|()| ExitCode::SUCCESS),
        Some(("files", args)) => files::run(&config, args),
        _ => serve::run(&config, seams).map(|()| ExitCode::SUCCESS),
    });
    done.unwrap_or_else(|error| {
        eprintln!("chat-server: {error:#}");
        match matches.subcommand_name() {
            Some("recount" | "files") => recount::NOT_COUNTED.into(),
            _ => ExitCode::FAILURE,
        }
    })
}
