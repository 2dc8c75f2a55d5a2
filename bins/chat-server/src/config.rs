//! The configuration: each setting from its flag, its variable, the file, or its default, in this
//! order, parsed into a value that can be used.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use chat_files::S3Location;
use chat_http::{Budgets, Origin, TrustedProxies};
use clap::ArgMatches;

use crate::cli::{CONFIG, SETTINGS};

mod tokens;
mod value;

use value::Value;

pub use tokens::{TokenKeys, TokenSettings};
pub(crate) use value::time;

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, by its URL.
    Postgres(PostgresUrl),
}

impl Database {
    /// The database at the URL that the flag `key` gives.
    pub(crate) fn parse(key: &'static str, url: String) -> Result<Self, InvalidSetting> {
        Value { key, text: url }.database()
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{} (SQLite)", path.display()),
            Self::Postgres(url) => write!(f, "{url} (PostgreSQL)"),
        }
    }
}

/// The URL of a PostgreSQL database. It is shown without what may be secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }

    /// The whole URL, with its password.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password may also stand among the parameters.
        let (place, _) = self.0.split_once('?').unwrap_or((&self.0, ""));
        f.write_str(&value::masked(place))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

/// Where the bytes of files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesPlace {
    /// A folder.
    Disk(PathBuf),
    /// A bucket, and what stands before every key in it.
    S3(S3Location),
}

impl fmt::Display for FilesPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(dir) => dir.display().fmt(f),
            Self::S3(place) => place.fmt(f),
        }
    }
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, and those that lead to its authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What the server needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// The addresses to listen on; the first that can be bound is taken.
    pub listen: Vec<SocketAddr>,
    /// The folder to be made if it is missing; none when database and files lie elsewhere.
    pub data_dir: Option<PathBuf>,
    /// The database.
    pub database: Database,
    /// Connections: those for reading on SQLite, all on PostgreSQL.
    pub pool_size: u32,
    /// The files.
    pub files: FilesPlace,
    /// Whether clients are led to where the bytes of files are, if that can serve them itself.
    pub files_links: bool,
    /// The most bytes of a file.
    pub max_file_size: u64,
    /// How long unused files and uploads stay.
    pub file_grace: Duration,
    /// How whoever comes proves who it is; without, the server runs in open mode.
    pub tokens: Option<TokenSettings>,
    /// Whether open mode may be reached from beyond this machine.
    pub insecure_open: bool,
    /// How much users may ask, if that is limited.
    pub rate_limit: Option<Budgets>,
    /// The proxies whose word for where a request comes from counts.
    pub trusted_proxies: TrustedProxies,
    /// The origins whose pages may read answers.
    pub cors_origins: Vec<Origin>,
    /// The certificate that is shown and its key; without, the server speaks no TLS.
    pub tls: Option<TlsFiles>,
    /// How long answers are kept under idempotency keys.
    pub idempotency_ttl: Duration,
    /// How long what has happened can be read again, if not for ever.
    pub event_retention: Option<Duration>,
}

/// A setting whose value can't be used: one sentence that names it, the value, and what is accepted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting {flag} is {value:?}, but must be {accepted}")]
pub struct InvalidSetting {
    flag: String,
    value: String,
    accepted: &'static str,
}

impl Config {
    /// The configuration from the parsed command line, which carries the environment's values too,
    /// and from the file that it names.
    ///
    /// # Errors
    /// [`InvalidSetting`]; a file that can't be read, or has a key that is no setting.
    pub(crate) fn from_matches(matches: &ArgMatches) -> anyhow::Result<Self> {
        let file = match matches.get_one::<OsString>(CONFIG) {
            Some(path) => read_file(Path::new(path))?,
            None => toml::Table::new(),
        };
        for key in SETTINGS.iter().map(|setting| setting.key) {
            if let Some(value) = matches.get_one::<OsString>(key)
                && value.to_str().is_none()
            {
                let text = value.to_string_lossy().into_owned();
                return Err(Value { key, text }.invalid("text in UTF-8").into());
            }
        }
        let given = |key: &str| {
            let value = matches
                .get_one::<OsString>(key)
                .and_then(|value| value.to_str());
            value
                .map(str::to_owned)
                .or_else(|| file.get(key).map(plain))
        };
        Ok(Self::parse(&given)?)
    }

