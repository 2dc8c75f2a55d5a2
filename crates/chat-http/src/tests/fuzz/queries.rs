//! Queries that are nearly good, and what holds for the decoding of any.

use actix_web::http::Uri;
use actix_web::test::TestRequest;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;

use super::holds;
use super::list::shapes;
use super::near::{Pairs, near};
use super::shapes::{Place, Shape};
use super::values;
use crate::fields::decode;
use crate::link::{self, Link};

/// The parameters that say where a page begins.
const CURSORS: [&str; 4] = ["before", "after", "around", "offset"];

/// Queries near those that the shape accepts.
pub(super) fn queries(shape: &Shape) -> impl Strategy<Value = String> + use<> {
    let good = shape.good.iter().map(|text| decode(text).0).collect();
    let mut names: Vec<String> = shapes().iter().flat_map(Shape::names).collect();
    names.extend(["", "Limit", "li%6Dit", "%zz", "limit%", "a%00"].map(str::to_owned));
    let between = select(&["&", "&", "&", "&&", "&=&", ";"][..]);
    let end = select(&["", "", "", "&", "=", "?", "#", ";"][..]);
    (near(good, names, value(), encode), between, end)
        .prop_map(|(pairs, between, end)| write(&pairs, between) + end)
}

/// The value of a parameter: as it is, encoded, or encoded badly.
pub(super) fn value() -> BoxedStrategy<String> {
    let good = &["1", "2", "3", "50", "%31", "%32%30"][..];
    let odd = &[
        "", "%", "%1", "%zz", "%%31", "%ff", "%D0", "%C0%80", "1%00", "%2B1", "+", "1=2", "1%2F2",
    ][..];
    prop_oneof![
        3 => select(good).prop_map(str::to_owned),
        2 => values::number().prop_map(|number| encode(&number)),
        1 => select(odd).prop_map(str::to_owned),
        1 => values::text().prop_map(|text| encode(&text)),
    ]
    .boxed()
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn write(pairs: &Pairs, between: &str) -> String {
    let part = |(name, value): &(String, String)| match value.is_empty() {
        true => name.clone(),
        false => format!("{name}={value}"),
    };
    pairs.iter().map(part).collect::<Vec<_>>().join(between)
}

/// Texts made of what matters to a query.
fn raw() -> impl Strategy<Value = String> {
    let parts = &[
        "&", "=", "%", "+", "%41", "%2b", "%26", "%3D", "%ff", "%d0%90", "a", "A", "f", "0", "é",
        "\0", " ", "#", "?",
    ][..];
    prop_oneof![
        prop::collection::vec(select(parts), 0..12).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

#[test]
fn decoding_loses_nothing_and_makes_nothing_up() {
    holds(1_000, (raw(), raw()), |(one, other)| {
        let (pairs, spoiled) = decode(&one);
        let parts = one.split('&').filter(|part| !part.is_empty()).count();
        assert_eq!(pairs.len() + spoiled.len(), parts);
        assert!(spoiled.iter().all(|error| error.code == "format"));
        let both = decode(&format!("{one}&{other}"));
        let (more, worse) = decode(&other);
        assert_eq!(both, ([pairs, more].concat(), [spoiled, worse].concat()));
    });
}

/// The decoded text, byte by byte; none if it can't be decoded.
fn plain(encoded: &str) -> Option<String> {
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?].map(char::from);
                let [high, low] = digits.map(|digit| digit.to_digit(16));
                u8::try_from(high? * 16 + low?).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[test]
fn a_pair_is_what_its_two_texts_say() {
    holds(1_000, (raw(), raw()), |(name, value)| {
        let part = format!("{name}={value}").replace('&', "");
        let (name, value) = part.split_once('=').unwrap();
        let (pairs, spoiled) = decode(&part);
        match (plain(name), plain(value)) {
            (Some(name), Some(value)) => assert_eq!(pairs, [(name, value)]),
            (read, _) => assert_eq!(spoiled[0].field, read.as_deref().unwrap_or(name)),
        }
    });
}

#[test]
fn what_is_encoded_is_decoded_again() {
    let pair = || (values::text(), values::text());
    holds(500, prop::collection::vec(pair(), 0..6), |pairs| {
        let encoded: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        assert_eq!(decode(&encoded.join("&")), (pairs, Vec::new()));
    });
}

/// Every list that has links leads on with the parameters that it was asked for with.
#[test]
fn a_link_says_what_the_query_said() {
    let lists = |shape: &Shape| shape.place == Place::Query && shape.names().contains("limit");
    for shape in shapes().into_iter().filter(lists) {
        let cursors: Vec<_> = CURSORS
            .into_iter()
            .filter(|name| shape.names().contains(*name))
            .collect();
        let cursor = prop::option::of((select(cursors), 1_i64..10_000));
        holds(400, (queries(&shape), cursor), |(query, cursor)| {
            let Ok(uri) = format!("/list?{query}").parse::<Uri>() else {
                return;
            };
            let query = uri.query().unwrap_or_default();
            if shape.read(query.as_bytes(), None).is_err() {
                return;
            }
            let rel = "next";
            let request = TestRequest::with_uri(&uri.to_string()).to_http_request();
            let link = link::header(&request, &[Link { rel, cursor }]).unwrap();
            let target = link.strip_prefix('<').unwrap();
            let target = target.strip_suffix(">; rel=\"next\"").unwrap();
            let target: Uri = target.parse().unwrap();
            let mut expected = decode(query).0;
            expected.retain(|(name, _)| !CURSORS.contains(&name.as_str()));
            expected.extend(cursor.map(|(name, id)| (name.to_owned(), id.to_string())));
            let query = target.query().unwrap_or_default();
            assert_eq!(target.path(), "/list");
            assert_eq!(decode(query), (expected, Vec::new()));
            shape.read(query.as_bytes(), None).unwrap();
        });
    }
}
