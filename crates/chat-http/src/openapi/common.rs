//! What many operations share, written once and referred to.

use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    Components, HeaderBuilder, ObjectBuilder, Ref, Required, ResponseBuilder, Schema,
};

use super::problems;
use crate::problem::code;

/// The name of something shared.
pub(super) struct Shared(&'static str);

pub(super) const X_REQUEST_ID: Shared = Shared("X-Request-Id");
pub(super) const IDEMPOTENCY_KEY: Shared = Shared("Idempotency-Key");
pub(super) const IF_MATCH: Shared = Shared("If-Match");
pub(super) const IF_NONE_MATCH: Shared = Shared("If-None-Match");
pub(super) const ETAG: Shared = Shared("ETag");
pub(super) const IDEMPOTENCY_REPLAYED: Shared = Shared("Idempotency-Replayed");
pub(super) const RETRY_AFTER: Shared = Shared("Retry-After");
pub(super) const ALLOW: Shared = Shared("Allow");

impl Shared {
    /// A reference to it.
    pub(super) fn of(&self, kind: &str) -> Ref {
        Ref::new(format!("#/components/{kind}/{}", self.0))
    }

    /// The answer, with this header.
    pub(super) fn on(&self, response: ResponseBuilder) -> ResponseBuilder {
        response.header_ref(self.0, self.of("headers"))
    }
}

/// Puts everything shared into the document.
pub(super) fn add_to(components: &mut Components) {
    for (Shared(name), what, example) in [
        (
            X_REQUEST_ID,
            "The request's own id if it sent one, else a new one.",
            "01a20389-c29d-768e-a5d5-eaacafe8a3b3",
        ),
        (
            IDEMPOTENCY_REPLAYED,
            "`true` when the call was made before and this is its first answer.",
            "true",
        ),
        (
            ETAG,
            "Names the thing as GET shows it to who acts: once it differs in anything, it has another.",
            "\"A3ySFO73TMOIfzpPCFtOFw\"",
        ),
        (
            RETRY_AFTER,
            "In how many seconds the same request may be sent again.",
            "1",
        ),
        (
            ALLOW,
            "The methods that the path has.",
            "HEAD, PATCH, DELETE, OPTIONS",
        ),
    ] {
        let header = header(what, example);
        components.headers.insert(name.to_owned(), header.into());
    }
    for (Shared(name), what, schema) in [
        (
            IDEMPOTENCY_KEY,
            "A name for this change, chosen anew for each: a repeated call under it gets the first \
             answer. Visible ASCII characters.",
            text(1, 255),
        ),
        (
            IF_MATCH,
            "The `ETag` of the thing as it is expected to be, or several of them: if it is none of these, \
             nothing is done.",
            any_text(),
        ),
        (
            IF_NONE_MATCH,
            "The `ETag` of what is had, or several of them: if it is still one of these, it is not sent \
             again.",
            any_text(),
        ),
    ] {
        let parameter = in_head(name, what, schema);
        components
            .parameters
            .insert(name.to_owned(), parameter.into());
    }
    for code in code::ALL {
        let example = problems::example(code);
        components
            .examples
            .insert(code.name.to_owned(), example.into());
    }
}

/// A header of a request.
fn in_head(name: &str, what: &str, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(what))
        // Without an example: whoever tries calls with it would use one key for all of them.
        .schema(Some(schema))
        .build()
}

/// A header of an answer.
pub(super) fn header(what: &str, example: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String);
    HeaderBuilder::new()
        .schema(Some(text))
        .description(Some(what))
        .example(Some(example.into()))
        .build()
}

/// A text of which no schema says more: what can't be read of it is passed by, as HTTP has it, or refused.
pub(super) fn any_text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// A text of so many characters.
pub(super) fn text(min: usize, max: usize) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(min))
        .max_length(Some(max))
        .into()
}
