//! The whole transport over three users, and the form that every answer of it has.

use std::collections::BTreeSet;

use actix_web::http::header;
use actix_web::rt::System;
use actix_web::test::{TestRequest, init_service};
use serde_json::Value;

use crate::problem::code;
use crate::testing::FakeStore;
use crate::tests::{Told, ask_app};
use crate::{HttpOptions, app};

/// Asks one server after the other thing; it holds every answer against the form. Its store refuses
/// changes as `overloaded`: that is what a good request for one is told, and no other.
pub(super) fn server() -> impl Fn(TestRequest) -> Told {
    let system = System::new();
    let store = FakeStore::ThreeUsers.service();
    let app = system.block_on(init_service(app(store, &HttpOptions::default())));
    move |request| {
        let told = system.block_on(ask_app(&app, request));
        assert_form(&told);
        told
    }
}

/// The fields of a validation failure, each with its code.
pub(super) fn named(told: &Told) -> Vec<(String, String)> {
    let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    let errors = told.body["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| (text(error, "field"), text(error, "code")))
        .collect()
}

#[track_caller]
fn assert_form(told: &Told) {
    let ids: Vec<_> = told.headers.get_all("x-request-id").collect();
    let id = told.header("x-request-id");
    assert!(ids.len() == 1 && is_fit(id), "{ids:?}");
    if told.status < 400 {
        return;
    }
    let body = &told.body;
    let code = code::ALL.iter().find(|code| code.name == told.code());
    let code = code.unwrap_or_else(|| panic!("{}: no code: {body}", told.status));
    let busy = told.outcome() == (503, "overloaded");
    assert!(told.status < 500 || busy, "{}: {body}", told.status);
    assert_eq!(told.status, code.status, "{body}");
    assert_eq!(
        told.header(header::CONTENT_TYPE),
        "application/problem+json"
    );
    assert_eq!(
        told.header(header::RETRY_AFTER) == "1",
        code.passes(),
        "{body}"
    );
    assert_eq!(
        told.headers.contains_key(header::ALLOW),
        told.status == 405,
        "{body}"
    );
    let told_of = [
        &body["type"],
        &body["title"],
        &body["status"],
        &body["request_id"],
    ];
    let expected: [Value; 4] = [
        code.kind().into(),
        code.title().into(),
        told.status.into(),
        id.into(),
    ];
    assert_eq!(told_of.map(Value::clone), expected);
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| !detail.is_empty()),
        "{body}"
    );
    let errors = named(told);
    let members = body.as_object().unwrap().len();
    if told.code() == "validation_failed" {
        assert!((1..=100).contains(&errors.len()) && members == 7, "{body}");
    } else {
        assert!(errors.is_empty() && members == 6, "{body}");
    }
    let fields: BTreeSet<_> = errors.iter().map(|(field, _)| field).collect();
    assert_eq!(fields.len(), errors.len(), "each field once: {body}");
    let faults = [
        "required", "type", "unknown", "repeated", "length", "format", "range", "conflict",
    ];
    assert!(
        errors
            .iter()
            .all(|(_, fault)| faults.contains(&fault.as_str())),
        "{body}"
    );
}

/// Whether it is an id for a request.
pub(super) fn is_fit(id: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    (1..=128).contains(&id.chars().count()) && id.chars().all(plain)
}
