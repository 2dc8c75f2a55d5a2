//! The outermost layer: what every request and every answer has in common.
//!
//! It lets a request in or not, names it, gives every failure its one form (a handler's problem, an
//! error of the framework, a panic), and tells of every request once.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use chat_domain::Actor;
use chat_service::{ChatService, ServiceError};
use futures_util::FutureExt;

use crate::actor::{self, Acting};
use crate::pace::Turn;
use crate::problem::Problem;
use crate::request_id::X_REQUEST_ID;
use crate::trace::Trace;
use crate::visit::Visit;
use crate::{HttpOptions, Metrics, gate, tus, unread};

/// What the layer needs.
pub(crate) struct Edge {
    service: ChatService,
    metrics: Metrics,
    gated: bool,
    /// The most bytes of a file.
    most: u64,
}

/// How a request comes back from inside.
struct Passed {
    /// Without it no response can be bound to it: a panic, or an error of the framework, took it.
    request: Option<HttpRequest>,
    answer: Result<HttpResponse, Problem>,
}

/// Handles one request; the middleware itself. Whatever becomes of the request, it leaves by the end
/// of this function, or is given up on the way; the [visit](crate::visit) tells of both.
pub(crate) async fn edge<B: MessageBody + 'static>(
    edge: Rc<Edge>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let turn = Turn::begin(request.request());
    let visit = Visit::begin(&request, &edge.metrics);
    unread::keep(&mut request);
    let tus = tus::is_of(request.path());
    let passed = edge.pass(request, next, &visit.trace).await;
    let mut response = passed.answer.unwrap_or_else(|problem| {
        problem.log(&visit.id);
        problem.render(&visit.id)
    });
    let status = response.status();
    let headers = response.headers_mut();
    mark(headers, &visit.id);
    if tus {
        tus::answer::mark(headers, status);
        let method = passed.request.as_ref().map(HttpRequest::method);
        if method == Some(&Method::OPTIONS) && status.is_success() {
            tus::answer::offers(headers, edge.most);
        }
    }
    let left = match passed.request {
        Some(request) => Ok(unread::hold(ServiceResponse::new(request, response), turn).await),
        None => Err(InternalError::from_response("the request is lost", response).into()),
    };
    visit.answered(status);
    left
}

impl Edge {
    pub(crate) fn new(service: ChatService, options: &HttpOptions) -> Self {
        Self {
            // One that keeps no files takes none.
            most: service.max_file_size().unwrap_or_default(),
            service,
            metrics: options.metrics.clone(),
            gated: !options.insecure_open,
        }
    }

    /// Lets the request in, if it may come in, and waits for it.
    async fn pass<B: MessageBody + 'static>(
        &self,
        mut request: ServiceRequest,
        next: Next<B>,
        trace: &Trace,
    ) -> Passed {
        if self.gated
            && let Err(problem) = gate::check(request.head())
        {
            let (request, _) = request.into_parts();
            return Passed {
                request: Some(request),
                answer: Err(problem),
            };
        }
        tus::method::apply(&mut request);
        let lost = |problem| Passed {
            request: None,
            answer: Err(problem),
        };
        match AssertUnwindSafe(self.answer(request, next, trace))
            .catch_unwind()
            .await
        {
            Ok(Ok(passed)) => passed,
            Ok(Err(error)) => lost(Problem::of(&error)),
            Err(panic) => lost(Problem::internal(panic_message(&*panic))),
        }
    }

    /// What the routes answer, or why the request was not done.
    async fn answer<B: MessageBody + 'static>(
        &self,
        request: ServiceRequest,
        next: Next<B>,
        trace: &Trace,
    ) -> Result<Passed, Error> {
        let response = next.call(request).await?.map_into_boxed_body();
        let (request, response) = response.into_parts();
        let answer = match failure(&response) {
            None => Ok(response),
            Some(problem) => Err(self.caller_first(problem, &request, trace).await),
        };
        Ok(Passed {
            request: Some(request),
            answer,
        })
    }

    /// A request that this crate refuses by itself may come with a token, or from a user that does not
    /// exist, and that is told first. A good request pays nothing for it: there the service looks.
    async fn caller_first(
        &self,
        problem: Problem,
        request: &HttpRequest,
        trace: &Trace,
    ) -> Problem {
        if problem.is_settled() || trace.route().is_some_and(|route| route.anonymous) {
            return problem;
        }
        if let Err(token) = actor::no_token(request.headers()) {
            return token;
        }
        let Ok(Some(user)) = actor::named_by(request.headers()) else {
            return problem;
        };
        trace.acts(Acting::User(user));
        match self.service.check_actor(Actor::User(user)).await {
            Err(unknown @ ServiceError::UnknownActor(_)) => unknown.into(),
            // A store that can't tell changes nothing: the request is bad all the same.
            _ => problem,
        }
    }
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
