//! The command line. Settings stand in one table; each row is a flag, an environment variable and a
//! key of the configuration file at once.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgGroup, Command};

use crate::config::time;

/// One setting; flag and variable are derived from its key.
pub(crate) struct Setting {
    /// The key in the configuration file: `data_dir` is `--data-dir` and `CHAT_DATA_DIR` too.
    pub(crate) key: &'static str,
    /// What stands for the value in `help`.
    value: &'static str,
    /// What it is for.
    help: &'static str,
    /// Whether the flag may stand without a value, which then is `on`.
    switch: bool,
}

/// Every setting, in the order of `help`.
pub(crate) const SETTINGS: [Setting; 23] = [
    Setting {
        key: "listen",
        value: "HOST:PORT",
        help: "Where to listen [default: 127.0.0.1:8080]",
        switch: false,
    },
    Setting {
        key: "data_dir",
        value: "DIR",
        help: "Where the SQLite file and the files lie; created if missing [default: ./data]",
        switch: false,
    },
    Setting {
        key: "database_url",
        value: "URL",
        help: "The database: sqlite://PATH, or postgres://USER:PASSWORD@HOST/DATABASE \
               [default: sqlite://<data-dir>/chat.db]",
        switch: false,
    },
    Setting {
        key: "pool_size",
        value: "N",
        help: "Connections to PostgreSQL, or for reading from SQLite, 1 to 1024 [default: 16]",
        switch: false,
    },
    Setting {
        key: "files_url",
        value: "URL",
        help: "Where files are kept: file://DIR, or s3://BUCKET/PREFIX, whose region, endpoint and \
               credentials the AWS_* variables give [default: file://<data-dir>/files]",
        switch: false,
    },
    Setting {
        key: "files_links",
        value: "on|off",
        help: "Lead clients to S3 itself for the content of files, by URLs that hold for a minute \
               [default: off]",
        switch: true,
    },
    Setting {
        key: "max_file_size",
        value: "SIZE",
        help: "The most bytes of a file, 1 to 5GiB, such as 500KiB, 50MiB [default: 50MiB]",
        switch: false,
    },
    Setting {
        key: "file_grace",
        value: "TIME",
        help: "How long unused files and uploads stay, such as 90s, 15m, 24h, 7d [default: 24h]",
        switch: false,
    },
    Setting {
        key: "event_retention",
        value: "TIME|all",
        help: "How long what has happened can be read again, such as 30d; a cursor from before is expired \
               [default: all]",
        switch: false,
    },
    Setting {
        key: "token_secret",
        value: "SECRET",
        help: "Token mode: whoever comes must show a JWT signed with this secret of at least 32 bytes \
               (HS256). On a command line others on this machine can read it; better is its variable, or a file \
               [default: open mode]",
        switch: false,
    },
    Setting {
        key: "token_secret_file",
        value: "FILE",
        help: "The same with a secret that is the text of a file",
        switch: false,
    },
    Setting {
        key: "token_jwks",
        value: "FILE|URL",
        help: "Token mode by the public keys of a JWK set (RS256, ES256, EdDSA), read from a file or an \
               https:// URL",
        switch: false,
    },
    Setting {
        key: "token_issuer",
        value: "TEXT",
        help: "The `iss` that tokens must have [default: any]",
        switch: false,
    },
    Setting {
        key: "token_audience",
        value: "TEXT",
        help: "What must be among the `aud` of tokens [default: anything]",
        switch: false,
    },
    Setting {
        key: "token_subject",
        value: "id|external_id",
        help: "What the `sub` of tokens is of the user who acts [default: id]",
        switch: false,
    },
    Setting {
        key: "token_create_users",
        value: "on|off",
        help: "Make a user whose external_id is not known from the claims of its token [default: off]",
        switch: true,
    },
    Setting {
        key: "rate_limit",
        value: "BUDGETS",
        help: "How much each user may ask: off, on, or so many a second and so many at once, such as \
               sends=50/100,writes=20/60,reads=100/200; ten times that from one address \
               [default: on in token mode, off in open mode]",
        switch: false,
    },
    Setting {
        key: "trusted_proxies",
        value: "ADDRESSES",
        help: "The proxies whose X-Forwarded-For counts, such as 10.0.0.0/8,::1 [default: none]",
        switch: false,
    },
    Setting {
        key: "cors_origin",
        value: "ORIGINS",
        help: "The origins whose pages may read answers, such as https://app.example.org; with commas \
               between [default: none]",
        switch: false,
    },
    Setting {
        key: "tls_cert",
        value: "FILE",
        help: "The certificate to be shown and those that lead to its authority, in PEM; read again when it \
               changes. HTTP/2 comes with it [default: none, HTTP/1.1 in clear text]",
        switch: false,
    },
    Setting {
        key: "tls_key",
        value: "FILE",
        help: "The private key of the certificate, in PEM",
        switch: false,
    },
    Setting {
        key: "insecure_open",
        value: "on|off",
        help: "Serve open mode, where anyone may act as anyone, beyond this machine [default: off]",
        switch: true,
    },
    Setting {
        key: "idempotency_ttl",
        value: "TIME",
        help: "How long answers are kept for retries, such as 90s, 15m, 24h, 7d [default: 24h]",
        switch: false,
    },
];

/// `recount --repair`, `files check --repair`.
pub(crate) const REPAIR: &str = "repair";

/// `files check --repair --force`.
pub(crate) const FORCE: &str = "force";

/// `files check`.
pub(crate) const CHECK: &str = "check";

/// The file of `backup FILE`.
pub(crate) const FILE: &str = "file";

/// `move --from URL`.
pub(crate) const FROM: &str = "from";

/// `move --to URL`.
pub(crate) const TO: &str = "to";

