//! The gate of open mode: a web page must not reach into somebody's local server.
//!
//! A page of any site can send requests to `localhost`, and by rebinding a name of its own to
//! 127.0.0.1 it could read the answers. So both the host that a request is for and the origin that
//! it comes from must be loopback names.

use std::net::{Ipv4Addr, Ipv6Addr};

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use url::{Host, Url};

use crate::cors::Cors;
use crate::problem::Problem;

/// What a browser wants the answer for.
const SEC_FETCH_DEST: &str = "sec-fetch-dest";

/// Refuses a request that is not for a loopback host, or comes from a page of another that is not listed.
pub(crate) fn check(head: &RequestHead, cors: &Cors) -> Result<(), Problem> {
    if !for_loopback(head) {
        return Err(Problem::host_not_allowed());
    }
    if cors.listed(head).is_some() {
        return Ok(());
    }
    let mut origins = head.headers().get_all(header::ORIGIN);
    if !origins.all(|origin| text(origin).is_some_and(is_loopback_origin)) {
        return Err(Problem::origin_not_allowed());
    }
    if is_embedded(head) {
        return Err(Problem::origin_not_allowed());
    }
    Ok(())
}

/// Whether a page of another site wants to show the answer as an image of its own, in a frame, or the
/// like: browsers give no origin for that, and say so. To go to an address is another matter, since the
/// page sees nothing of it; a frame is gone to as well, but is the page's own.
fn is_embedded(head: &RequestHead) -> bool {
    let says = |name: &str, what: &str| {
        let value = head.headers().get(name).and_then(text);
        value.is_some_and(|value| value.eq_ignore_ascii_case(what))
    };
    // One that gives its origin was judged by that.
    let silent = !head.headers().contains_key(header::ORIGIN);
    // Browsers that say for what they fetch came later than those that say how.
    let whole = !head.headers().contains_key(SEC_FETCH_DEST) || says(SEC_FETCH_DEST, "document");
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let gone_to = reads && whole && says("sec-fetch-mode", "navigate");
    silent && says("sec-fetch-site", "cross-site") && !gone_to
}

/// Every host that the request names must be a loopback one, and it must name one: in the header,
/// or in the target itself, in its absolute form.
fn for_loopback(head: &RequestHead) -> bool {
    let target = head
        .uri
        .authority()
        .map(|authority| Some(authority.as_str()));
    let mut hosts = target
        .into_iter()
        .chain(head.headers().get_all(header::HOST).map(text))
        .peekable();
    hosts.peek().is_some() && hosts.all(|host| host.is_some_and(is_loopback_authority))
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// Whether `authority` is a loopback host with any port or none.
fn is_loopback_authority(authority: &str) -> bool {
    // An IPv6 address has colons of its own; its bracket ends before the port's.
    let port = authority
        .rfind(':')
        .filter(|&at| !authority[at..].contains(']'));
    let (host, port) = match port {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (authority, ""),
    };
    let ipv6 = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let loopback = match ipv6 {
        Some(address) => address.parse().is_ok_and(|ip: Ipv6Addr| ip.is_loopback()),
        None => is_loopback_name(host) || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback()),
    };
    loopback && port.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a page of `origin` is a loopback host's; the opaque `null` is not.
fn is_loopback_origin(origin: &str) -> bool {
    let url = Url::parse(origin).ok();
    let web = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    match web.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => is_loopback_name(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// `localhost` and the names below it, which resolvers keep on the loopback interface.
fn is_loopback_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let below = |prefix: &str| !prefix.is_empty() && prefix.bytes().all(is_name_byte);
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(below)
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'.'
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("localhost", true)]
    #[case("LocalHost:8080", true)]
    #[case("chat.localhost:80", true)]
    #[case("127.0.0.1", true)]
    #[case("127.8.9.1:1", true)]
    #[case("[::1]", true)]
    #[case("[::1]:8080", true)]
    #[case("localhost:", true)]
    #[case("", false)]
    #[case(":8080", false)]
    #[case("example.org", false)]
    #[case("localhost.example.org", false)]
    #[case("notlocalhost", false)]
    #[case(".localhost", false)]
    #[case("a b.localhost", false)]
    #[case("user@localhost", false)]
    #[case("localhost:80@example.org", false)]
    #[case("127.0.0.1.example.org", false)]
    #[case("127.1", false)]
    #[case("0177.0.0.1", false)]
    #[case("10.0.0.1", false)]
    #[case("0.0.0.0", false)]
    #[case("::1", false)]
    #[case("[::2]", false)]
    #[case("[::1]x", false)]
    #[case("[::1", false)]
    #[case("localhost:80x", false)]
    fn hosts(#[case] authority: &str, #[case] loopback: bool) {
        assert_eq!(is_loopback_authority(authority), loopback);
    }

    #[rstest]
    #[case("http://localhost:3000", true)]
    #[case("https://app.localhost", true)]
    #[case("http://127.0.0.1:8080", true)]
    #[case("http://[::1]:8080", true)]
    #[case("null", false)]
    #[case("", false)]
    #[case("localhost", false)]
    #[case("file://", false)]
    #[case("http://example.org", false)]
    #[case("http://localhost.example.org", false)]
    #[case("http://localhost@example.org", false)]
    fn origins(#[case] origin: &str, #[case] loopback: bool) {
        assert_eq!(is_loopback_origin(origin), loopback);
    }

    #[rstest]
    #[case::plain("/users", &["localhost"], &[], None)]
    #[case::no_host("/users", &[], &[], Some("host_not_allowed"))]
    #[case::two_hosts("/users", &["localhost", "example.org"], &[], Some("host_not_allowed"))]
    #[case::target_alone("http://localhost/users", &[], &[], None)]
    #[case::foreign_target("http://example.org/users", &["localhost"], &[], Some("host_not_allowed"))]
    #[case::own_origin("/users", &["localhost"], &["http://localhost:1"], None)]
    #[case::null_origin("/users", &["localhost"], &["null"], Some("origin_not_allowed"))]
    #[case::host_first("/users", &["example.org"], &["null"], Some("host_not_allowed"))]
    fn requests(
        #[case] uri: &str,
        #[case] hosts: &[&str],
        #[case] origins: &[&str],
        #[case] refused: Option<&str>,
    ) {
        let mut request = TestRequest::with_uri(uri);
        for &host in hosts {
            request = request.append_header((header::HOST, host));
        }
        for &origin in origins {
            request = request.append_header((header::ORIGIN, origin));
        }
        let request = request.to_http_request();
        let code = check(request.head(), &Cors::default())
            .err()
            .map(|problem| problem.code());
        assert_eq!(code, refused);
    }

    #[rstest]
    #[case::embedded(&[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], false)]
    #[case::no_mode(&[("Sec-Fetch-Site", "cross-site")], false)]
    #[case::gone_to(&[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], true)]
    #[case::page(
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ],
        true
    )]
    #[case::frame(
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "iframe"),
        ],
        false
    )]
    #[case::own_frame(
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "iframe"),
        ],
        true
    )]
    #[case::own_page(&[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors")], true)]
    #[case::by_origin(
        &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "cors"), ("Origin", "http://localhost")],
        true
    )]
    #[case::typed(&[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")], true)]
    fn what_pages_of_others_embed(#[case] headers: &[(&str, &str)], #[case] passes: bool) {
        let mut request = TestRequest::get().insert_header((header::HOST, "localhost"));
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        assert_eq!(
            check(request.to_http_request().head(), &Cors::default()).is_ok(),
            passes
        );
    }
}
