//! Requests near those of the document, for every operation in it. The harness holds each answer
//! against the document.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::holds;
use crate::support::{App, Request, contract};

/// Values for a parameter, encoded as far as they need it.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "0", "-1", "01", "%31", "1.0", "200", "201", "10000", "10001", "9007199254740991", "9007199254740992",
    "99999999999999999999", "x", "", "%20", "%00", "%ff", "%zz", "%D9%A7", "1%2F2", "null", "index.html",
];

/// Values for a field.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "null", "true", "false", "0", "1", "2", "-1", "1.0", "1e0", "-0", "9007199254740991", "9007199254740992", "1e30",
    "\"\"", "\" \"", "\"a\"", "\"1\"", "\"é\\n\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"text\"", "\"image\"",
    "\"file\"", "\"owner\"", "\"admin\"", "\"member\"", "\"a@b.cd\"", "\"https://example.org\"", "\"image/png\"", "[]",
    "{}", "[[1]]", "{\"a\":1}",
];

/// The id of somebody or something that may well be there.
fn id() -> impl Strategy<Value = String> {
    (1_i64..7).prop_map(|id| id.to_string())
}

fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![8 => id(), 1 => select(TEXTS).prop_map(str::to_owned)]
}

/// What is done to the body of an example.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, Value),
    Drop(usize),
    Add(&'static str, Value),
}

impl Change {
    fn make(self, body: &mut Value) {
        let fields = body.as_object_mut().expect("an object");
        let name = |at: usize| fields.keys().nth(at % fields.len().max(1)).cloned();
        match self {
            Self::Set(at, value) => {
                if let Some(name) = name(at) {
                    fields.insert(name, value);
                }
            }
            Self::Drop(at) => {
                if let Some(name) = name(at) {
                    fields.remove(&name);
                }
            }
            Self::Add(name, value) => {
                fields.insert(name.to_owned(), value);
            }
        }
    }
}

fn field() -> impl Strategy<Value = Value> {
    let some = select(VALUES).prop_map(|text| serde_json::from_str(text).expect("JSON"));
    let text = any::<String>().prop_map(Value::from);
    let long = select(&[64, 65, 255, 256, 2_049, 16_384, 16_385][..])
        .prop_map(|size| json!("a".repeat(size)));
    prop_oneof![4 => some, 3 => (1_i64..7).prop_map(|id| json!(id)), 1 => text, 1 => long]
}

/// The example, mostly after one change; every name in it is a new one.
fn body(example: &Value) -> BoxedStrategy<Option<Value>> {
    if example.is_null() {
        return Just(None).boxed();
    }
    let example = example.clone();
    let unknown = select(&["nope", "file_id", "group_id", "role", "content"][..]);
    let change = prop_oneof![
        3 => (0_usize..8, field()).prop_map(|(at, value)| Change::Set(at, value)),
        1 => (0_usize..8).prop_map(Change::Drop),
        1 => (unknown, field()).prop_map(|(name, value)| Change::Add(name, value)),
    ];
    (prop::collection::vec(change, 0..=1), "[a-z]{12}")
        .prop_map(move |(changes, new)| {
            let mut body = example.clone();
            for (name, value) in [
                ("username", new.clone()),
                ("name", new.clone()),
                ("email", format!("{new}@example.org")),
            ] {
                if body.get(name).is_some() {
                    body[name] = value.into();
                }
            }
            for change in changes {
                change.make(&mut body);
            }
            Some(body)
        })
        .boxed()
}

/// A request as its parts.
#[derive(Clone, Debug)]
struct Case {
    method: String,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Case {
    fn request(&self) -> Request {
        let headers = self.headers.iter();
        let request = headers.fold(
            Request::new(&self.method, &self.target),
            |request, (name, value)| request.header(name, value),
        );
        match &self.body {
            Some(body) => request.json(body),
            None => request,
        }
    }
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let user = prop_oneof![9 => id(), 1 => select(&["", "0", "x", "99", "1.0", "9007199254740992"][..]).prop_map(str::to_owned)];
    // Few keys, so that they are met again, with the same request and with others.
    let key = prop_oneof![9 => "[a-c]", 1 => select(&["", "a b", "é"][..]).prop_map(str::to_owned)];
    let name = select(&["r-1", "a b", ""][..]).prop_map(str::to_owned);
    (
        prop::option::of(user),
        prop::option::weighted(0.2, key),
        prop::option::weighted(0.1, name),
    )
        .prop_map(|(user, key, id)| {
            let headers = [
                ("X-User-Id", user),
                ("Idempotency-Key", key),
                ("X-Request-Id", id),
            ];
            let given = headers
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            given.collect()
        })
}

/// Requests of one operation.
fn of_operation(method: String, path: String, operation: &Value) -> BoxedStrategy<Case> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<_> = parameters.map(|one| contract().resolve(one)).collect();
    let query: Vec<_> = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .chain(["nope".to_owned()])
        .collect();
    let most = query.len().min(4);
    let query = prop::collection::vec((select(query), parameter()), 0..most);
    let query = query.prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    });
    let ids = prop::collection::vec(parameter(), path.matches('{').count());
    let content = &operation["requestBody"]["content"]["application/json"];
    (ids, query, headers(), body(&content["example"]))
        .prop_map(move |(ids, query, headers, body)| {
            let mut target = path.clone();
            for id in ids {
                if let (Some(open), Some(close)) = (target.find('{'), target.find('}')) {
                    target.replace_range(open..=close, &id);
                }
            }
            if !query.is_empty() {
                target = format!("{target}?{query}");
            }
            let method = method.clone();
            Case {
                method,
                target,
                headers,
                body,
            }
        })
        .boxed()
}

/// Everybody can meet everybody: five users, two groups, messages of all kinds and a file.
fn world() -> App {
    let app = App::populated();
    let [cyd, dan, eve] = app.users(["cyd", "dan", "eve"]);
    let group = app.group("others", cyd, &[1, 2, dan]);
    let file = json!({"url": "https://example.org/a.png", "type": "image/png"});
    app.as_user(1).post("/files", &file).expect(201);
    app.tell_group(cyd, group, "hi");
    app.tell(eve, 1, "hi");
    let image = json!({"group_id": 1, "type": "image", "file_id": 1});
    app.as_user(1).post("/messages", &image).expect(201);
    app
}

#[test]
fn every_answer_is_one_of_the_document() {
    let app = world();
    let operations = contract().operations();
    let operations = operations.into_iter().map(|(method, path, operation)| {
        let weight = if operation["requestBody"].is_null() {
            1
        } else {
            3
        };
        (weight, of_operation(method, path, &operation))
    });
    let cases = prop::strategy::Union::new_weighted(operations.collect());
    let (tried, done) = (Cell::new(0), Cell::new(0));
    holds(500, cases, |case| {
        let answer = case.request().send(app.address());
        assert!(answer.status < 500, "{}", answer.text());
        // An answer to HEAD has no body to look at.
        if answer.status >= 400 && !answer.body.is_empty() {
            let problem: Value = serde_json::from_slice(&answer.body).expect("a problem");
            answer.problem(answer.status, problem["code"].as_str().expect("a code"));
        }
        tried.set(tried.get() + 1);
        done.set(done.get() + usize::from(answer.status < 400));
    });
    // If hardly any or nearly all of many were done, this says little.
    let (tried, done) = (tried.get(), done.get());
    let both = (tried / 20..tried - tried / 20).contains(&done);
    assert!(tried < 200 || both, "{done} of {tried} were done");
}
