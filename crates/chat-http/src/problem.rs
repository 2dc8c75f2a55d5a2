//! The one form of every failure: RFC 9457 problem details.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{Error, HttpResponse, HttpResponseBuilder, ResponseError};
use chat_domain::UserId;
use chat_service::ServiceError;
use serde::Serialize;

mod bad;
pub(crate) mod code;
mod refused;

use code::Code;

pub(crate) use bad::{FieldError, FieldErrors, MOST_ERRORS};

/// Why a request was not done. Handlers return it; the [edge](crate::edge) alone renders it, since
/// only there the request's id is known.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// The methods that the path has, where another was asked for.
    allow: Option<Box<str>>,
    /// How many bytes the content has, where others were asked for.
    size: Option<u64>,
    /// In how many seconds the same may well succeed, if it may at all.
    wait: u32,
    /// For the log only.
    cause: Option<Box<str>>,
    /// Whether the edge must leave it as it is, and not tell 401 instead: the actor was looked up
    /// already, or the request was refused at the gate.
    settled: bool,
}

impl Problem {
    fn new(code: &'static Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            // One that tus gives a meaning of its own has no name.
            status: StatusCode::from_u16(code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            allow: None,
            size: None,
            wait: 1,
            cause: None,
            settled: false,
        }
    }

    fn settled(mut self) -> Self {
        self.settled = true;
        self
    }

    fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// The request is for a host that is no loopback name.
    pub(crate) fn host_not_allowed() -> Self {
        let detail = "in open mode requests must be for a loopback host, such as localhost";
        Self::new(&code::HOST_NOT_ALLOWED, detail).settled()
    }

    /// The request comes from a page of another host.
    pub(crate) fn origin_not_allowed() -> Self {
        let detail = "in open mode requests must not come from pages of other hosts";
        Self::new(&code::ORIGIN_NOT_ALLOWED, detail).settled()
    }

    /// No route has this path.
    pub(crate) fn route_not_found() -> Self {
        let detail = "there is nothing at this path";
        Self::new(&code::ROUTE_NOT_FOUND, detail)
    }

