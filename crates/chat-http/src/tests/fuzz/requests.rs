//! Whole requests: what their parts are read as by themselves is what the server tells of them all.

use std::collections::HashSet;

use actix_web::http::{Method, Uri, header};
use actix_web::test::TestRequest;
use chat_domain::UserId;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;

use super::bodies::bodies;
use super::list::{shape_of, shapes};
use super::queries::{queries, value};
use super::server::{named, server};
use super::shapes::{Place, Shape};
use super::values::{self, Bytes};
use super::{holds, holds_for_both};
use crate::fields::Unreadable;
use crate::tests::request;

/// The most bytes of a body.
const MAX_JSON: usize = 256 * 1024;

/// A request of one route; `ids` stand in its path, in their order.
#[derive(Clone, Debug)]
struct Case {
    method: String,
    path: &'static str,
    ids: Vec<String>,
    query: String,
    body: Option<Bytes>,
    user: Option<i64>,
}

impl Case {
    fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The target, if it can stand in a request.
    fn uri(&self) -> Option<Uri> {
        let mut path = self.path.to_owned();
        for id in &self.ids {
            let (open, close) = (path.find('{')?, path.find('}')?);
            path.replace_range(open..=close, id);
        }
        let ids = self.ids.iter();
        let parts = path.matches('/').count() == self.path.matches('/').count();
        let whole = ids.clone().all(|id| !id.is_empty()) && parts && !path.contains(['?', '#']);
        whole.then(|| format!("{path}?{}", self.query).parse().ok())?
    }

    fn request(&self, uri: &Uri) -> TestRequest {
        let mut request = request(&self.method, &uri.to_string());
        if let Some(user) = self.user {
            request = request.insert_header(("X-User-Id", user.to_string()));
        }
        if let Some(Bytes(body)) = &self.body {
            request = request
                .insert_header((header::CONTENT_TYPE, "application/json"))
                .set_payload(body.clone());
        }
        request
    }

    /// The ids as the query that a shape of a path reads.
    fn path_as_query(&self) -> String {
        let names = self
            .path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next());
        let ids = names.zip(&self.ids).map(|(name, id)| {
            let id = percent_decode_str(id).decode_utf8_lossy();
            format!("{name}={}", utf8_percent_encode(&id, NON_ALPHANUMERIC))
        });
        ids.collect::<Vec<_>>().join("&")
    }
}

/// The id in a path: good, or whatever the value of a parameter can be.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (1_i64..4).prop_map(|id| id.to_string()),
        1 => value(),
        1 => values::number().prop_map(|number| number.replace('/', "%2F")),
    ]
}

/// Requests near good ones, of every route that asks who acts.
fn cases() -> impl Strategy<Value = Case> {
    let shapes = shapes();
    let anonymous = crate::anonymous_routes();
    // Uploads are told by headers, which have random ones of their own; who follows what happens waits.
    let elsewhere = ["/uploads", "/uploads/{id}", "/events", "/ws"];
    let routes = crate::routes()
        .into_iter()
        .filter(|route| !anonymous.contains(route) && !elsewhere.contains(&route.1));
    let cases = routes.map(|(method, path)| {
        let route = format!("{method} {path}");
        let ids = prop::collection::vec(id(), path.matches('{').count());
        let query = queries(shape_of(&shapes, Place::Query, &route).unwrap());
        let query = match method.as_str() {
            "GET" => query.boxed(),
            _ => prop_oneof![9 => Just(String::new()), 1 => query].boxed(),
        };
        let body = match shape_of(&shapes, Place::Body, &route) {
            Some(shape) => bodies(shape).prop_map(Some).boxed(),
            None => Just(None).boxed(),
        };
        let user = prop::option::of(1_i64..4);
        (ids, query, body, user).prop_map(move |(ids, query, body, user)| Case {
            method: method.clone(),
            path,
            ids,
            query,
            body,
            user,
        })
    });
    prop::strategy::Union::new(cases.map(Strategy::boxed))
}

