//! Headers with any bytes that a header may carry.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use proptest::prelude::*;
use proptest::sample::select;
use url::{Host, Url};

use super::holds;
use super::server::{is_fit, named, server};
use super::values::{self, Bytes};
use crate::tests::{get, post, request};

const NAMES: [&str; 14] = [
    "x-user-id",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
    "host",
    "origin",
    "content-type",
    "content-length",
    "content-encoding",
    "authorization",
    "transfer-encoding",
    "expect",
    "x-http-method-override",
];

/// Values that mean something in one of them.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "", "1", "2", "99", "0", "-1", "01", "+1", "1,2", "a b", "k", "r-1", "\u{e9}",
    "9007199254740991", "9007199254740992", "99999999999999999999999", "1000000000000000000000000000000000000000000",
    "localhost", "localhost:80", "LOCALHOST.", "[::1]", "127.0.0.1:0", "example.org", "http://localhost", "null",
    "application/json", "application/json;charset=utf-8", "text/plain", "identity", "gzip", "chunked",
    "100-continue", "Bearer x", "localhost\t", "*", "\"a\"", "W/\"a\"", "\"a,b\", W/\"c\"", "\"a\", x",
];

/// What hosts are made of.
#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "localhost", "LOCALHOST", ".", "..", ":", "80", "@", "[", "]", "::1", "::", "ffff:", "127", "0", "1", "0x7f",
    "127.0.0.1", "example.org", "%", "%2e", "-", "_", "\t", " ", "/", "\\", "?", "#", "é", "xn--", "\u{3002}",
];

const USER: &str = r#"{"username":"ada","email":"ada@example.org"}"#;

/// Any value that a header can have: visible bytes, those beyond ASCII, blanks and tabs inside.
fn value() -> impl Strategy<Value = Bytes> {
    let legal = |bytes: &[u8]| HeaderValue::from_bytes(bytes).is_ok();
    prop_oneof![
        4 => select(VALUES).prop_map(|text| text.as_bytes().to_vec()),
        2 => values::number().prop_map(String::into_bytes),
        2 => values::bytes().prop_map(|Bytes(bytes)| bytes),
        1 => prop::collection::vec(33_u8..127, 0..300),
    ]
    .prop_map(move |mut bytes| {
        bytes.retain(|&byte| legal(&[byte]));
        Bytes(bytes)
    })
}

fn with(mut request: TestRequest, name: &str, values: &[Bytes]) -> TestRequest {
    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
    for Bytes(value) in values {
        request = request.append_header((name.clone(), HeaderValue::from_bytes(value).unwrap()));
    }
    request
}

/// The text, if the one value is a text of visible ASCII, blanks and tabs.
fn only(values: &[Bytes]) -> Option<&str> {
    let [Bytes(value)] = values else { return None };
    let plain = value.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    plain.then(|| std::str::from_utf8(value).ok())?
}

fn values() -> impl Strategy<Value = Vec<Bytes>> {
    prop_oneof![
        1 => Just(Vec::new()),
        8 => value().prop_map(|value| vec![value]),
        1 => prop::collection::vec(value(), 2..4),
    ]
}

#[test]
fn any_headers_are_answered() {
    let server = server();
    let header = (select(&NAMES[..]), value());
    let headers = prop::collection::vec(header, 0..6);
    let method = select(
        &[
            ("GET", "/users/1"),
            ("POST", "/users"),
            ("DELETE", "/groups/1"),
            ("GET", "/health"),
        ][..],
    );
    holds(
        1_500,
        (method, headers, any::<bool>()),
        |((method, uri), headers, local)| {
            let mut request = TestRequest::with_uri(uri)
                .method(method.parse().unwrap())
                .set_payload(USER);
            if local {
                request = request.insert_header((header::HOST, "localhost"));
            }
            for (name, value) in &headers {
                request = with(request, name, std::slice::from_ref(value));
            }
            let told = server(request);
            let ids = headers
                .into_iter()
                .filter(|(name, _)| *name == "x-request-id");
            let ids: Vec<_> = ids.map(|(_, value)| value).collect();
            let own = only(&ids).filter(|id| is_fit(id));
            assert_eq!(
                own.is_some_and(|id| id == told.header("x-request-id")),
                own.is_some()
            );
        },
    );
}

