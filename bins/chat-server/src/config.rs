//! The configuration: each setting from its flag, its variable, the file, or its default, in this
//! order, parsed into a value that can be used.

use std::ffi::OsString;
use std::fs;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::ArgMatches;

use crate::cli::{CONFIG, SETTINGS};

/// The longest time for which answers can be kept, in seconds: a year.
const LONGEST_TTL: u64 = 365 * 24 * 60 * 60;

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
}

/// What the server needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The addresses to listen on; the first that can be bound is taken.
    pub listen: Vec<SocketAddr>,
    /// The folder to be made if it is missing; none when the database lies elsewhere.
    pub data_dir: Option<PathBuf>,
    /// The database.
    pub database: Database,
    /// Connections for reading.
    pub pool_size: u32,
    /// Whether open mode may be reached from beyond this machine.
    pub insecure_open: bool,
    /// How long answers are kept under idempotency keys.
    pub idempotency_ttl: Duration,
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
        let (database, data_dir) = match given("database_url") {
            Some(text) => (
                Value {
                    key: "database_url",
                    text,
                }
                .database()?,
                None,
            ),
            None => {
                let dir = setting("data_dir", "./data").path()?;
                (Database::Sqlite(dir.join("chat.db")), Some(dir))
            }
        };
        let insecure_open = setting("insecure_open", "off").switch()?;
        Ok(Self {
            listen: setting("listen", "127.0.0.1:8080").addresses(insecure_open)?,
            data_dir,
            database,
            pool_size: setting("pool_size", "16").number(1..=1024)?,
            insecure_open,
            idempotency_ttl: setting("idempotency_ttl", "24h").duration()?,
        })
    }
}

/// A setting as text.
struct Value {
    key: &'static str,
    text: String,
}

impl Value {
    fn invalid(&self, accepted: &'static str) -> InvalidSetting {
        let flag = format!("--{}", self.key.replace('_', "-"));
        InvalidSetting {
            flag,
            value: masked(&self.text),
            accepted,
        }
    }

    fn path(&self) -> Result<PathBuf, InvalidSetting> {
        if self.text.is_empty() {
            return Err(self.invalid("the path of a directory"));
        }
        Ok(PathBuf::from(&self.text))
    }

    fn database(&self) -> Result<Database, InvalidSetting> {
        match self.text.strip_prefix("sqlite://") {
            // What other programs take for more than a path is not silently taken for one.
            Some(path) if !path.is_empty() && path != ":memory:" && !path.contains('?') => {
                Ok(Database::Sqlite(PathBuf::from(path)))
            }
            _ => Err(self.invalid("sqlite://PATH of a file, such as sqlite:///var/lib/chat.db")),
        }
    }

    fn number(&self, range: std::ops::RangeInclusive<u32>) -> Result<u32, InvalidSetting> {
        let number = self
            .text
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        number.ok_or_else(|| self.invalid("a number from 1 to 1024"))
    }

    fn duration(&self) -> Result<Duration, InvalidSetting> {
        let parsed = || {
            let unit = self.text.strip_suffix(|c: char| c.is_ascii_alphabetic())?;
            let seconds: u64 = match &self.text[unit.len()..] {
                "s" => 1,
                "m" => 60,
                "h" => 60 * 60,
                "d" => 24 * 60 * 60,
                _ => return None,
            };
            let digits = unit.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = unit.parse().ok().filter(|_| digits)?;
            let total = number.checked_mul(seconds)?;
            (1..=LONGEST_TTL)
                .contains(&total)
                .then(|| Duration::from_secs(total))
        };
        parsed().ok_or_else(|| self.invalid("a time from 1s to 365d, such as 90s, 15m, 24h or 7d"))
    }

    fn switch(&self) -> Result<bool, InvalidSetting> {
        match self.text.as_str() {
            "on" | "true" | "1" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err(self.invalid("on or off")),
        }
    }

