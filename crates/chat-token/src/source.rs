//! Where a set of keys is read from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::NoKeySet;
use crate::key_set::KeySet;
#[cfg(feature = "url")]
use crate::remote::{self, JwksUrl};

/// The most bytes of a set of keys.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Why there is no set of keys. What it says tells neither a query nor credentials of a URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoKeys {
    /// It can't be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// It can't be fetched.
    #[cfg(feature = "url")]
    #[error("{0}")]
    Fetch(String),
    /// It has more than 256 KiB.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLong,
    /// What was read is none.
    #[error("{0}")]
    Set(#[from] NoKeySet),
}

/// Where a set of keys is. Its text tells neither a query nor credentials of a URL.
#[derive(Debug)]
pub(crate) enum Source {
    File(PathBuf),
    #[cfg(feature = "url")]
    Url(JwksUrl),
}

impl Source {
    /// Reads the set. Blocks; of a URL for at most 5 seconds.
    pub(crate) fn read(&self) -> Result<KeySet, NoKeys> {
        let json = match self {
            Self::File(path) => {
                let mut json = Vec::new();
                let most = MAX_BYTES as u64 + 1;
                File::open(path)?.take(most).read_to_end(&mut json)?;
                json
            }
            #[cfg(feature = "url")]
            Self::Url(url) => remote::fetch(url)?,
        };
        if json.len() > MAX_BYTES {
            return Err(NoKeys::TooLong);
        }
        Ok(KeySet::parse(&json)?)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            #[cfg(feature = "url")]
            Self::Url(url) => url.fmt(f),
        }
    }
}
