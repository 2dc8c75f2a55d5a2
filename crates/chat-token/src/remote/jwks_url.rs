//! The URL of a set of keys.

use std::fmt;

use url::{Host, Url};

/// The URL of a set of keys: `https`, or `http` on this machine, where nobody is in between.
///
/// ```
/// use chat_token::JwksUrl;
///
/// let url = JwksUrl::parse("https://ada:secret@id.example.org/keys?token=secret")?;
/// assert_eq!(url.to_string(), "https://id.example.org/keys");
/// assert!(JwksUrl::parse("http://127.0.0.1:8080/keys").is_ok());
/// assert!(JwksUrl::parse("http://id.example.org/keys").is_err());
/// # Ok::<(), chat_token::NoJwksUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct JwksUrl(Url);

/// Why a text is no URL of keys. It does not say the text, which may have credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoJwksUrl {
    /// It is no URL.
    #[error("it is no URL")]
    Malformed,
    /// It leads elsewhere by another scheme than `https`.
    #[error(
        "it must begin with https://, or with http:// and a name or an address of this machine"
    )]
    Insecure,
}

impl JwksUrl {
    /// The URL in this text.
    ///
    /// # Errors
    /// If there is none, or keys from there could be anybody's: it has another scheme than `https`, and
    /// not `http` to `localhost`, `127.…` or `[::1]`.
    pub fn parse(text: &str) -> Result<Self, NoJwksUrl> {
        let url = Url::parse(text).map_err(|_| NoJwksUrl::Malformed)?;
        if Self::is_safe(&url) {
            Ok(Self(url))
        } else {
            Err(NoJwksUrl::Insecure)
        }
    }

    /// Whether keys from there are those of whoever answers to that name.
    pub(super) fn is_safe(url: &Url) -> bool {
        url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    pub(super) const fn as_url(&self) -> &Url {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Without credentials, query and fragment.
impl fmt::Display for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (self.0.scheme(), self.0.host_str().unwrap_or_default());
        write!(f, "{scheme}://{host}")?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

/// The same.
impl fmt::Debug for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwksUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://id.example.org", "https://id.example.org/")]
    #[case(
        "HTTPS://id.example.org:8443/a/b?c#d",
        "https://id.example.org:8443/a/b"
    )]
    #[case("https://10.0.0.1/keys", "https://10.0.0.1/keys")]
    #[case("http://localhost/keys", "http://localhost/keys")]
    #[case("http://LOCALHOST:1/", "http://localhost:1/")]
    #[case("http://127.0.0.1/", "http://127.0.0.1/")]
    #[case("http://127.9.9.9:80/", "http://127.9.9.9/")]
    #[case("http://[::1]:8080/", "http://[::1]:8080/")]
    #[case("http://ada:lovelace@localhost/", "http://localhost/")]
    fn urls_of_keys(#[case] text: &str, #[case] shown: &str) {
        let url = JwksUrl::parse(text).unwrap();
        assert_eq!(url.to_string(), shown);
        assert_eq!(format!("{url:?}"), format!("JwksUrl({shown})"));
    }

    #[rstest]
    #[case("", NoJwksUrl::Malformed)]
    #[case("id.example.org/keys", NoJwksUrl::Malformed)]
    #[case("https://", NoJwksUrl::Malformed)]
    #[case("/keys.json", NoJwksUrl::Malformed)]
    #[case("file:///keys.json", NoJwksUrl::Insecure)]
    #[case("ftp://localhost/", NoJwksUrl::Insecure)]
    #[case("http://id.example.org/", NoJwksUrl::Insecure)]
    #[case("http://localhost.example.org/", NoJwksUrl::Insecure)]
    #[case("http://localhost@example.org/", NoJwksUrl::Insecure)]
    #[case("http://128.0.0.1/", NoJwksUrl::Insecure)]
    #[case("http://0.0.0.0/", NoJwksUrl::Insecure)]
    #[case("http://[::2]/", NoJwksUrl::Insecure)]
    #[case("data:application/json,{}", NoJwksUrl::Insecure)]
    fn no_urls_of_keys(#[case] text: &str, #[case] why: NoJwksUrl) {
        assert_eq!(JwksUrl::parse(text), Err(why));
    }
}
