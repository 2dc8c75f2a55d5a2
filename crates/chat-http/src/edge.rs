//! The outermost layer: what every request and every answer has in common.
//!
//! It lets a request in or not, names it, and gives every failure its one form: a handler's
//! problem, an error of the framework, a panic.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use chat_domain::Actor;
use chat_service::{ChatService, ServiceError};
use futures_util::FutureExt;

use crate::pace::Turn;
use crate::problem::Problem;
use crate::request_id::{X_REQUEST_ID, request_id};
use crate::{HttpOptions, actor, gate, unread};

/// What the layer needs.
#[derive(Clone)]
pub(crate) struct Edge {
    service: ChatService,
    gated: bool,
}

impl Edge {
    pub(crate) fn new(service: ChatService, options: &HttpOptions) -> Self {
        Self {
            service,
            gated: !options.insecure_open,
        }
    }
}

/// Handles one request; the middleware itself.
pub(crate) async fn edge<B: MessageBody + 'static>(
    edge: Edge,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let turn = Turn::begin(request.request());
    let id = request_id(request.headers());
    unread::keep(&mut request);
    if edge.gated
        && let Err(problem) = gate::check(request.head())
    {
        let response = request.into_response(refusal(&problem, &id));
        return Ok(unread::hold(response, turn).await);
    }
    match AssertUnwindSafe(edge.answer(request, next))
        .catch_unwind()
        .await
    {
        Ok(Ok((mut response, None))) => {
            mark(response.headers_mut(), &id);
            Ok(unread::hold(response, turn).await)
        }
        Ok(Ok((response, Some(problem)))) => {
            let response = response.into_response(refusal(&problem, &id));
            Ok(unread::hold(response, turn).await)
        }
        Ok(Err(error)) => Err(unanswered(&Problem::of(&error), &id)),
        Err(panic) => Err(unanswered(&Problem::internal(panic_message(&*panic)), &id)),
    }
}

impl Edge {
    /// What the routes answer, and why the request was not done, if it was not.
    async fn answer<B: MessageBody + 'static>(
        &self,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<(ServiceResponse, Option<Problem>), Error> {
        let response = next.call(request).await?.map_into_boxed_body();
        let Some(problem) = failure(response.response()) else {
            return Ok((response, None));
        };
        let problem = self.unknown_actor_first(problem, response.request()).await;
        Ok((response, Some(problem)))
    }

    /// A request that this crate refuses by itself may come from a user that does not exist, and
    /// that is told first. A good request pays nothing for it: there the service looks.
    async fn unknown_actor_first(&self, problem: Problem, request: &HttpRequest) -> Problem {
        let Ok(Some(user)) = actor::named_by(request.headers()) else {
            return problem;
        };
        if problem.is_settled() || is_health(request.path()) {
            return problem;
        }
        match self.service.check_actor(Actor::User(user)).await {
            Err(unknown @ ServiceError::UnknownActor(_)) => unknown.into(),
            // A store that can't tell changes nothing: the request is bad all the same.
            _ => problem,
        }
    }
}

/// Whether it is a path of probes, which need no credentials.
fn is_health(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/")
}

/// Why the request was not done, if it was not.
fn failure(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    match response.error() {
        Some(error) => Some(Problem::of(error)),
        None if status.is_client_error() || status.is_server_error() => {
            Some(Problem::of_status(status, status))
        }
        None => None,
    }
}

fn refusal(problem: &Problem, id: &str) -> HttpResponse {
    problem.log(id);
    let mut response = problem.render(id);
    mark(response.headers_mut(), id);
    response
}

/// The same, where the request itself is lost and so no response can be bound to it.
fn unanswered(problem: &Problem, id: &str) -> Error {
    InternalError::from_response(problem.to_string(), refusal(problem, id)).into()
}

/// Headers of every answer.
fn mark(headers: &mut HeaderMap, id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
}
