//! Problems in the document: for each status the codes that it can have, with an example of each.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::schema::{AllOfBuilder, Type};
use utoipa::openapi::{Components, ContentBuilder, ObjectBuilder, Ref, RefOr, Response};

use super::common;
use super::operation::response;
use super::schemas::ProblemSchema;
use crate::problem::code::{self, Code};

const PROBLEM: &str = "application/problem+json";

/// The answers that these refusals come to: for each status the name under which its answer stands in
/// `components`, where those that have the same refusals share it.
pub(super) fn responses(
    refusals: &[&'static Code],
    components: &mut Components,
) -> Vec<(String, Ref)> {
    let mut by_status = BTreeMap::<u16, Vec<&Code>>::new();
    for code in refusals {
        by_status.entry(code.status).or_default().push(code);
    }
    let mut responses = Vec::new();
    for (status, mut codes) in by_status {
        codes.sort_by_key(|code| code.name);
        let names: Vec<&str> = codes.iter().map(|code| code.name).collect();
        let name = names.join(".");
        let reference = Ref::from_response_name(name.as_str());
        let response = of(status, &codes);
        components.responses.insert(name, response.into());
        responses.push((status.to_string(), reference));
    }
    responses
}

fn of(status: u16, codes: &[&Code]) -> Response {
    let names = codes.iter().map(|code| code.name);
    let narrowed = ObjectBuilder::new()
        .property("code", one_of(Type::String).enum_values(Some(names)))
        .property("status", one_of(Type::Integer).enum_values(Some([status])));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name(ProblemSchema::name()))
        .item(narrowed);
    let examples = codes.iter().map(|code| {
        let example = Ref::new(format!("#/components/examples/{}", code.name));
        (code.name, RefOr::<Example>::Ref(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(schema))
        .examples_from_iter(examples)
        .build();
    let meanings: Vec<String> = codes
        .iter()
        .map(|code| format!("- `{}`: {}", code.name, code.meaning))
        .collect();
    let mut response = response(&meanings.join("\n")).content(PROBLEM, content);
    if codes.iter().any(|code| code.passes()) {
        response = common::RETRY_AFTER.on(response);
    }
    if status == code::METHOD_NOT_ALLOWED.status {
        response = common::ALLOW.on(response);
    }
    response.build()
}

fn one_of(values: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(values)
}

/// What a problem with this code looks like.
pub(super) fn example(code: &Code) -> Example {
    let mut problem = json!({
        "type": code.kind(),
        "title": code.title(),
        "status": code.status,
        "detail": "what is wrong with this request, in a sentence",
        "code": code.name,
        "request_id": "01a20389-c29d-768e-a5d5-eaacafe8a3b3",
    });
    if *code == code::VALIDATION_FAILED {
        problem["detail"] = "name must have 1 to 100 characters".into();
        problem["errors"] = json!([
            {"field": "name", "code": "length", "message": "must have 1 to 100 characters"}
        ]);
    }
    ExampleBuilder::new()
        .summary(code.meaning)
        .value(Some(problem))
        .build()
}