/// What the parts of a request are refused for: nothing, broken JSON, or all these fields.
fn refusal(
    shapes: &[Shape],
    case: &Case,
    query: &str,
) -> Result<(), Option<Vec<(String, String)>>> {
    let user = case.user.map(|id| UserId::parse(id).unwrap());
    let path = case.path_as_query();
    let body = case.body.as_ref().map_or(&[][..], |Bytes(body)| body);
    let parts = [
        (Place::Path, path.as_bytes()),
        (Place::Query, query.as_bytes()),
        (Place::Body, body),
    ];
    let mut errors = Vec::new();
    for (place, input) in parts {
        match shape_of(shapes, place, &case.route()).map(|shape| shape.read(input, user)) {
            None | Some(Ok(_)) => {}
            Some(Err(Unreadable::Malformed(_))) => return Err(None),
            Some(Err(Unreadable::Fields(bad))) => errors.extend(bad),
        }
    }
    let mut seen = HashSet::new();
    errors.retain(|error| seen.insert(error.field.clone()));
    errors.truncate(100);
    let named = errors
        .into_iter()
        .map(|error| (error.field, error.code.into_owned()));
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        Ok(())
    } else {
        Err(Some(named))
    }
}

#[test]
fn a_request_is_refused_for_its_parts_and_for_all_of_them_at_once() {
    let (server, shapes) = (server(), shapes());
    holds_for_both(2_000, cases(), |case| {
        let Some(uri) = case.uri() else { return false };
        let told = server(case.request(&uri));
        if case
            .body
            .as_ref()
            .is_some_and(|Bytes(body)| body.len() > MAX_JSON)
        {
            assert_eq!(told.outcome(), (413, "payload_too_large"));
            return false;
        }
        let refusal = refusal(&shapes, &case, uri.query().unwrap_or_default());
        let accepted = refusal.is_ok();
        match refusal {
            Err(None) => assert_eq!(told.outcome(), (400, "malformed_json")),
            Err(Some(fields)) => {
                assert_eq!(told.outcome(), (400, "validation_failed"));
                assert_eq!(named(&told), fields);
            }
            Ok(()) if case.method == "GET" => {
                let missing = told.status == 404 && told.code() != "route_not_found";
                let mismatch = told.code() == "actor_mismatch";
                let cursor = matches!(told.code(), "cursor_invalid" | "cursor_expired");
                assert!(
                    told.status == 200 || missing || mismatch || cursor,
                    "{:?}",
                    told.outcome()
                );
            }
            Ok(()) => {
                let done = matches!(told.code(), "overloaded" | "actor_mismatch");
                assert!(done, "{:?}: {}", told.outcome(), told.body);
            }
        }
        accepted
    });
}

/// What targets are made of.
#[rustfmt::skip]
const PARTS: &[&str] = &[
    "/", "//", "users", "groups", "members", "messages", "unseen", "seen", "files", "uploads", "content", "thumbnail", "docs", "health", "live",
    "metrics", "openapi.json", "index.html", "swagger-ui.css", "1", "%31", "%2F", "%2e%2e", "..", ".", "%00", "%ff",
    "%zz", "%", ";a=b", "é", "{id}", ":", "@", "?", "&", "=", "#", "\\", "*",
];

#[test]
fn any_target_is_answered() {
    let server = server();
    let known = select(&["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH"][..]);
    let method = prop_oneof![3 => known.prop_map(str::to_owned), 1 => "[!-~]{1,12}"];
    let parts = prop::collection::vec(select(PARTS), 0..8).prop_map(|parts| parts.concat());
    let target = prop_oneof![4 => parts, 1 => any::<String>()].prop_map(|text| format!("/{text}"));
    let cases = (method, target, values::bytes());
    holds(800, cases, |(method, target, Bytes(body))| {
        let (Ok(method), Ok(_)) = (method.parse::<Method>(), target.parse::<Uri>()) else {
            return;
        };
        let request = request(method.as_str(), &target).set_payload(body);
        // No change is good by chance.
        assert_ne!(server(request).status, 503);
    });
}
