//! The document of the API against what the server answers.
//!
//! Every answer that any test gets through the harness is held against it: its status must be
//! documented for the route, its type and body must be what the document says, and every header that
//! the document knows must be documented there.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Answer;

/// The document, and a validator for each body in it.
pub(crate) struct Contract {
    pub(crate) document: Value,
    /// By method, path, status and media type.
    bodies: HashMap<(String, String, u16, String), Validator>,
}

/// Where an answer stands in the document: method, path, status, and the code if it is a problem.
pub(crate) type Place = (String, String, u16, String);

/// Headers that an answer has only where the document says so.
const TOLD: [&str; 5] = [
    "location",
    "link",
    "retry-after",
    "idempotency-replayed",
    "allow",
];

/// The contract of this build.
pub(crate) fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
        let document = chat_http::openapi("/").expect("a document");
        Contract::of(serde_json::from_str(&document).expect("a document in JSON"))
    });
    &CONTRACT
}

impl Contract {
    fn of(document: Value) -> Self {
        let mut contract = Self {
            document,
            bodies: HashMap::new(),
        };
        for (method, path, operation) in contract.operations() {
            for (status, response) in members(&operation["responses"]) {
                let status: u16 = status.parse().expect("a status");
                let response = contract.resolve(response);
                for (media_type, content) in members(&response["content"]) {
                    let validator = contract.validator(&content["schema"]);
                    let place = (method.clone(), path.clone(), status, media_type.to_owned());
                    contract.bodies.insert(place, validator);
                }
            }
        }
        contract
    }

    /// Every operation as its method, its path and what is said of it.
    pub(crate) fn operations(&self) -> Vec<(String, String, Value)> {
        let mut operations = Vec::new();
        for (path, item) in members(&self.document["paths"]) {
            for (method, operation) in members(item) {
                operations.push((method.to_uppercase(), path.to_owned(), operation.clone()));
            }
        }
        operations
    }

    /// What a reference leads to; anything else is itself.
    pub(crate) fn resolve(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{reference} leads nowhere"))
                .clone(),
            None => value.clone(),
        }
    }

    /// A validator for a schema of the document. It is stricter than the schema: an answer has no
    /// field that is not documented.
    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        let mut components = self.document["components"].clone();
        let schemas = components["schemas"].as_object_mut().expect("schemas");
        for schema in schemas.values_mut() {
            if schema["type"] == "object" {
                schema["additionalProperties"] = false.into();
            }
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": components,
            "allOf": [schema],
        });
        jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .expect("a schema")
    }

    /// The documented path that a target is of.
    fn path_of(&self, target: &str) -> Option<String> {
        let target = target.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = target.split('/').collect();
        let fits = |path: &str| {
            let of_path: Vec<&str> = path.split('/').collect();
            of_path.len() == parts.len()
                && of_path.iter().zip(&parts).all(|(of_path, part)| {
                    of_path == part || (of_path.starts_with('{') && !part.is_empty())
                })
        };
        let paths = self.document["paths"].as_object().expect("paths");
        // The one with the fewest parameters: `/messages/unseen/{user_id}` before `/messages/{id}/seen`.
        paths
            .keys()
            .filter(|path| fits(path))
            .min_by_key(|path| path.matches('{').count())
            .cloned()
    }

    /// Holds an answer against the document; its place there, if it is of an operation.
    pub(crate) fn check(&self, method: &str, target: &str, answer: &Answer) -> Option<Place> {
        // Methods are told apart by case: `get` is none.
        let path = self
            .path_of(target)
            .filter(|_| method == method.to_uppercase())?;
        let operation = &self.document["paths"][&path][method.to_lowercase()];
        if operation.is_null() {
            return None;
        }
        let status = answer.status;
        let said = format!("{method} {target} answered {status}: {}", shown(answer));
        let response = &operation["responses"][status.to_string()];
        assert!(!response.is_null(), "undocumented: {said}");
        let response = self.resolve(response);
        assert!(answer.header("x-request-id").is_some(), "no id: {said}");
        let located =
            answer.header("location").is_some() || response["headers"]["Location"].is_null();
        assert!(located, "no Location: {said}");
        let timed = answer.header("retry-after").is_some() || status != 503;
        assert!(timed, "no Retry-After: {said}");
        for name in TOLD {
            let documented =
                members(&response["headers"]).any(|(told, _)| told.to_lowercase() == name);
            assert!(
                documented || answer.header(name).is_none(),
                "{name} is not documented: {said}"
            );
        }
        let code = self.check_body(method, &path, &response, answer, &said);
        Some((method.to_owned(), path, status, code))
    }

    /// Holds the body against its schema; the code of a problem.
    fn check_body(
        &self,
        method: &str,
        path: &str,
        response: &Value,
        answer: &Answer,
        said: &str,
    ) -> String {
        // What follows is no body: the connection speaks another protocol.
        if answer.status == 101 {
            return String::new();
        }
        let documented: Vec<&str> = members(&response["content"])
            .map(|(kind, _)| kind)
            .collect();
        let Some(kind) = answer.header("content-type") else {
            assert!(
                documented.is_empty() && answer.body.is_empty(),
                "no type: {said}"
            );
            return String::new();
        };
        let bare = kind.split(';').next().unwrap_or_default();
        let kind = documented
            .iter()
            .find(|known| **known == bare || **known == "*/*");
        let kind = kind.unwrap_or_else(|| panic!("the type {bare} is not documented: {said}"));
        // Nor has an answer to HEAD a body that could say more.
        if !kind.ends_with("json") || method == "HEAD" {
            return String::new();
        }
        let body: Value = serde_json::from_slice(&answer.body).expect(said);
        let place = (
            method.to_owned(),
            path.to_owned(),
            answer.status,
            (*kind).to_owned(),
        );
        let errors: Vec<String> = self.bodies[&place]
            .iter_errors(&body)
            .map(|error| format!("{} at {}", error.masked(), error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:?}: {said}");
        match kind.ends_with("problem+json") {
            true => body["code"].as_str().unwrap_or_default().to_owned(),
            false => String::new(),
        }
    }

    /// Everything that the document says can be answered.
    pub(crate) fn answers(&self) -> BTreeSet<Place> {
        let mut answers = BTreeSet::new();
        for (method, path, operation) in self.operations() {
            for (status, response) in members(&operation["responses"]) {
                let status: u16 = status.parse().expect("a status");
                let response = self.resolve(response);
                let examples = &response["content"]["application/problem+json"]["examples"];
                let codes: Vec<String> = match examples.is_null() || method == "HEAD" {
                    true => vec![String::new()],
                    false => members(examples).map(|(code, _)| code.to_owned()).collect(),
                };
                for code in codes {
                    answers.insert((method.clone(), path.clone(), status, code));
                }
            }
        }
        answers
    }
}

/// The members of an object, none of anything else.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(name, value)| (name.as_str(), value))
}

fn shown(answer: &Answer) -> String {
    let text: String = String::from_utf8_lossy(&answer.body)
        .chars()
        .take(500)
        .collect();
    text
}
