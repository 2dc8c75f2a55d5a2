//! `Expect: 100-continue`: who waits to be asked for the body of a request is asked once somebody reads it.
//!
//! The dispatcher has a step of its own for this, before the service, which says yes or fails. Here the
//! request is done in that step as any other, until it is answered or its body is read: an answer
//! goes out and nothing is asked for, and what is left of the rest is done in the service's step. So nothing is
//! checked twice, or in two places.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use actix_http::{Request, Response};
use actix_service::Service;
use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use futures_util::future::Either;

/// Whether somebody reads the body of a request.
#[derive(Clone, Default)]
struct Wanted(Rc<Cell<bool>>);

/// A request that was begun in the first step, on its way to the second.
struct Begun<F>(Pin<Box<F>>);

/// Somebody reads the body of the request.
pub(crate) fn want_body(request: &impl HttpMessage) {
    if let Some(Wanted(wanted)) = request.extensions().get() {
        wanted.set(true);
    }
}

/// The first step of a request whose peer waits: its answer as the failure, or what goes on once the
/// peer was asked for the body.
pub(crate) async fn begin<S>(app: &S, request: Request) -> Result<Request, Response<BoxBody>>
where
    S: Service<Request, Future: 'static>,
    S::Response: Into<Response<BoxBody>>,
    S::Error: Into<Response<BoxBody>>,
{
    let Wanted(wanted) = Wanted::default();
    request.extensions_mut().insert(Wanted(Rc::clone(&wanted)));
    let mut answer = Box::pin(app.call(request));
    let answered = poll_fn(|cx| match answer.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if wanted.get() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    match answered.await {
        Some(Ok(answer)) => Err(answer.into()),
        Some(Err(failure)) => Err(failure.into()),
        None => {
            let rest = Request::new();
            rest.extensions_mut().insert(Begun(answer));
            Ok(rest)
        }
    }
}

/// The step of every request, which for those with the first one is the second.
pub(crate) fn go_on<S>(app: &S, request: Request) -> Either<Pin<Box<S::Future>>, S::Future>
where
    S: Service<Request, Future: 'static>,
{
    let begun = request.extensions_mut().remove();
    match begun {
        Some(Begun(answer)) => Either::Left(answer),
        None => Either::Right(app.call(request)),
    }
}
