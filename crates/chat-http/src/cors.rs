//! Which pages of other origins may read the answers: none, unless they are listed.
//!
//! It stands within the [edge](crate::edge), so that preflights and refusals are named, counted and
//! told of as all other requests are.

use std::fmt;
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::{Host, Position, Url};

/// How long browsers may remember the answer to a preflight, in seconds; none remembers it longer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// Every method that a route has.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PATCH, DELETE");

/// Every header that a route reads, besides those that need no leave.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, Range, \
     Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset, \
     X-HTTP-Method-Override, X-Request-Id, X-User-Id",
);

/// Every header of answers that a page has a use for, besides those that need no leave.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Link, Location, \
     RateLimit, RateLimit-Policy, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, \
     Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, \
     WWW-Authenticate, X-Request-Id",
);

/// Where a page is from: scheme, host and port, such as `https://app.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// A text that is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be an origin such as https://app.example.org, without a path")
    }
}

impl std::error::Error for InvalidOrigin {}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    /// One origin, as browsers send it; a pattern such as `*` is none.
    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).map_err(|_| InvalidOrigin)?;
        let web = matches!(url.scheme(), "http" | "https");
        let named = matches!(url.host(), Some(Host::Domain(name)) if !name.contains('*'))
            || matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
        // What stands behind the port, or before the host, is no part of it; the slash after all is the parser's.
        let bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(&url[Position::BeforePath..], "/")
            && !text.ends_with('/');
        if web && named && bare {
            Ok(Self(url.origin().ascii_serialization()))
        } else {
            Err(InvalidOrigin)
        }
    }
}

/// The origins whose pages may read the answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cors(Vec<HeaderValue>);

impl Cors {
    pub(crate) fn new(origins: &[Origin]) -> Self {
        let values = origins
            .iter()
            .map(|Origin(text)| HeaderValue::from_str(text));
        // An origin consists of visible ASCII, so each is a value.
        Self(values.filter_map(Result::ok).collect())
    }

    /// The origin that a request comes from, if its pages may read the answer.
    pub(crate) fn listed(&self, head: &RequestHead) -> Option<&HeaderValue> {
        let mut origins = head.headers().get_all(header::ORIGIN);
        let origin = origins.next().filter(|_| origins.next().is_none())?;
        self.0.iter().find(|listed| *listed == origin)
    }

    /// The answer to a browser that asks whether a page of a listed origin may send a request. It
    /// asks without credentials, so whatever stands at the path is not looked at.
    pub(crate) fn preflight(&self, head: &RequestHead) -> Option<HttpResponse> {
        let asks = head.method == Method::OPTIONS
            && head
                .headers()
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        self.listed(head)?;
        let answer = HttpResponse::NoContent()
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .finish();
        Some(answer)
    }

    /// Marks an answer to a request from `origin`, if that is a listed one.
    pub(crate) fn mark(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.0.is_empty() {
            return;
        }
        // Also where there is no leave: an answer kept by a browser is for one origin alone.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            const EXPOSE: HeaderName = header::ACCESS_CONTROL_EXPOSE_HEADERS;
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(EXPOSE, ANSWER_HEADERS);
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example.org", "https://app.example.org")]
    #[case("http://localhost:3000", "http://localhost:3000")]
    #[case("https://App.Example.org:443", "https://app.example.org")]
    #[case("https://[::1]:8443", "https://[::1]:8443")]
    #[case("https://bücher.example", "https://xn--bcher-kva.example")]
    fn origins(#[case] text: &str, #[case] origin: &str) {
        assert_eq!(text.parse(), Ok(Origin(origin.to_owned())));
    }

    #[rstest]
    #[case("")]
    #[case("*")]
    #[case("null")]
    #[case("app.example.org")]
    #[case("https://*.example.org")]
    #[case("https://app.example.org/")]
    #[case("https://app.example.org/chat")]
    #[case("https://app.example.org?a=b")]
    #[case("https://ada@app.example.org")]
    #[case("ftp://app.example.org")]
    #[case("https://")]
    fn what_is_no_origin(#[case] text: &str) {
        assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin));
    }

    fn cors() -> Cors {
        Cors::new(&["https://app.example.org".parse().unwrap()])
    }

    #[rstest]
    #[case(&["https://app.example.org"], true)]
    #[case(&[], false)]
    #[case(&["https://app.example.org.evil.example"], false)]
    #[case(&["https://other.example.org"], false)]
    #[case(&["http://app.example.org"], false)]
    #[case(&["https://app.example.org:8443"], false)]
    #[case(&["HTTPS://APP.EXAMPLE.ORG"], false)]
    #[case(&["null"], false)]
    #[case(&["https://app.example.org", "https://app.example.org"], false)]
    fn only_listed_origins_are_let_read(#[case] origins: &[&str], #[case] listed: bool) {
        let mut request = TestRequest::get();
        for origin in origins {
            request = request.append_header((header::ORIGIN, *origin));
        }
        let request = request.to_http_request();
        assert_eq!(cors().listed(request.head()).is_some(), listed);
        assert!(Cors::default().listed(request.head()).is_none());
    }
}
