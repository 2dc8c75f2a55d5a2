//! Who is acting, told from a bearer token: a JSON Web Token, signed with a secret or with one of a set of
//! public keys.
//!
//! The configuration decides by which algorithm a token must be signed, and never the token: a secret
//! takes HS256, and of a JWK set each key takes the one that goes with its type, RS256, ES256 or EdDSA.
//! Keys from a URL are the feature `url`.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use chat_domain::ports::SystemClock;
//! use chat_token::{Grant, KeySource, Rejected, Secret, TokenOptions, Verifier, mint};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let secret = Secret::parse("correct horse battery staple, thrice")?;
//! let token = mint(&secret, &Grant::user("7", Duration::from_secs(3600)), &SystemClock);
//!
//! let options = TokenOptions::new(KeySource::Secret(secret));
//! let verifier = Verifier::open(options, Arc::new(SystemClock)).await?;
//! let claims = verifier.verify(&token).await?;
//! assert_eq!(claims.subject.as_deref(), Some("7"));
//! assert!(!claims.system);
//!
//! let other = token.replace('.', "..");
//! assert_eq!(verifier.verify(&other).await, Err(Rejected::Malformed));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # In a process that has jsonwebtoken besides
//!
//! That library has one provider of cryptography per process. This crate installs its own, which only
//! verifies, and only what is named above, unless there is one: whoever needs more installs theirs before
//! the first [`Verifier`] is opened, and it then serves here too.

mod claims;
mod dates;
mod head;
mod jwk;
mod key;
mod key_set;
mod keyring;
mod mint;
mod provider;
mod rejected;
#[cfg(feature = "url")]
mod remote;
mod secret;
mod source;
#[cfg(test)]
mod tests;
mod verifier;

pub use claims::Claims;
pub use key_set::NoKeySet;
pub use mint::{Grant, mint};
pub use rejected::Rejected;
#[cfg(feature = "url")]
pub use remote::{JwksUrl, NoJwksUrl};
pub use secret::{Secret, ShortSecret};
pub use source::NoKeys;
pub use verifier::{KeySource, OpenError, TokenOptions, Verifier};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