/// `token --user ID`.
pub(crate) const USER: &str = "user";

/// `token --system`.
pub(crate) const SYSTEM: &str = "system";

/// `token --ttl TIME`.
pub(crate) const TTL: &str = "ttl";

/// `--config`, the path of the configuration file; no key of that file itself.
pub(crate) const CONFIG: &str = "config";

impl Setting {
    /// The flag without its dashes.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    fn arg(&self) -> Arg {
        let arg = Arg::new(self.key)
            .long(self.flag())
            .env(variable(self.key))
            .value_name(self.value)
            .help(self.help)
            .hide_env_values(true)
            // Any bytes, so that a value that is no text is told of like every other bad one.
            .value_parser(clap::value_parser!(OsString))
            .global(true);
        if self.switch {
            arg.num_args(0..=1)
                .require_equals(true)
                .default_missing_value("on")
        } else {
            arg
        }
    }
}

/// The environment variable of a setting.
pub(crate) fn variable(key: &str) -> String {
    format!("CHAT_{}", key.to_uppercase())
}

/// The command line, with its subcommands.
pub(crate) fn command() -> Command {
    Command::new("chat-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A chat backend in one binary: users, direct messages, groups, receipts, over REST")
        .after_help("RUST_LOG filters the log (info by default).")
        .subcommand(Command::new("serve").about("Run the server (the default)"))
        .subcommand(Command::new("migrate").about("Bring the database up to date, and end"))
        .subcommand(
            Command::new("health")
                .about("Ask the server at the configured address whether it is ready")
                .after_help("Exit code: 0 it is ready, 1 it is not, or nobody answers."),
        )
        .subcommand(Command::new("openapi").about("Print the API as an OpenAPI 3.1 document"))
        .subcommand(token())
        .subcommand(recount())
        .subcommand(backup())
        .subcommand(relocate())
        .subcommand(files())
        .arg(
            Arg::new(CONFIG)
                .long(CONFIG)
                .env(variable(CONFIG))
                .value_name("FILE")
                .help("A TOML file with any of the settings below, such as: listen = \"…\"")
                .hide_env_values(true)
                .value_parser(clap::value_parser!(OsString))
                .global(true),
        )
        .args(SETTINGS.iter().map(Setting::arg))
}

fn token() -> Command {
    Command::new("token")
        .about("Print a token for a user or for the system, signed with the configured secret")
        .arg(
            Arg::new(USER)
                .long(USER)
                .value_name("ID")
                .help("The user who acts: its id, or its external_id where that is the subject"),
        )
        .arg(
            Arg::new(SYSTEM)
                .long(SYSTEM)
                .action(ArgAction::SetTrue)
                .help("The system acts, which passes every permission"),
        )
        .group(ArgGroup::new("who").args([USER, SYSTEM]).required(true))
        .arg(
            Arg::new(TTL)
                .long(TTL)
                .value_name("TIME")
                .default_value("1h")
                .value_parser(time)
                .help("How long it is good, such as 90s, 15m, 24h, 7d"),
        )
}

fn recount() -> Command {
    Command::new("recount")
        .about("Prove every counter, also beside a running server")
        .after_help("Exit code: 0 all agrees, 1 something does not, 2 it could not be counted.")
        .arg(
            Arg::new(REPAIR)
                .long(REPAIR)
                .action(ArgAction::SetTrue)
                .help("Mend what can be mended, and count again; the server must be stopped"),
        )
}

fn backup() -> Command {
    Command::new("backup")
        .about("Copy the database into a new file, also beside a running server")
        .arg(
            Arg::new(FILE)
                .value_name("FILE")
                .required(true)
                .help("The file to be made; one that exists is not replaced")
                .value_parser(clap::value_parser!(OsString)),
        )
}

fn relocate() -> Command {
    let place = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("URL")
            .required(true)
            .help(help)
            .value_parser(clap::value_parser!(OsString))
    };
    Command::new("move")
        .about("Move everything into another database, SQLite or PostgreSQL")
        .after_help(
            "No server may run on either. A move that was broken off goes on when it is run again. \
             The bytes of files stay where they are kept. Exit code: 0 moved, and proved equal; 1 not.",
        )
        .arg(place(FROM, "The database that is read: sqlite://PATH or postgres://…"))
        .arg(place(TO, "The empty database that is written; a missing SQLite file is made"))
}

fn files() -> Command {
    Command::new("files")
        .about("Look after the files")
        .subcommand_required(true)
        .subcommand(
            Command::new(CHECK)
                .about("Compare every file with its bytes, also beside a running server")
                .after_help(
                    "Exit code: 0 all agrees, 1 something does not, 2 it could not be checked.",
                )
                .arg(
                    Arg::new(REPAIR)
                        .long(REPAIR)
                        .action(ArgAction::SetTrue)
                        .help("Mend what can be mended; the server must be stopped"),
                )
                .arg(
                    Arg::new(FORCE)
                        .long(FORCE)
                        .action(ArgAction::SetTrue)
                        .requires(REPAIR)
                        .help("Also where none of the files that are kept is known"),
                ),
        )
}

/// Those of `names` that look like a setting of ours and are none: most likely typing mistakes.
pub(crate) fn unknown_variables(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let known: Vec<String> = SETTINGS
        .iter()
        .map(|setting| setting.key)
        .chain([CONFIG])
        .map(variable)
        .collect();
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("CHAT_") && !known.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn variables_that_are_no_setting_are_named() {
        let names = ["CHAT_LISTEN", "CHAT_LISTN", "CHAT_CONFIG", "PATH"].map(OsString::from);
        assert_eq!(unknown_variables(names.into_iter()), ["CHAT_LISTN"]);
    }
}