    /// The configuration from `given`, which has the values that were given, by key.
    ///
    /// # Errors
    /// [`InvalidSetting`] for the first value that can't be used.
    pub fn parse(given: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidSetting> {
        let setting = |key: &'static str, default: &str| Value {
            key,
            text: given(key).unwrap_or_else(|| default.to_owned()),
        };
        let elsewhere = |key: &'static str| given(key).map(|text| Value { key, text });
        let (database, files) = (elsewhere("database_url"), elsewhere("files_url"));
        let data_dir = match (&database, &files) {
            (Some(_), Some(_)) => None,
            _ => Some(setting("data_dir", "./data").path()?),
        };
        let in_data_dir = |name| data_dir.as_deref().unwrap_or(Path::new("")).join(name);
        let database = match database {
            Some(url) => url.database()?,
            None => Database::Sqlite(in_data_dir("chat.db")),
        };
        let files = match files {
            Some(url) => url.files()?,
            None => FilesPlace::Disk(in_data_dir("files")),
        };
        let tokens = TokenSettings::parse(&elsewhere)?;
        let insecure_open = setting("insecure_open", "off").switch()?;
        if insecure_open && tokens.is_some() {
            return Err(setting("insecure_open", "off").invalid(
                "off beside a key for tokens: in token mode whoever comes must show one",
            ));
        }
        let anywhere = insecure_open || tokens.is_some();
        Ok(Self {
            listen: setting("listen", "127.0.0.1:8080").addresses(anywhere)?,
            data_dir,
            database,
            pool_size: setting("pool_size", "16").number(1..=1024)?,
            files,
            files_links: setting("files_links", "off").switch()?,
            max_file_size: setting("max_file_size", "50MiB").size()?,
            file_grace: setting("file_grace", "24h").duration()?,
            rate_limit: match (elsewhere("rate_limit"), &tokens) {
                (Some(value), _) => value.budgets()?,
                (None, Some(_)) => Some(Budgets::default()),
                (None, None) => None,
            },
            tokens,
            insecure_open,
            trusted_proxies: match elsewhere("trusted_proxies") {
                Some(value) => value.proxies()?,
                None => TrustedProxies::default(),
            },
            cors_origins: match elsewhere("cors_origin") {
                Some(value) => value.origins()?,
                None => Vec::new(),
            },
            tls: match (elsewhere("tls_cert"), elsewhere("tls_key")) {
                (Some(cert), Some(key)) => Some(TlsFiles {
                    cert: cert.file()?,
                    key: key.file()?,
                }),
                (None, None) => None,
                (Some(lone), None) => {
                    return Err(lone.invalid("left out, or stand beside --tls-key"));
                }
                (None, Some(lone)) => {
                    return Err(lone.invalid("left out, or stand beside --tls-cert"));
                }
            },
            idempotency_ttl: setting("idempotency_ttl", "24h").duration()?,
            event_retention: setting("event_retention", "all").retention()?,
        })
    }
}

fn read_file(path: &Path) -> anyhow::Result<toml::Table> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .with_context(|| format!("can't read the configuration file {name}"))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| anyhow::anyhow!("{}", error.message()))
        .with_context(|| format!("the configuration file {name} is no TOML"))?;
    for key in table.keys() {
        if !SETTINGS.iter().any(|setting| setting.key == key) {
            let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
            anyhow::bail!(
                "the configuration file {name} has the key {key:?}, which is no setting; there are {}",
                known.join(", ")
            );
        }
    }
    Ok(table)
}

/// A file's value as a flag would give it; of what no setting can be, only its kind.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        other => format!("a TOML {}", other.type_str()),
    }
}

#[cfg(test)]
mod tests;
