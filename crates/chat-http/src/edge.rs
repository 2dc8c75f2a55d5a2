//! The outermost layer: what every request and every answer has in common.
//!
//! It lets a request in or not by the [door], names it, gives every failure its one form (a handler's
//! problem, an error of the framework, a panic), and tells of every request once.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use chat_domain::Actor;
use chat_service::{ChatService, ServiceError};
use futures_util::FutureExt;

use crate::actor::{self, Acting, Entry};
use crate::door::{self, Door};
use crate::limits::{Class, Standing};
use crate::memory::Memory;
use crate::pace::Turn;
use crate::problem::Problem;
use crate::resource::Asks;
use crate::trace::Trace;
use crate::visit::Visit;
use crate::{HttpOptions, Metrics, marks, tus, unread};

/// What the layer needs.
pub(crate) struct Edge {
    service: ChatService,
    metrics: Metrics,
    door: Door,
    memory: Memory,
    /// Whether the server speaks TLS.
    secure: bool,
    /// The most bytes of a file.
    most: u64,
}

/// How a request comes back from inside.
struct Passed {
    /// Without it no response can be bound to it: a panic, or an error of the framework, took it.
    request: Option<HttpRequest>,
    answer: Result<HttpResponse, Problem>,
    /// What is left of the budget of who has asked.
    standing: Option<Standing>,
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
    // Before anything goes by the method: what is meant is what counts.
    tus::method::apply(&mut request);
    let tus = tus::is_of(request.path());
    let comer = edge.door.look(request.head());
    // What was only read can be read again.
    let reads = Class::of(request.method(), request.path()) == Class::Reads;
    let passed = edge.pass(request, next, &visit.trace).await;
    let answer = passed.answer.and_then(|answer| {
        let held = edge.memory.hold(answer, reads);
        held.ok_or_else(|| ServiceError::Overloaded.into())
    });
    let mut response = answer.unwrap_or_else(|problem| {
        problem.log(&visit.id);
        problem.render(&visit.id)
    });
    let status = response.status();
    let headers = response.headers_mut();
    marks::mark(headers, &visit.id, edge.secure);
    edge.door.mark(headers, status, comer);
    if let Some(standing) = passed.standing {
        standing.tell(headers);
    }
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
    pub(crate) fn new(service: ChatService, options: &HttpOptions, memory: Memory) -> Self {
        Self {
            // One that keeps no files takes none.
            most: service.max_file_size().unwrap_or_default(),
            metrics: options.metrics.clone(),
            door: Door::new(options, service.clone()),
            service,
            memory,
            secure: options.tls.is_some(),
        }
    }

    /// Lets the request in, if it may come in, and waits for it.
    async fn pass<B: MessageBody + 'static>(
        &self,
        request: ServiceRequest,
        next: Next<B>,
        trace: &Trace,
    ) -> Passed {
        let opened = self.door.open(&request, trace).await;
        let standing = match opened {
            door::Opened::In(standing) => standing,
            door::Opened::Answered(answer, standing) => {
                let (request, _) = request.into_parts();
                return Passed {
                    request: Some(request),
                    answer,
                    standing,
                };
            }
        };
        let lost = |problem| (None, Err(problem));
        let (request, answer) = match AssertUnwindSafe(self.answer(request, next, trace))
            .catch_unwind()
            .await
        {
            Ok(Ok((request, answer))) => (Some(request), answer),
            Ok(Err(error)) => lost(Problem::of(&error)),
            Err(panic) => lost(Problem::internal(panic_message(&*panic))),
        };
        Passed {
            request,
            answer,
            standing,
        }
    }

    /// What the routes answer, or why the request was not done.
    async fn answer<B: MessageBody + 'static>(
        &self,
        request: ServiceRequest,
        next: Next<B>,
        trace: &Trace,
    ) -> Result<(HttpRequest, Result<HttpResponse, Problem>), Error> {
        let response = next.call(request).await?.map_into_boxed_body();
        let (request, response) = response.into_parts();
        let answer = match failure(&response) {
            None => Ok(response),
            Some(problem) => Err(self.caller_first(problem, &request, trace).await),
        };
        Ok((request, answer))
    }

    /// A request that this crate refuses by itself may be from a user that does not exist, or have a token in
    /// open mode, and that is told first. A good request pays nothing for it: there the service looks.
    async fn caller_first(
        &self,
        problem: Problem,
        request: &HttpRequest,
        trace: &Trace,
    ) -> Problem {
        let asks = trace.route().map_or(Asks::Actor, |route| route.asks);
        if problem.is_settled() || asks != Asks::Actor {
            return problem;
        }
        let user = match trace.entry() {
            Some(Entry::User(user)) => user,
            Some(Entry::System) | None => return problem,
            Some(Entry::Open) => {
                if let Err(token) = actor::no_token(request.headers()) {
                    return token;
                }
                let Ok(Some(user)) = actor::named_by(request.headers()) else {
                    return problem;
                };
                user
            }
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

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
}