#[test]
fn who_acts_is_one_integer() {
    let server = server();
    holds(600, values(), |users| {
        let told = server(with(get("/users/1"), "x-user-id", &users));
        let digits = only(&users).filter(|text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain && (!digits.starts_with('0') || *text == "0")
        });
        // What is too long for a number is out of range too.
        let id = digits.map(|text| text.parse::<i128>().unwrap_or(i128::MAX));
        let fault = match id {
            _ if users.is_empty() => None,
            _ if users.len() > 1 => Some("repeated"),
            None => Some("type"),
            Some(1..0x20_0000_0000_0000) => None,
            Some(_) => Some("range"),
        };
        let refused: Vec<_> = fault
            .map(|fault| ("X-User-Id".to_owned(), fault.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(named(&told), refused);
        if fault.is_none() {
            let known = id.is_none_or(|id| id <= 3);
            assert_eq!(told.status, if known { 200 } else { 401 });
        }
    });
}

#[test]
fn a_key_is_visible_ascii() {
    let server = server();
    holds(600, values(), |keys| {
        let told = server(with(post("/users", USER), "idempotency-key", &keys));
        let fit = match keys.as_slice() {
            [] => true,
            [Bytes(key)] => {
                (1..256).contains(&key.len()) && key.iter().all(|byte| (33..127).contains(byte))
            }
            _ => false,
        };
        if fit {
            assert_eq!(told.outcome(), (503, "overloaded"));
        } else {
            let named = named(&told);
            assert!(
                matches!(&named[..], [(field, _)] if field == "Idempotency-Key"),
                "{named:?}"
            );
        }
    });
}

#[test]
fn what_is_expected_is_a_list_of_tags() {
    let server = server();
    let tag = prop_oneof![
        Just("*".to_owned()),
        "(W/)?\"[!#-~]{0,6}\"",
        "(w/)?\"?[!-~ ]{0,6}\"?",
    ];
    let list = prop::collection::vec(tag, 0..4);
    holds(600, list, |tags| {
        let list = tags.join(" ,");
        let told =
            server(request("DELETE", "/groups/1").insert_header(("If-Match", list.as_str())));
        // One by one they would be told, were a comma not part of some.
        let quoted = |tag: &String| {
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            inner.is_some_and(|inner| !inner.contains(['"', ' ']))
        };
        if list == "*" || (!tags.is_empty() && tags.iter().all(quoted)) {
            assert_eq!(told.outcome(), (503, "overloaded"), "{list}");
        } else if !list.contains('"') {
            let named = named(&told);
            assert!(
                matches!(&named[..], [(field, _)] if field == "If-Match"),
                "{list}: {named:?}"
            );
        }
    });
}

/// Whatever host is let in, a browser would take it for this machine.
#[test]
fn only_loopback_hosts_come_in() {
    let server = server();
    let host = prop::collection::vec(select(HOSTS), 0..5).prop_map(|parts| parts.concat());
    let scheme = select(&["", "http://", "https://", "file://", "HTTP:", "//"][..]);
    holds(
        1_500,
        (host, scheme, any::<bool>()),
        |(host, scheme, is_host)| {
            let Ok(value) = HeaderValue::from_bytes(
                format!("{}{host}", if is_host { "" } else { scheme }).as_bytes(),
            ) else {
                return;
            };
            let name = if is_host {
                header::HOST
            } else {
                header::ORIGIN
            };
            let told = server(request("GET", "/users/1").insert_header((name, value.clone())));
            if told.status == 403 {
                return;
            }
            let text = value.to_str().unwrap();
            let url = if is_host {
                format!("http://{text}/")
            } else {
                text.to_owned()
            };
            // What no browser could have been on is nobody's page.
            let Ok(url) = Url::parse(&url) else { return };
            let loopback = match url.host() {
                Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                Some(Host::Ipv4(ip)) => ip.is_loopback(),
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                None => false,
            };
            assert!(loopback, "{url} is let in");
        },
    );
}