    /// The path has other methods than the one asked for.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        let detail = "this path has other methods; Allow lists them";
        Self {
            allow: Some(allow.into()),
            ..Self::new(&code::METHOD_NOT_ALLOWED, detail)
        }
    }

    /// The body is of a type or an encoding that is not read here.
    pub(crate) fn unsupported_media_type(detail: &'static str) -> Self {
        Self::new(&code::UNSUPPORTED_MEDIA_TYPE, detail)
    }

    /// The body has more than `limit` bytes.
    pub(crate) fn payload_too_large(limit: usize) -> Self {
        let detail = format!("the body must have at most {limit} bytes");
        Self::new(&code::PAYLOAD_TOO_LARGE, detail)
    }

    /// The body is no form.
    pub(crate) fn malformed_form(detail: &'static str) -> Self {
        Self::new(&code::MALFORMED_FORM, detail)
    }

    /// The client speaks another version of tus, or does not say that it speaks it.
    pub(crate) fn tus_version() -> Self {
        let detail = "requests for uploads must have Tus-Resumable: 1.0.0";
        Self::new(&code::UNSUPPORTED_TUS_VERSION, detail)
    }

    /// A part of an upload is not what its checksum says.
    pub(crate) fn checksum_mismatch() -> Self {
        let detail = "the part is not what Upload-Checksum says; nothing of it counts";
        Self::new(&code::CHECKSUM_MISMATCH, detail).settled()
    }

    /// Another request goes on with an upload, and does not let go of it.
    pub(crate) fn upload_locked() -> Self {
        let detail = "another request goes on with the upload; ask again soon";
        Self::new(&code::UPLOAD_LOCKED, detail).settled()
    }

    /// A part of an upload stopped coming. No fault of the request: it is to be gone on with.
    pub(crate) fn upload_stalled() -> Self {
        let detail = "the part stopped coming; HEAD tells how much of it is kept";
        Self::new(&code::UPLOAD_STALLED, detail).settled()
    }

    /// The body did not come in time.
    pub(crate) fn request_timeout() -> Self {
        let detail = "the body took too long to arrive";
        Self::new(&code::REQUEST_TIMEOUT, detail)
    }

    /// The body broke off.
    pub(crate) fn incomplete_body() -> Self {
        let detail = "the body broke off before its end";
        Self::new(&code::INCOMPLETE_BODY, detail)
    }

    /// The body is no JSON.
    pub(crate) fn malformed_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body is no JSON from line {line}, column {column} on");
        Self::new(&code::MALFORMED_JSON, detail)
    }

    /// None of the ranges asked for is within the `size` bytes that there are.
    pub(crate) fn range_not_satisfiable(size: u64) -> Self {
        let detail = format!("there are {size} bytes, and none of them was asked for");
        Self {
            size: Some(size),
            ..Self::new(&code::RANGE_NOT_SATISFIABLE, detail).settled()
        }
    }

    /// Fields are not what they should be.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let errors = FieldErrors::from(errors);
        let too_many = errors.are_too_many();
        let mut errors = Vec::from(errors);
        errors.truncate(MOST_ERRORS);
        let detail = match errors.as_slice() {
            [one] => format!("{} {}", one.field, one.message),
            many if too_many => format!("more than {} fields are not valid", many.len()),
            many => format!("{} fields are not valid", many.len()),
        };
        Self {
            errors,
            ..Self::new(&code::VALIDATION_FAILED, detail)
        }
    }

    /// A token where none is asked for: its sender believes in a check that is not made.
    pub(crate) fn open_mode() -> Self {
        let detail = "this server runs in open mode and checks no Authorization; send X-User-Id";
        Self::new(&code::OPEN_MODE, detail)
    }

    /// There are no credentials, and they are asked for.
    pub(crate) fn authentication_required() -> Self {
        let detail = "this needs a token, in Authorization: Bearer";
        Self::new(&code::AUTHENTICATION_REQUIRED, detail).settled()
    }

    /// There are credentials that are not good, for this reason.
    pub(crate) fn invalid_token(detail: Cow<'static, str>) -> Self {
        Self::new(&code::INVALID_TOKEN, detail).settled()
    }

    /// There are credentials that are good no longer.
    pub(crate) fn token_expired() -> Self {
        let detail = "the token has expired; get a new one";
        Self::new(&code::TOKEN_EXPIRED, detail).settled()
    }

    /// The actor was deleted while it was served.
    pub(crate) fn actor_gone() -> Self {
        Self::unknown_actor("the user was deleted".into())
    }

    /// There is a ticket that opens nothing.
    pub(crate) fn invalid_ticket() -> Self {
        let detail = "the ticket was used, has expired, or is none; get a new one";
        Self::new(&code::INVALID_TICKET, detail).settled()
    }

    /// The cursor is none.
    pub(crate) fn cursor_invalid() -> Self {
        let detail = "the cursor is none that a server gave";
        Self::new(&code::CURSOR_INVALID, detail)
    }

    /// A WebSocket has to be asked for here.
    pub(crate) fn upgrade_required() -> Self {
        let detail = "this is for WebSockets, version 13, over HTTP/1.1";
        Self::new(&code::UPGRADE_REQUIRED, detail)
    }

    /// The request can't be read, and why.
    pub(crate) fn bad_request(detail: &'static str) -> Self {
        Self::new(&code::BAD_REQUEST, detail)
    }

    /// There are good credentials of somebody who can't act here.
    pub(crate) fn unknown_actor(detail: Cow<'static, str>) -> Self {
        Self::new(&code::UNKNOWN_ACTOR, detail).settled()
    }

    /// Whether credentials are good can't be told at the moment.
    pub(crate) fn keys_unavailable(cause: impl fmt::Display) -> Self {
        let detail = "tokens can't be checked at the moment; nothing was done";
        Self::new(&code::UNAVAILABLE, detail)
            .caused_by(cause)
            .settled()
    }

    /// The request is one too many, of what is called `name`, for `whose` budget; in `wait` seconds it is not.
    pub(crate) fn rate_limited(name: &str, whose: &str, wait: u32) -> Self {
        let detail = format!("too many {name} from {whose}; the next may come in {wait} s");
        Self {
            wait,
            ..Self::new(&code::RATE_LIMITED, detail).settled()
        }
    }

    /// The actor knows the thing and may not do this; a sentence that says what.
    pub(crate) fn forbidden(detail: &'static str) -> Self {
        Self::new(&code::FORBIDDEN, detail).settled()
    }

    /// The request names another as acting than the header does.
    pub(crate) fn actor_mismatch(actor: UserId, named: UserId) -> Self {
        Self::by_the_head(ServiceError::ActorMismatch { actor, named })
    }

    /// What the service refuses by the head of a request alone, before anybody has looked for the actor.
    pub(crate) fn by_the_head(error: ServiceError) -> Self {
        Self {
            settled: false,
            ..error.into()
        }
    }

    /// The store does not answer.
    pub(crate) fn unavailable(cause: impl fmt::Display) -> Self {
        let detail = "the store is unavailable; nothing was done";
        Self::new(&code::UNAVAILABLE, detail)
            .caused_by(cause)
            .settled()
    }

    /// A defect of ours; `cause` is for the log alone.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        let detail = "the server failed; the log has the cause by this request_id";
        Self::new(&code::INTERNAL, detail)
            .caused_by(cause)
            .settled()
    }

    /// The problem that a handler returned, or the framework's own failure in the same form.
    pub(crate) fn of(error: &Error) -> Self {
        error.as_error::<Self>().cloned().unwrap_or_else(|| {
            let status = error.as_response_error().status_code();
            Self::of_status(status, error)
        })
    }

    /// A failure of which only the status is known.
    pub(crate) fn of_status(status: StatusCode, cause: impl fmt::Display) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::route_not_found(),
            StatusCode::REQUEST_TIMEOUT => Self::request_timeout(),
            status if status.is_client_error() => Self {
                status,
                ..Self::new(&code::BAD_REQUEST, "the request could not be read")
            },
            _ => Self::internal(cause),
        }
    }

    /// The stable name that clients branch on.
    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.code.name
    }

    /// The status of the answer.
    #[cfg(test)]
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The fields that are not what they should be.
    #[cfg(test)]
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A twin of the request is still under way.
    pub(crate) fn idempotency_in_flight() -> Self {
        let detail = "a request with this idempotency key is still under way; ask again soon";
        Self::new(&code::IDEMPOTENCY_IN_FLIGHT, detail).settled()
    }

    /// Whether the actor's existence cannot change this any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Writes the cause, if it is one that an operator should know of.
    pub(crate) fn log(&self, request_id: &str) {
        if let Some(cause) = &self.cause {
            log::error!(
                "request {request_id} failed with {}: {cause}",
                self.code.name
            );
        }
    }

    /// The answer to the client.
    pub(crate) fn render(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status);
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, &**allow));
        }
        if let Some(size) = self.size {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{size}")));
        }
        if *self.code == code::UPGRADE_REQUIRED {
            response.insert_header((header::UPGRADE, "websocket"));
            response.insert_header((header::SEC_WEBSOCKET_VERSION, "13"));
        }
        if self.code.passes() {
            response.insert_header((header::RETRY_AFTER, self.wait));
        }
        response
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .json(self.document(request_id))
    }

    /// What is told to the client.
    pub(crate) fn document<'a>(&'a self, request_id: &'a str) -> Document<'a> {
        Document {
            kind: self.code.kind(),
            title: self.code.title(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code.name,
            request_id,
            errors: &self.errors,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// A stand-in that carries the problem to the edge.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status)
    }
}

/// A problem as clients read it.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

#[cfg(test)]
mod tests;
