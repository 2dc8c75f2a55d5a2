//! One operation of the document, with everything that it can answer.

use serde_json::Value;
use utoipa::openapi::path::{
    Operation as Documented, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Components, Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response,
    ResponseBuilder, Schema,
};
use utoipa::{IntoParams, ToSchema};

use super::schemas::Id;
use super::{common, problems};
use crate::body::MERGE_PATCH;
use crate::problem::code::{self, Code};

/// The name of the scheme by which a request says who acts, in open mode.
pub(super) const ACTOR: &str = "actor";

/// The name of the scheme by which it proves that, in token mode.
pub(super) const TOKEN: &str = "token";

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data";

/// An operation, built up by what it takes and answers.
pub(crate) struct Operation {
    method: &'static str,
    path: &'static str,
    documented: OperationBuilder,
    answers: Vec<(u16, ResponseBuilder)>,
    refusals: Vec<&'static Code>,
    parameters: Vec<Parameter>,
    bodies: RequestBodyBuilder,
    has_body: bool,
    /// Whether its first answer can come again under a key.
    replays: bool,
}

impl Operation {
    /// A question to the store.
    pub(super) fn ask(path: &'static str, id: &str) -> Self {
        Self::of_actor("GET", path, id)
    }

    /// A change, which can be made once under a key.
    pub(super) fn change(method: &'static str, path: &'static str, id: &str) -> Self {
        let mut change = Self::of_actor(method, path, id).refuses(&[
            &code::IDEMPOTENCY_IN_FLIGHT,
            &code::IDEMPOTENCY_MISMATCH,
            &code::OUTCOME_UNKNOWN,
        ]);
        change.replays = true;
        change.keyed()
    }

    /// It takes a key.
    pub(super) fn keyed(mut self) -> Self {
        self.documented = self
            .documented
            .parameter_ref(common::IDEMPOTENCY_KEY.of("parameters"));
        self
    }

    /// A ticket is as good as credentials, if it is one.
    pub(super) fn by_ticket(self) -> Self {
        self.refuses(&[&code::INVALID_TICKET])
    }

