//! Keys from a URL.

mod fetch;
mod jwks_url;

pub(crate) use fetch::fetch;
pub use jwks_url::{JwksUrl, NoJwksUrl};
