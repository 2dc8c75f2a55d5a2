//! Every shape, read from anything. That the two ways of reading agree, and that what is accepted is of
//! the domain, is asserted by every reading of a [`Shape`].

use std::collections::BTreeMap;

use chat_domain::UserId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::Value;

use super::bodies::bodies;
use super::list::shapes;
use super::queries::queries;
use super::shapes::{Place, Shape};
use super::values::{self, Bytes};
use super::{holds, holds_for_both};
use crate::fields::{Unreadable, decode};

/// The user of the header, or none.
fn header() -> impl Strategy<Value = Option<UserId>> {
    prop::option::of((1_i64..4).prop_map(|id| UserId::parse(id).unwrap()))
}

fn of(place: Place) -> impl Iterator<Item = Shape> {
    shapes()
        .into_iter()
        .filter(move |shape| shape.place == place)
}

#[test]
fn bodies_of_any_bytes() {
    for shape in of(Place::Body) {
        holds(200, (values::bytes(), header()), |(Bytes(body), header)| {
            let read = shape.read(&body, header);
            assert!(read.is_err(), "noise is accepted: {read:?}");
        });
    }
}

#[test]
fn bodies_that_are_nearly_good() {
    for shape in of(Place::Body) {
        let cases = (bodies(&shape), header());
        holds_for_both(400, cases, |(Bytes(body), header)| {
            let json = serde_json::from_slice::<Value>(&body);
            match (shape.read(&body, header), json) {
                (Err(Unreadable::Malformed(error)), Ok(_)) => panic!("it is JSON: {error}"),
                (Err(_), _) => false,
                (Ok(said), Err(error)) => panic!("no JSON, but {said}: {error}"),
                // Written anew, in another order and without blanks, it says the same.
                (Ok(said), Ok(json)) => {
                    let anew = json.to_string();
                    assert_eq!(shape.read(anew.as_bytes(), header).unwrap(), said, "{anew}");
                    true
                }
            }
        });
    }
}

#[test]
fn queries_and_paths_of_any_text() {
    for shape in of(Place::Query).chain(of(Place::Path)) {
        holds(100, (values::text(), header()), |(query, header)| {
            let empty = decode(&query) == (Vec::new(), Vec::new());
            let read = shape.read(query.as_bytes(), header);
            assert!(read.is_err() || empty, "noise is accepted: {read:?}");
        });
    }
}

#[test]
fn queries_and_paths_that_are_nearly_good() {
    for shape in of(Place::Query).chain(of(Place::Path)) {
        holds_for_both(300, (queries(&shape), header()), |(query, header)| {
            let Ok(said) = shape.read(query.as_bytes(), header) else {
                return false;
            };
            let (pairs, _) = decode(&query);
            let fields: BTreeMap<_, _> = pairs.into_iter().collect();
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            let anew: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
                .collect();
            let anew = anew.join("&");
            assert_eq!(shape.read(anew.as_bytes(), header).unwrap(), said, "{anew}");
            true
        });
    }
}

/// Whether it is an id as JSON writes integers: digits alone, without zeros before them.
fn is_id(text: &str) -> bool {
    let number = text.parse::<i64>().ok();
    number.is_some_and(|number| (1..1 << 53).contains(&number) && number.to_string() == text)
}

#[test]
fn an_id_is_written_in_one_way_alone() {
    let powers = (0_u32..60).prop_map(|power| (1_i64 << power).to_string());
    let shapes = shapes();
    holds_for_both(600, prop_oneof![values::number(), powers], |number| {
        for shape in &shapes {
            let encoded = utf8_percent_encode(&number, NON_ALPHANUMERIC);
            let names = shape.names();
            let input = match shape.place {
                Place::Path => {
                    let ids = names.iter().map(|name| format!("{name}={encoded}"));
                    ids.collect::<Vec<_>>().join("&")
                }
                Place::Query if names.contains("around") => format!("group_id=1&after={encoded}"),
                // There it is a cursor.
                Place::Query if names.contains("ticket") => continue,
                Place::Query if names.contains("after") => format!("after={encoded}"),
                Place::Body if names.contains("up_to") => format!("{{\"user_id\":{number}}}"),
                _ => continue,
            };
            let read = shape.read(input.as_bytes(), None);
            assert_eq!(read.is_ok(), is_id(&number), "{input}");
        }
        is_id(&number)
    });
}