    /// A question that needs no actor and no store.
    pub(super) fn open(path: &'static str, id: &str) -> Self {
        let mut operation = Self {
            method: "GET",
            path,
            documented: OperationBuilder::new()
                .operation_id(Some(id))
                // An empty list: the document's own schemes are not asked for.
                .securities(Some([SecurityRequirement::default()])),
            answers: Vec::new(),
            refusals: Vec::new(),
            parameters: Vec::new(),
            bodies: RequestBodyBuilder::new().required(Some(Required::True)),
            has_body: false,
            replays: false,
        };
        for name in path.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            name.ends_with("id").then_some(name)
        }) {
            operation.parameters.push(id_in_path(name));
        }
        operation.refuses(&[
            &code::VALIDATION_FAILED,
            &code::HOST_NOT_ALLOWED,
            &code::ORIGIN_NOT_ALLOWED,
        ])
    }

    /// A step of a protocol that has ways of its own to be repeated.
    pub(super) fn step(method: &'static str, path: &'static str, id: &str) -> Self {
        Self::of_actor(method, path, id)
    }

    fn of_actor(method: &'static str, path: &'static str, id: &str) -> Self {
        let mut operation = Self::open(path, id).behind_the_door().refuses(&[
            &code::OPEN_MODE,
            &code::UNKNOWN_ACTOR,
            &code::INTERNAL,
            &code::OVERLOADED,
            &code::UNAVAILABLE,
        ]);
        operation.method = method;
        let none: [&str; 0] = [];
        operation.documented = operation.documented.securities(Some([
            SecurityRequirement::new(ACTOR, none),
            SecurityRequirement::new(TOKEN, none),
            // Or nobody is named.
            SecurityRequirement::default(),
        ]));
        operation
    }

    /// A question for who watches the server, which in token mode is the system.
    pub(super) fn watch(path: &'static str, id: &str) -> Self {
        let mut operation = Self::open(path, id)
            .behind_the_door()
            .refuses(&[&code::FORBIDDEN]);
        let none: [&str; 0] = [];
        operation.documented = operation.documented.securities(Some([
            SecurityRequirement::new(TOKEN, none),
            SecurityRequirement::default(),
        ]));
        operation
    }

    /// It can be refused for who comes, or for how often.
    fn behind_the_door(self) -> Self {
        self.refuses(&[
            &code::AUTHENTICATION_REQUIRED,
            &code::INVALID_TOKEN,
            &code::TOKEN_EXPIRED,
            &code::RATE_LIMITED,
        ])
    }

    pub(super) fn method(&self) -> &'static str {
        self.method
    }

    pub(super) fn path(&self) -> &'static str {
        self.path
    }

    /// Under which heading it stands, and what it does in a few words and in full.
    pub(super) fn about(mut self, tag: &str, summary: &str, description: &str) -> Self {
        self.documented = self.documented.tag(tag).summary(Some(summary));
        if !description.is_empty() {
            self.documented = self.documented.description(Some(description));
        }
        self
    }

    /// One of its fields names who acts, which may differ from the header.
    pub(super) fn names_actor(self) -> Self {
        self.refuses(&[&code::ACTOR_MISMATCH])
    }

    /// It takes these parameters in the query.
    pub(super) fn query<Q: IntoParams>(mut self) -> Self {
        self.parameters.extend(Q::into_params(|| None));
        self
    }

    /// It takes a parameter in the path that is no id.
    pub(super) fn text_in_path(mut self, name: &str, description: &str) -> Self {
        self.parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(description))
                .schema(Some(common::text(1, 255)))
                .build(),
        );
        self
    }

    /// It takes a body of JSON.
    pub(super) fn body<B: ToSchema>(mut self, example: Value) -> Self {
        self.bodies = self.bodies.content(JSON, of_json::<B>(example));
        self.refuses(&[
            &code::MALFORMED_JSON,
            &code::PAYLOAD_TOO_LARGE,
            &code::REQUEST_TIMEOUT,
        ])
        .takes_a_body()
    }

    /// It takes a body of JSON that says what becomes different.
    pub(super) fn patch<B: ToSchema>(mut self, example: Value) -> Self {
        let content = of_json::<B>(example.clone());
        self.bodies = self.bodies.content(MERGE_PATCH, content);
        self.body::<B>(example)
    }

    /// It can be made to depend on what the thing is.
    pub(super) fn if_matches(mut self) -> Self {
        self.documented = self
            .documented
            .parameter_ref(common::IF_MATCH.of("parameters"));
        self.refuses(&[&code::PRECONDITION_FAILED])
    }

    /// Or a form with a file.
    pub(super) fn or_form<F: ToSchema>(mut self) -> Self {
        let content = ContentBuilder::new().schema(Some(component::<F>())).build();
        self.bodies = self.bodies.content(FORM, content);
        self.refuses(&[
            &code::MALFORMED_FORM,
            &code::FILE_EMPTY,
            &code::FILE_TOO_LARGE,
        ])
    }

    /// It takes a body of bytes.
    pub(super) fn bytes(mut self, media_type: &str) -> Self {
        let any = ObjectBuilder::new().schema_type(Type::String).build();
        self.bodies = self.bodies.content(media_type, Content::new(Some(any)));
        self.refuses(&[&code::FILE_TOO_LARGE]).takes_a_body()
    }

    fn takes_a_body(mut self) -> Self {
        self.has_body = true;
        self.refuses(&[&code::INCOMPLETE_BODY, &code::UNSUPPORTED_MEDIA_TYPE])
    }

    /// It answers with a thing.
    pub(super) fn gives<T: ToSchema>(self, status: u16, what: &str, example: Value) -> Self {
        let content = json(component::<T>(), example);
        self.answers(status, response(what).content(JSON, content))
    }

    /// It answers with a thing that has an address of its own, unless it is had.
    pub(super) fn shows<T: ToSchema>(mut self, what: &str, example: Value) -> Self {
        self.documented = self
            .documented
            .parameter_ref(common::IF_NONE_MATCH.of("parameters"));
        let had = response("`If-None-Match` names the thing as it is.");
        self.leaves::<T>(what, example)
            .answers(304, common::ETAG.on(had))
    }

    /// It answers with a thing that was changed.
    pub(super) fn leaves<T: ToSchema>(self, what: &str, example: Value) -> Self {
        let content = json(component::<T>(), example);
        let response = response(what).content(JSON, content);
        self.answers(200, common::ETAG.on(response))
    }

    /// It answers 201 with a new thing, and says where that stands.
    pub(super) fn creates<T: ToSchema>(self, what: &str, example: Value) -> Self {
        let content = json(component::<T>(), example);
        let location = common::header("Where it stands.", &format!("{}/1", self.path));
        let response = response(what).content(JSON, content);
        let response = response.header("Location", location);
        self.answers(201, common::ETAG.on(response))
    }

    /// It answers with a page of a list.
    pub(super) fn lists<T: ToSchema>(self, what: &str, example: Value) -> Self {
        let list = ArrayBuilder::new().items(component::<T>()).build();
        self.linked(what, json(list.into(), example))
    }

    /// It answers with the first page of a list, and what belongs to all of it.
    pub(super) fn begins_list<T: ToSchema>(self, what: &str, example: Value) -> Self {
        self.linked(what, json(component::<T>(), example))
    }

    fn linked(self, what: &str, content: Content) -> Self {
        let link = common::header(
            "Where there is more (RFC 8288); absent on the last page.",
            &format!("<{}?after=50>; rel=\"next\"", self.path),
        );
        let response = response(what).content(JSON, content);
        self.answers(200, response.header("Link", link))
    }

    /// It answers with bytes of any type, all of them or those of a range, unless they are had.
    pub(super) fn serves_content(self, what: &str) -> Self {
        let any = || {
            let any = ObjectBuilder::new().schema_type(Type::String).build();
            Content::new(Some(any))
        };
        let etag = || common::header("Names these bytes.", "\"2cf24dba5fb0a30e\"");
        let range = common::header("Which bytes of how many, for one range.", "bytes 0-99/5120");
        let part = response("The bytes of the ranges that were asked for.")
            .content("*/*", any())
            .header("ETag", etag())
            .header("Content-Range", range);
        let had = response("`If-None-Match` names these very bytes.").header("ETag", etag());
        self.answers(
            200,
            response(what).content("*/*", any()).header("ETag", etag()),
        )
        .answers(206, part)
        .answers(304, had)
        .refuses(&[&code::RANGE_NOT_SATISFIABLE])
    }

    /// It answers with these headers and no body.
    pub(super) fn tells(self, status: u16, what: &str, headers: &[(&str, &str, &str)]) -> Self {
        let mut response = response(what);
        for (name, what, example) in headers {
            response = response.header(*name, common::header(what, example));
        }
        self.answers(status, response)
    }

    /// It takes this header.
    pub(super) fn header(
        mut self,
        name: &str,
        required: bool,
        description: &str,
        example: &str,
    ) -> Self {
        let required = match required {
            true => Required::True,
            false => Required::False,
        };
        self.parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(required)
                .description(Some(description))
                .schema(Some(common::any_text()))
                .example(Some(example.into()))
                .build(),
        );
        self
    }

    /// It answers 204.
    pub(super) fn does(self) -> Self {
        self.answers(204, response("It is done."))
    }

    /// It answers with something of a type that has no schema here.
    pub(super) fn serves(self, what: &str, media_type: &str) -> Self {
        let kind = if media_type.ends_with("json") {
            Type::Object
        } else {
            Type::String
        };
        let any = ObjectBuilder::new().schema_type(kind).build();
        self.answers(
            200,
            response(what).content(media_type, Content::new(Some(any))),
        )
    }

    /// It answers that the thing is elsewhere.
    pub(super) fn leads(self, to: &str) -> Self {
        let location = common::header("Where it is.", to);
        let response = response("It is elsewhere.").header("Location", location);
        self.answers(308, response)
    }

    /// The last of its answers is of this type, if the request asks for that.
    pub(super) fn or_serves(mut self, media_type: &str) -> Self {
        let any = ObjectBuilder::new().schema_type(Type::String).build();
        if let Some((status, response)) = self.answers.pop() {
            let response = response.content(media_type, Content::new(Some(any)));
            self.answers.push((status, response));
        }
        self
    }

    fn answers(mut self, status: u16, response: ResponseBuilder) -> Self {
        self.answers.push((status, response));
        self
    }

    /// It may refuse with these codes, besides those of its kind.
    pub(super) fn refuses(mut self, codes: &[&'static Code]) -> Self {
        self.refusals.extend(codes);
        self
    }

    /// The operation as it stands in the document; what it shares goes to the components.
    pub(super) fn build(self, components: &mut Components) -> Documented {
        let mut documented = self.documented;
        for parameter in self.parameters {
            documented = documented.parameter(parameter);
        }
        if self.has_body {
            let bodies: RequestBody = self.bodies.build();
            documented = documented.request_body(Some(bodies));
        }
        for (status, mut response) in self.answers {
            if self.replays {
                response = common::IDEMPOTENCY_REPLAYED.on(response);
            }
            documented = documented.response(status.to_string(), response.build());
        }
        for (status, response) in problems::responses(&self.refusals, components) {
            documented = documented.response(status, response);
        }
        documented.build()
    }
}

/// An answer, with the header that every one has.
pub(super) fn response(what: &str) -> ResponseBuilder {
    common::X_REQUEST_ID.on(ResponseBuilder::from(Response::new(what)))
}

fn json(schema: RefOr<Schema>, example: Value) -> Content {
    ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example))
        .build()
}

fn of_json<T: ToSchema>(example: Value) -> Content {
    json(component::<T>(), example)
}

fn component<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn id_in_path(name: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(component::<Id>()))
        .example(Some(1.into()))
        .build()
}
