//! Every shape that requests are read into, in one list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use chat_domain::{GroupId, MessageId, UserId};
use serde_json::Value;

use crate::dto::files::CreateFile;
use crate::dto::groups::CreateGroup;
use crate::dto::members::AddMember;
use crate::dto::messages::CreateMessage;
use crate::dto::paging::PageQuery;
use crate::dto::paths::{IdPath, MemberPath, ReaderPath};
use crate::dto::receipts::MarkMessage;
use crate::dto::users::CreateUser;
use crate::dto::windows::MessagesQuery;
use crate::fields::{self, Fields, Nothing, Unreadable, decode};
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

/// One DTO.
pub(super) struct Shape {
    pub(super) place: Place,
    /// The routes that have it there.
    pub(super) routes: Vec<&'static str>,
    /// Inputs that it accepts, with all of its fields between them. Those of a path are written as a
    /// query.
    pub(super) good: Vec<&'static str>,
    read: Box<dyn Fn(&[u8], Option<UserId>) -> Read>,
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

/// All of them.
pub(super) fn shapes() -> Vec<Shape> {
    vec![
        path::<IdPath, _>(
            &[
                "GET /users/{id}",
                "GET /groups/{id}",
                "DELETE /groups/{id}",
                "GET /groups/{id}/members",
                "POST /groups/{id}/members",
                "GET /messages/{id}",
                "DELETE /messages/{id}",
                "GET /messages/{id}/seen",
                "POST /messages/{id}/seen",
                "GET /files/{id}",
            ],
            &["id=1"],
            |path| path.id(UserId::parse),
        ),
        path::<MemberPath, _>(
            &["DELETE /groups/{id}/members/{user_id}"],
            &["id=1&user_id=2"],
            MemberPath::parse,
        ),
        path::<ReaderPath, _>(
            &["GET /messages/unseen/{user_id}"],
            &["user_id=1"],
            ReaderPath::parse,
        ),
        query::<Nothing, _>(&[], &[""], |_| Ok(())),
        query::<PageQuery, _>(
            &[
                "GET /users",
                "GET /groups/{id}/members",
                "GET /messages/{id}/seen",
            ],
            &["", "limit=2&after=7"],
            PageQuery::parse,
        ),
        query::<MessagesQuery, _>(
            &["GET /messages"],
            &[
                "group_id=1",
                "group_id=1&limit=2&before=9",
                "receiver_id=2&sender_id=1&after=7",
                "receiver_id=2&around=7",
                "receiver_id=3&offset=0&limit=200",
            ],
            MessagesQuery::parse,
        ),
        body::<CreateUser, _>(
            &["POST /users"],
            &[r#"{"username":"ada","email":"ada@example.org"}"#],
            CreateUser::parse,
        ),
        body::<CreateGroup, _>(
            &["POST /groups"],
            &[r#"{"name":"team"}"#, r#"{"name":"team","owner_id":1}"#],
            CreateGroup::parse,
        ),
        body::<AddMember, _>(
            &["POST /groups/{id}/members"],
            &[r#"{"user_id":2}"#, r#"{"user_id":2,"role":"admin"}"#],
            |body| body.parse(GroupId::parse(1).unwrap()),
        ),
        body::<CreateMessage, _>(
            &["POST /messages"],
            &[
                r#"{"sender_id":1,"receiver_id":2,"type":"text","content":"hi"}"#,
                r#"{"sender_id":1,"group_id":1,"type":"text","content":"hi"}"#,
                r#"{"sender_id":1,"group_id":1,"type":"image","file_id":1}"#,
                r#"{"sender_id":1,"receiver_id":2,"type":"file","file_id":1,"content":""}"#,
            ],
            CreateMessage::parse,
        ),
        body::<MarkMessage, _>(
            &["POST /messages/{id}/seen"],
            &[r#"{"user_id":2}"#, r#"{"user_id":2,"up_to":true}"#],
            |body| body.parse(MessageId::parse(1).unwrap()),
        ),
        body::<CreateFile, _>(
            &["POST /files"],
            &[
                r#"{"url":"https://example.org"}"#,
                r#"{"url":"https://example.org","name":"a","size":0,"type":"image/png"}"#,
            ],
            CreateFile::parse,
        ),
    ]
}

/// The shape that a route has there.
pub(super) fn shape_of<'s>(shapes: &'s [Shape], place: Place, route: &str) -> Option<&'s Shape> {
    let named = |shape: &&Shape| shape.place == place && shape.routes.contains(&route);
    let nothing = |shape: &&Shape| place == Place::Query && shape.names().is_empty();
    let mut shapes_of = shapes.iter();
    shapes_of
        .clone()
        .find(named)
        .or_else(|| shapes_of.find(nothing))
}

type Parse<T, D> = fn(T) -> Result<D, Problem>;
type Texts = &'static [&'static str];

fn body<T: Fields + 'static, D: Debug + 'static>(
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    shape(Place::Body, routes, good, move |body, header| {
        let at_once = fields::json_at_once(body, header).map(|dto| words(dto, parse));
        let by_field = fields::json_by_field(body, header).map(|dto| words(dto, parse));
        let read = fields::read_json(body, header).map(|dto| words(dto, parse));
        agreed(at_once, by_field, read)
    })
}

fn query<T: Fields + 'static, D: Debug + 'static>(
    routes: Texts,
    good: Texts,
    parse: Parse<T, D>,
) -> Shape {
    text(Place::Query, routes, good, parse)
}

fn path<T: Fields + 'static, D: Debug + 'static>(
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
        agreed(at_once, by_field, read)
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

#[track_caller]
fn agreed(at_once: Option<String>, by_field: Read, read: Read) -> Read {
    assert_eq!(
        at_once.as_ref(),
        by_field.as_ref().ok(),
        "{:?}",
        by_field.as_ref().err()
    );
    assert_eq!(
        at_once.as_ref(),
        read.as_ref().ok(),
        "{:?}",
        read.as_ref().err()
    );
    if let Err(Unreadable::Fields(errors)) = &read {
        let names: BTreeSet<_> = errors.iter().map(|error| &error.field).collect();
        assert_eq!(names.len(), errors.len(), "each once: {errors:?}");
        assert!((1..=101).contains(&errors.len()), "{errors:?}");
        assert!(
            errors.iter().all(|error| !error.message.is_empty()),
            "{errors:?}"
        );
    }
    read
}

/// A route or a field that is missing in the list fails here.
#[test]
fn the_shapes_are_those_of_the_document() {
    let document: Value = serde_json::from_str(&crate::openapi("/").unwrap()).unwrap();
    let shapes = shapes();
    let mut named: BTreeSet<_> = shapes.iter().flat_map(|shape| &shape.routes).collect();
    for (method, path) in crate::routes() {
        let route = format!("{method} {path}");
        let operation = &document["paths"][path][method.to_lowercase()];
        for place in [Place::Path, Place::Query, Place::Body] {
            let ours = shape_of(&shapes, place, &route).map(Shape::names);
            let told = documented(&document, operation, place);
            assert_eq!(ours.unwrap_or_default(), told, "{place:?} of {route}");
        }
        named.retain(|name| **name != route);
    }
    assert!(named.is_empty(), "no routes: {named:?}");
}

/// The names that the document has for this part of an operation. What is no id in a path is no field.
fn documented(document: &Value, operation: &Value, place: Place) -> BTreeSet<String> {
    let part = match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Body => {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let reference = schema["$ref"].as_str().unwrap_or("#/none");
            let schema = document.pointer(&reference[1..]).unwrap_or(&Value::Null);
            let properties = schema["properties"].as_object();
            let properties = properties.or_else(|| schema["allOf"][0]["properties"].as_object());
            return properties
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect();
        }
    };
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == part)
        .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
        .filter(|name| place == Place::Query || name.ends_with("id"))
        .collect()
}

#[test]
fn what_is_good_is_accepted() {
    for shape in shapes() {
        for good in &shape.good {
            assert!(shape.read(good.as_bytes(), None).is_ok(), "{good}");
        }
    }
}
