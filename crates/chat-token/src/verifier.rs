//! What verifies tokens.

use std::path::PathBuf;
use std::sync::Arc;

use chat_domain::ports::Clock;

use crate::claims::Expected;
use crate::head::Head;
use crate::key::Key;
use crate::keyring::Keyring;
#[cfg(feature = "url")]
use crate::remote::JwksUrl;
use crate::source::Source;
use crate::{Claims, NoKeys, Rejected, Secret};

/// Which tokens are taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenOptions {
    /// With what they are signed.
    pub keys: KeySource,
    /// The `iss` that they must have; if there is none, whatever they have is fine.
    pub issuer: Option<String>,
    /// What must be, or be among, their `aud`; if there is none, whatever they have is fine.
    pub audience: Option<String>,
}

impl TokenOptions {
    /// Tokens that are signed with these keys, from any issuer for any audience.
    pub const fn new(keys: KeySource) -> Self {
        Self {
            keys,
            issuer: None,
            audience: None,
        }
    }
}

/// With what tokens are signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeySource {
    /// A secret, for HS256. A `kid` makes no difference.
    Secret(Secret),
    /// A file with a JWK set of at most 256 KiB. It is read again when a token names another key, at most
    /// once a minute, and when an hour has passed; if it can't be then, the keys serve on.
    File(PathBuf),
    /// A URL that answers with such a set, read again as a file is.
    #[cfg(feature = "url")]
    Url(JwksUrl),
}

/// Why there is nothing to verify tokens with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file can't be read, or has no keys that can be used.
    #[error("{} gives no keys for tokens: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: NoKeys,
    },
}

/// Tells who is acting from a token. Clones share their keys.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: Keys,
    expected: Expected,
    clock: Arc<dyn Clock>,
}

enum Keys {
    One(Box<Key>),
    Set(Arc<Keyring>),
}

impl Verifier {
    /// What verifies tokens as these options say, by this clock.
    ///
    /// A file is read here. A URL is asked, for at most 5 seconds; if it has no answer, that is a warning
    /// in the log, and it is asked again with the first token, and then at most every 5 seconds until there
    /// are keys.
    ///
    /// # Errors
    /// If a file gives no keys that can be used.
    pub async fn open(options: TokenOptions, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let keys = match options.keys {
            KeySource::Secret(secret) => Keys::One(Box::new(Key::secret(&secret))),
            KeySource::File(path) => {
                let source = Source::File(path.clone());
                // Blocks, for a small file, and before anything is served.
                let set = source.read();
                let set = set.map_err(|cause| OpenError::File { path, cause })?;
                let keyring = Keyring::new(source, Arc::clone(&clock), Some(set));
                Keys::Set(Arc::new(keyring))
            }
            #[cfg(feature = "url")]
            KeySource::Url(url) => {
                let keyring = Keyring::new(Source::Url(url), Arc::clone(&clock), None);
                let keyring = Arc::new(keyring);
                // Only so that it is asked: what comes of it is in the log.
                let _ = keyring.with(None).await;
                Keys::Set(keyring)
            }
        };
        Ok(Self(Arc::new(Inner {
            keys,
            expected: Expected {
                issuer: options.issuer,
                audience: options.audience,
            },
            clock,
        })))
    }

    /// Who is acting, if this token may be trusted now. `exp` and `nbf` have a leeway of 30 seconds.
    ///
    /// Waits only for keys that are not there yet: if the token names one that is not known, for at most 5
    /// seconds, and at most once a minute however many come. That must be in a tokio runtime with time.
    ///
    /// # Errors
    /// Why it is not taken, see [`Rejected`].
    pub async fn verify(&self, token: &str) -> Result<Claims, Rejected> {
        let head = Head::parse(token)?;
        let signed = match &self.0.keys {
            Keys::One(key) => key.open(&head, token)?,
            Keys::Set(keyring) => {
                // First, so that such tokens don't have keys read.
                if !Key::PUBLIC.contains(&head.algorithm) {
                    return Err(Rejected::Algorithm);
                }
                let set = keyring.with(head.kid.as_deref()).await?;
                let key = set.find(head.kid.as_deref());
                key.ok_or(Rejected::UnknownKey)?.open(&head, token)?
            }
        };
        signed.check(&self.0.expected, self.0.clock.now())
    }
}

/// Nothing of the keys.
impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("expected", &self.0.expected)
            .finish_non_exhaustive()
    }
}
