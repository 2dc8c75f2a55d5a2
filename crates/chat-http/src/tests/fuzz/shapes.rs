//! What parts of requests are read into, and that there is one way to read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chat_domain::UserId;
use serde_json::Value;

use crate::fields::{self, Fields, Unreadable, decode};
use crate::problem::Problem;

/// Which part of a request has the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Path,
    Query,
    Body,
}

/// What is read: the value of the domain in words, or why there is none.
type Read = Result<String, Unreadable>;

type Reader = Box<dyn Fn(&[u8], Option<UserId>) -> Read>;

/// One DTO.
pub(super) struct Shape {
    pub(super) place: Place,
    /// The routes that have it there.
    pub(super) routes: Vec<&'static str>,
    /// Inputs that it accepts, with all of its fields between them. Those of a path are written as a
    /// query.
    pub(super) good: Vec<&'static str>,
    read: Reader,
}

impl Shape {
    /// What an input is read as. It has to be the same at once and field by field, and what is refused
    /// has to be told well.
    pub(super) fn read(&self, input: &[u8], header: Option<UserId>) -> Read {
        (self.read)(input, header)
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let names = |good: &&str| match self.place {
            Place::Body => {
                let fields: BTreeMap<String, Value> = serde_json::from_str(good).unwrap();
                fields.into_keys().collect::<Vec<_>>()
            }
            _ => decode(good).0.into_iter().map(|(name, _)| name).collect(),
        };
        self.good.iter().flat_map(names).collect()
    }
}

/// What makes a DTO a value of the domain.
type Parse<T, D> = fn(T) -> Result<D, Problem>;
type Texts = &'static [&'static str];

/// The shape of bodies of JSON.
pub(super) fn body<T: Fields + 'static, D: Debug + 'static>(
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    shape(Place::Body, routes, good, move |body, header| {
        let at_once = fields::json_at_once(body, header).map(|dto| words(dto, parse));
        let by_field = fields::json_by_field(body, header).map(|dto| words(dto, parse));
        let read = fields::read_json(body, header).map(|dto| words(dto, parse));
        agreed(at_once.as_ref(), &by_field, read)
    })
}

/// The shape of queries.
pub(super) fn query<T: Fields + 'static, D: Debug + 'static>(
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    text(Place::Query, routes, good, parse)
}

/// The shape of the ids in paths.
pub(super) fn path<T: Fields + 'static, D: Debug + 'static>(
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    text(Place::Path, routes, good, parse)
}

fn text<T: Fields + 'static, D: Debug + 'static>(
    place: Place,
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    shape(place, routes, good, move |query, header| {
        let (pairs, spoiled) = decode(std::str::from_utf8(query).unwrap());
        let at_once = fields::text_at_once(&pairs, &spoiled, header).map(|dto| words(dto, parse));
        let by_field = fields::text_by_field(&pairs, spoiled.clone(), header);
        let by_field = by_field
            .map(|dto| words(dto, parse))
            .map_err(Unreadable::Fields);
        let read = fields::read_text(&pairs, spoiled, header);
        let read = read
            .map(|dto| words(dto, parse))
            .map_err(Unreadable::Fields);
        agreed(at_once.as_ref(), &by_field, read)
    })
}

fn shape(
    place: Place,
    routes: Texts,
    good: Texts,
    read: impl Fn(&[u8], Option<UserId>) -> Read + 'static,
) -> Shape {
    Shape {
        place,
        routes: routes.to_vec(),
        good: good.to_vec(),
        read: Box::new(read),
    }
}

/// The domain's value in words: there is one for all that is accepted.
fn words<T, D: Debug>(dto: T, parse: Parse<T, D>) -> String {
    format!(
        "{:?}",
        parse(dto).expect("what is accepted is a value of the domain")
    )
}

/// What is read, which all ways of reading it have to agree on; and what is refused is told well.
#[track_caller]
fn agreed(at_once: Option<&String>, by_field: &Read, read: Read) -> Read {
    for way in [by_field, &read] {
        let errors = way.as_ref().err();
        assert_eq!(at_once, way.as_ref().ok(), "{errors:?}");
    }
    if let Err(Unreadable::Fields(errors)) = &read {
        let names: BTreeSet<_> = errors.iter().map(|error| &error.field).collect();
        let worded = errors.iter().all(|error| !error.message.is_empty());
        assert_eq!(names.len(), errors.len(), "each once: {errors:?}");
        assert!((1..=101).contains(&errors.len()) && worded, "{errors:?}");
    }
    read
}
