//! The one list of all that requests are read into.

use std::collections::BTreeSet;

use chat_domain::{GroupId, MessageId, UserId};
use serde_json::Value;

use super::shapes::{Place, Shape, body, path, query};
use crate::dto::files::{CreateFile, ThumbnailQuery};
use crate::dto::groups::{CreateGroup, UpdateGroup};
use crate::dto::members::AddMember;
use crate::dto::messages::CreateMessage;
use crate::dto::paging::{GroupsQuery, PageQuery};
use crate::dto::paths::{IdPath, MemberPath, ReaderPath};
use crate::dto::readers::{EventsQuery, SocketQuery, SyncQuery};
use crate::dto::receipts::MarkMessage;
use crate::dto::users::{CreateUser, UpdateUser};
use crate::dto::windows::MessagesQuery;
use crate::fields::Nothing;
use crate::problem::Problem;

/// All of them.
pub(super) fn shapes() -> Vec<Shape> {
    vec![
        path::<IdPath, _>(
            &[
                "GET /users/{id}",
                "PATCH /users/{id}",
                "DELETE /users/{id}",
                "GET /groups/{id}",
                "PATCH /groups/{id}",
                "DELETE /groups/{id}",
                "GET /groups/{id}/members",
                "POST /groups/{id}/members",
                "GET /messages/{id}",
                "DELETE /messages/{id}",
                "GET /messages/{id}/seen",
                "POST /messages/{id}/seen",
                "GET /files/{id}",
                "DELETE /files/{id}",
                "GET /files/{id}/content",
                "GET /files/{id}/thumbnail",
                "HEAD /uploads/{id}",
                "PATCH /uploads/{id}",
                "DELETE /uploads/{id}",
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
        query::<GroupsQuery, _>(
            &["GET /groups"],
            &["", "limit=2&after=7"],
            GroupsQuery::parse,
        ),
        query::<MessagesQuery, _>(
            &["GET /messages"],
            &[
                "group_id=1",
                "group_id=1&limit=2&before=9",
                "receiver_id=2&sender_id=1&after=7",
                "receiver_id=2&around=7",
                "receiver_id=3&offset=0&limit=200",
                "group_id=3&offset=10000&limit=1",
            ],
            MessagesQuery::parse,
        ),
        query::<SyncQuery, _>(
            &["GET /sync"],
            &[
                "",
                "limit=2&after=7",
                "cursor=ABEiM0RVZneImaq7zN3u_wAAAAAAAAAA&limit=200",
            ],
            |query| unless_for_its_cursor(query.parse()),
        ),
        query::<EventsQuery, _>(
            &["GET /events"],
            &[
                "",
                "limit=2&wait=0&user_id=1",
                "after=ABEiM0RVZneImaq7zN3u_wAAAAAAAAAA&wait=60&ticket=x",
            ],
            |query| unless_for_its_cursor(query.poll()),
        ),
        query::<SocketQuery, _>(
            &["GET /ws"],
            &[
                "",
                "after=ABEiM0RVZneImaq7zN3u_wAAAAAAAAAA&ticket=x",
                "user_id=1",
            ],
            |query| unless_for_its_cursor(query.after()),
        ),
        query::<ThumbnailQuery, _>(
            &["GET /files/{id}/thumbnail"],
            &["", "size=64", "size=1024"],
            |query| query.size(),
        ),
        body::<CreateUser, _>(
            &["POST /users"],
            &[
                r#"{"username":"ada","email":"ada@example.org"}"#,
                r#"{"username":"ada","email":"ada@example.org","display_name":"Ada","external_id":"a|1"}"#,
            ],
            CreateUser::parse,
        ),
        body::<UpdateUser, _>(
            &["PATCH /users/{id}"],
            &[
                "{}",
                r#"{"username":"ada","email":"ada@example.org"}"#,
                r#"{"display_name":"Ada","avatar_file_id":1,"external_id":"a|1"}"#,
                r#"{"display_name":null,"avatar_file_id":null,"external_id":null}"#,
            ],
            |body| body.parse(UserId::parse(1).unwrap()),
        ),
        body::<CreateGroup, _>(
            &["POST /groups"],
            &[r#"{"name":"team"}"#, r#"{"name":"team","owner_id":1}"#],
            CreateGroup::parse,
        ),
        body::<UpdateGroup, _>(
            &["PATCH /groups/{id}"],
            &["{}", r#"{"name":"team"}"#],
            |body| body.parse(GroupId::parse(1).unwrap()),
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

/// A cursor that is none is refused by itself, after all fields were read.
fn unless_for_its_cursor<D>(read: Result<D, Problem>) -> Result<Option<D>, Problem> {
    match read {
        Err(problem) if problem.code() == "cursor_invalid" => Ok(None),
        read => read.map(Some),
    }
}

/// The shape that a route has there. A query that nothing is said of takes no parameters.
pub(super) fn shape_of<'s>(shapes: &'s [Shape], place: Place, route: &str) -> Option<&'s Shape> {
    let named = |shape: &&Shape| shape.place == place && shape.routes.contains(&route);
    let nothing = |shape: &&Shape| place == Place::Query && shape.names().is_empty();
    let mut shapes_of = shapes.iter();
    shapes_of
        .clone()
        .find(named)
        .or_else(|| shapes_of.find(nothing))
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
            // Of several forms, the fields of all.
            let forms = schema["oneOf"].as_array().into_iter().flatten();
            return forms
                .chain([schema])
                .filter_map(|form| form["properties"].as_object())
                .flat_map(|properties| properties.keys().cloned())
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
