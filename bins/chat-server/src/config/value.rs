//! The texts of settings, and what they mean.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use chat_http::{Budgets, Origin, TrustedProxies};

use super::{Database, FilesPlace, InvalidSetting, PostgresUrl};

/// The longest time that can be set, in seconds: a year.
const LONGEST_TTL: u64 = 365 * 24 * 60 * 60;

/// The most that `--max-file-size` can be: what object stores copy at once.
const LARGEST_FILE: u64 = 5 << 30;

/// The settings whose values are never shown.
const SECRETS: [&str; 1] = ["token_secret"];

/// A setting as text.
pub(super) struct Value {
    pub(super) key: &'static str,
    pub(super) text: String,
}

impl Value {
    pub(super) fn invalid(&self, accepted: &'static str) -> InvalidSetting {
        let flag = format!("--{}", self.key.replace('_', "-"));
        let secret = SECRETS.contains(&self.key);
        InvalidSetting {
            flag,
            value: if secret {
                "***".to_owned()
            } else {
                masked(&self.text)
            },
            accepted,
        }
    }

    pub(super) fn path(&self) -> Result<PathBuf, InvalidSetting> {
        if self.text.is_empty() {
            return Err(self.invalid("the path of a directory"));
        }
        Ok(PathBuf::from(&self.text))
    }

    pub(super) fn file(&self) -> Result<PathBuf, InvalidSetting> {
        if self.text.is_empty() {
            return Err(self.invalid("the path of a file"));
        }
        Ok(PathBuf::from(&self.text))
    }

    pub(super) fn database(&self) -> Result<Database, InvalidSetting> {
        match self.text.strip_prefix("sqlite://") {
            // What other programs take for more than a path is not silently taken for one.
            Some(path) if !path.is_empty() && path != ":memory:" && !path.contains('?') => {
                Ok(Database::Sqlite(PathBuf::from(path)))
            }
            None if self.text.starts_with("postgres://")
                || self.text.starts_with("postgresql://") =>
            {
                Ok(Database::Postgres(PostgresUrl::new(self.text.clone())))
            }
            _ => Err(self.invalid(
                "sqlite://PATH of a file, such as sqlite:///var/lib/chat.db, or \
                 postgres://USER@HOST/DATABASE",
            )),
        }
    }

    pub(super) fn files(&self) -> Result<FilesPlace, InvalidSetting> {
        let place = match self.text.split_once("://") {
            Some(("file", dir)) if !dir.is_empty() => Some(FilesPlace::Disk(PathBuf::from(dir))),
            Some(("s3", _)) => self.text.parse().ok().map(FilesPlace::S3),
            _ => None,
        };
        place.ok_or_else(|| {
            self.invalid("file://DIR, such as file:///srv/chat/files, or s3://BUCKET/PREFIX")
        })
    }

    pub(super) fn size(&self) -> Result<u64, InvalidSetting> {
        let digits = self
            .text
            .trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit: Option<u64> = match &self.text[digits.len()..] {
            "" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u64> = digits.parse().ok().filter(|_| plain);
        number
            .zip(unit)
            .and_then(|(number, unit)| number.checked_mul(unit))
            .filter(|size| (1..=LARGEST_FILE).contains(size))
            .ok_or_else(|| self.invalid("a size from 1 to 5GiB, such as 500KiB, 50MiB or 1GiB"))
    }

    pub(super) fn number(
        &self,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, InvalidSetting> {
        let number = self
            .text
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        number.ok_or_else(|| self.invalid("a number from 1 to 1024"))
    }

    pub(super) fn duration(&self) -> Result<Duration, InvalidSetting> {
        let time = seconds(&self.text).map(Duration::from_secs);
        time.ok_or_else(|| self.invalid(A_TIME))
    }

    /// A time; none for all times.
    pub(super) fn retention(&self) -> Result<Option<Duration>, InvalidSetting> {
        if self.text == "all" {
            return Ok(None);
        }
        let time = seconds(&self.text).map(Duration::from_secs);
        time.map(Some).ok_or_else(|| self.invalid(ALL_OR_A_TIME))
    }

    pub(super) fn switch(&self) -> Result<bool, InvalidSetting> {
        match self.text.as_str() {
            "on" | "true" | "1" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err(self.invalid("on or off")),
        }
    }

    /// A text that says something.
    pub(super) fn some_text(self) -> Result<String, InvalidSetting> {
        if self.text.is_empty() {
            return Err(self.invalid("a text, or left out"));
        }
        Ok(self.text)
    }

    pub(super) fn budgets(&self) -> Result<Option<Budgets>, InvalidSetting> {
        match self.text.as_str() {
            "off" => Ok(None),
            "on" => Ok(Some(Budgets::default())),
            text => text.parse().map(Some).map_err(|_| {
                self.invalid(
                    "off, on, or budgets such as sends=50/100,writes=20/60,reads=100/200: so many a \
                     second, and so many at once, 1 to 1000000 each",
                )
            }),
        }
    }

    pub(super) fn proxies(&self) -> Result<TrustedProxies, InvalidSetting> {
        let accepted = "addresses and networks with commas between, such as 10.0.0.0/8,::1";
        self.text.parse().map_err(|_| self.invalid(accepted))
    }

    pub(super) fn origins(&self) -> Result<Vec<Origin>, InvalidSetting> {
        let origins = self.text.split(',').map(|origin| origin.trim().parse());
        origins.collect::<Result<_, _>>().map_err(|_| {
            self.invalid(
                "exact origins with commas between, such as https://app.example.org,https://admin.example.org",
            )
        })
    }

    pub(super) fn addresses(&self, anywhere: bool) -> Result<Vec<SocketAddr>, InvalidSetting> {
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
                 reaches it may act as anyone; a key for tokens (--token-secret, …) allows any other, and \
                 so does --insecure-open",
            ));
        }
        Ok(found)
    }
}

/// What a time is.
const A_TIME: &str = "a time from 1s to 365d, such as 90s, 15m, 24h or 7d";

/// The same of what may be kept for ever.
const ALL_OR_A_TIME: &str = "all, or a time from 1s to 365d, such as 12h or 30d";

/// A time in seconds, or what it must be.
pub(crate) fn time(text: &str) -> Result<u64, String> {
    seconds(text).ok_or_else(|| format!("must be {A_TIME}"))
}

fn seconds(text: &str) -> Option<u64> {
    let number = text.strip_suffix(|c: char| c.is_ascii_alphabetic())?;
    let unit: u64 = match &text[number.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| digits)?;
    let total = number.checked_mul(unit)?;
    (1..=LONGEST_TTL).contains(&total).then_some(total)
}

/// A value fit to be shown: what stands between the scheme and the host of a URL is left out.
pub(super) fn masked(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}***{}", &text[..scheme + 3], &text[at..])
        }
        _ => text.to_owned(),
    }
}
