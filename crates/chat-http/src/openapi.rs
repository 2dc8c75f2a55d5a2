//! The API as an OpenAPI 3.1 document: for people, for tools that call it, and for tests that hold
//! server and document together.
//!
//! Operations are told in tables by noun, each with all that it can answer; what they have in common
//! follows from their kind. Schemas stand beside the shapes they are of, in `dto`.

mod common;
mod events;
mod examples;
mod files;
mod groups;
mod messages;
mod operation;
mod problems;
mod schemas;
mod service;
mod uploads;
mod users;

use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, ServerBuilder, tag::TagBuilder,
};

pub(crate) use schemas::{
    ConversationKindName, EphemeralKindName, EventKindName, FaultName, Id, MessageKindName,
    RoleName, ThumbnailPixels,
};

use operation::{ACTOR, Operation, TOKEN};

const DESCRIPTION: &str = "\
A chat backend: users, direct messages, groups with owner, admin and member, text, image and file \
messages, read receipts and unseen counts.

Every call has an actor. In open mode it is the user that `X-User-Id` names, else the user that the request itself \
names as acting, else the system, a trusted backend that passes every permission; in token mode it is whose token comes in \
`Authorization`. A failure is always \
`application/problem+json`; branch on its `code`. Every answer has an `X-Request-Id`. HEAD is answered \
like GET without a body, OPTIONS with `Allow`. A call that changes something takes an \
`Idempotency-Key`, under which it is made once, however often it is sent.";

/// The document in JSON, for a server that clients reach under `server`: `/`, when they have it
/// from there, or `http://127.0.0.1:8080`.
///
/// # Errors
/// When it can't be written as JSON, which would be a defect of this crate.
///
/// ```
/// let document = chat_http::openapi("/")?;
/// assert!(document.starts_with("{\n  \"openapi\": \"3.1.0\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn openapi(server: &str) -> Result<String, impl std::error::Error + use<>> {
    document(server).to_pretty_json()
}

/// The same as a value.
fn document(server: &str) -> OpenApi {
    let mut components = schemas::components();
    common::add_to(&mut components);
    let mut paths = Paths::new();
    for operation in operations() {
        let method = match operation.method() {
            "GET" => HttpMethod::Get,
            "DELETE" => HttpMethod::Delete,
            "HEAD" => HttpMethod::Head,
            "PATCH" => HttpMethod::Patch,
            _ => HttpMethod::Post,
        };
        paths.add_path_operation(
            operation.path(),
            vec![method],
            operation.build(&mut components),
        );
    }
    components.add_security_scheme(ACTOR, who());
    components.add_security_scheme(TOKEN, token());
    let license = LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("chat")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(license))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url(server).build()]))
        .tags(Some(TAGS.map(|(name, description)| {
            TagBuilder::new()
                .name(name)
                .description(Some(description))
                .build()
        })))
        .paths(paths)
        .components(Some(components))
        .build()
}

const TAGS: [(&str, &str); 8] = [
    ("Users", "Created by the system, known to everyone."),
    ("Groups", "Known to their members alone."),
    ("Messages", "Sent to a user or to a group."),
    ("Receipts", "Who has seen what, and what is left unseen."),
    (
        "Events",
        "What happens, as it happens, and again from any cursor.",
    ),
    (
        "Files",
        "Private to their uploader until they are sent; gone when nothing uses them.",
    ),
    ("Uploads", "Files in parts, by the tus protocol 1.0."),
    ("Service", "The server itself; these calls need no actor."),
];

/// How a request says who acts.
fn who() -> SecurityScheme {
    let description = "Open mode: the id of the user who acts. Left out, the user that the request \
                       itself names as acting does, else the system.";
    let header = ApiKeyValue::with_description("X-User-Id", description);
    SecurityScheme::ApiKey(ApiKey::Header(header))
}

/// How it proves who acts.
fn token() -> SecurityScheme {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "Token mode: `sub` is the user who acts; with the scope `system` it is the system.",
        ));
    SecurityScheme::Http(scheme.build())
}

fn operations() -> impl Iterator<Item = Operation> {
    [
        users::operations(),
        groups::operations(),
        messages::operations(),
        events::operations(),
        files::operations(),
        uploads::operations(),
        service::operations(),
    ]
    .into_iter()
    .flatten()
}