    fn addresses(&self, anywhere: bool) -> Result<Vec<SocketAddr>, InvalidSetting> {
        let found: Vec<SocketAddr> = self
            .text
            .to_socket_addrs()
            .map(Iterator::collect)
            .unwrap_or_default();
        if found.is_empty() {
            return Err(self.invalid("HOST:PORT of this machine, such as 127.0.0.1:8080"));
        }
        if !anywhere && !found.iter().all(|address| address.ip().is_loopback()) {
            return Err(self.invalid(
                "a loopback address such as 127.0.0.1:8080, because in open mode anyone who \
                 reaches it may act as anyone; --insecure-open allows any other",
            ));
        }
        Ok(found)
    }
}

/// A value fit to be shown: what stands between the scheme and the host of a URL is left out.
fn masked(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}***{}", &text[..scheme + 3], &text[at..])
        }
        _ => text.to_owned(),
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
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse(given: &[(&str, &str)]) -> Result<Config, InvalidSetting> {
        Config::parse(&|key| {
            given
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_given_serves_on_loopback_from_data() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.listen, ["127.0.0.1:8080".parse().unwrap()]);
        assert_eq!(config.data_dir, Some("./data".into()));
        assert_eq!(config.database, Database::Sqlite("./data/chat.db".into()));
        assert_eq!((config.pool_size, config.insecure_open), (16, false));
        assert_eq!(config.idempotency_ttl, Duration::from_secs(86_400));
    }

    #[rstest]
    #[case("1s", 1)]
    #[case("90s", 90)]
    #[case("15m", 900)]
    #[case("24h", 86_400)]
    #[case("365d", 31_536_000)]
    fn times(#[case] text: &str, #[case] seconds: u64) {
        let config = parse(&[("idempotency_ttl", text)]).unwrap();
        assert_eq!(config.idempotency_ttl, Duration::from_secs(seconds));
    }

    #[test]
    fn a_database_elsewhere_leaves_the_data_dir_alone() {
        let config = parse(&[("database_url", "sqlite:///srv/x.db"), ("data_dir", "/d")]).unwrap();
        assert_eq!(config.database, Database::Sqlite("/srv/x.db".into()));
        assert_eq!(config.data_dir, None);
    }

    #[test]
    fn open_mode_leaves_loopback_only_when_told_to() {
        assert!(parse(&[("listen", "0.0.0.0:80")]).is_err());
        assert!(parse(&[("listen", "0.0.0.0:80"), ("insecure_open", "on")]).is_ok());
        assert!(parse(&[("listen", "[::1]:80")]).is_ok());
    }

    #[rstest]
    #[case("listen", "")]
    #[case("listen", "8080")]
    #[case("listen", "127.0.0.1:99999")]
    #[case("listen", "0.0.0.0:8080")]
    #[case("data_dir", "")]
    #[case("database_url", "")]
    #[case("database_url", "mysql://x")]
    #[case("database_url", "sqlite://")]
    #[case("database_url", "sqlite://:memory:")]
    #[case("database_url", "sqlite://chat.db?mode=ro")]
    #[case("pool_size", "0")]
    #[case("pool_size", "1025")]
    #[case("pool_size", "many")]
    #[case("insecure_open", "maybe")]
    #[case("insecure_open", "")]
    #[case("idempotency_ttl", "")]
    #[case("idempotency_ttl", "24")]
    #[case("idempotency_ttl", "h")]
    #[case("idempotency_ttl", "0s")]
    #[case("idempotency_ttl", "-1h")]
    #[case("idempotency_ttl", "+1h")]
    #[case("idempotency_ttl", "1.5h")]
    #[case("idempotency_ttl", "1w")]
    #[case("idempotency_ttl", "366d")]
    #[case("idempotency_ttl", "99999999999999999999d")]
    #[case("idempotency_ttl", "1\u{e9}")]
    fn a_bad_value_is_named_with_what_is_accepted(#[case] key: &str, #[case] value: &str) {
        let error = parse(&[(key, value)]).unwrap_err().to_string();
        let flag = format!("--{}", key.replace('_', "-"));
        assert!(
            error.contains(&flag) && error.contains(&format!("{value:?}")),
            "{error}"
        );
        assert!(error.contains("must be"), "{error}");
    }

    #[test]
    fn passwords_are_not_shown() {
        let error = parse(&[("database_url", "postgres://ada:hunter2@db/chat")]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(
            error.to_string().contains("postgres://***@db/chat"),
            "{error}"
        );
    }
}
