//! What a handler gets: the fields of a request, read and validated together, and who acts.
//!
//! One extractor for everything a request says, because what fails first wins: the body's type
//! and size, then every bad field of path, query and body at once, then the actor.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chat_domain::{IdempotencyKey, UserId};
use futures_util::future::{LocalBoxFuture, Ready, ready};

use crate::actor::{Acting, Caller};
use crate::body;
use crate::change::{self, Alteration, Change};
use crate::etag::IfMatch;
use crate::fields::{self, Fields, Nothing, Unreadable, WireInt};
use crate::problem::{FieldError, Problem};
use crate::trace;

/// A request that changes nothing: what is asked for by path and query. A body sent along is ignored.
pub(crate) struct Ask<P, Q = Nothing> {
    /// The ids in the path.
    pub(crate) path: P,
    /// The parameters of the query.
    pub(crate) query: Q,
    /// Who acts.
    pub(crate) acting: Acting,
}

/// A change that the path alone tells. A body sent along is ignored.
pub(crate) struct Deletion<P> {
    /// The ids in the path.
    pub(crate) path: P,
    /// Who asks for it, and of what.
    pub(crate) change: Alteration,
}

/// A change with a JSON body, and no query.
pub(crate) struct Command<B, P = Nothing> {
    /// The ids in the path.
    pub(crate) path: P,
    /// The body.
    pub(crate) body: B,
    /// Who asks for it.
    pub(crate) change: Change,
}

/// A change of a thing that is there, with a JSON body and no query.
pub(crate) struct Amendment<B, P> {
    /// The ids in the path.
    pub(crate) path: P,
    /// The body.
    pub(crate) body: B,
    /// Who asks for it, and of what.
    pub(crate) change: Alteration,
}

impl<P: Fields, Q: Fields> FromRequest for Ask<P, Q> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(ask(request, Vec::new()))
    }
}

/// `errors` are those that were found before.
fn ask<P: Fields, Q: Fields>(
    request: &HttpRequest,
    mut errors: Vec<FieldError>,
) -> Result<Ask<P, Q>, Problem> {
    let caller = Caller::of(request)?;
    let path = keep(read_path::<P>(request, caller), &mut errors);
    let query = keep(read_query::<Q>(request, caller), &mut errors);
    let (Some(mut path), Some(mut query), true) = (path, query, errors.is_empty()) else {
        return Err(Problem::invalid(errors));
    };
    let acting = caller.acting_as(named(&mut path).or(named(&mut query)))?;
    trace::acts(request, acting);
    Ok(Ask {
        path,
        query,
        acting,
    })
}

impl<P: Fields> FromRequest for Deletion<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(deletion(request))
    }
}

fn deletion<P: Fields>(request: &HttpRequest) -> Result<Deletion<P>, Problem> {
    let (key, mut errors) = read_key(request);
    let if_match = read_if_match(request, &mut errors);
    let Ask { path, acting, .. } = ask::<P, Nothing>(request, errors)?;
    let change = Change::new(request, acting, key);
    let change = Alteration::new(change, if_match);
    Ok(Deletion { path, change })
}

impl<B: Fields + 'static, P: Fields + 'static> FromRequest for Command<B, P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { command(&request, &body::read(&request).await?, Vec::new()) })
    }
}

impl<B: Fields + 'static, P: Fields + 'static> FromRequest for Amendment<B, P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let body = body::read(&request).await?;
            let mut errors = Vec::new();
            let if_match = read_if_match(&request, &mut errors);
            let Command { path, body, change } = command(&request, &body, errors)?;
            let change = Alteration::new(change, if_match);
            Ok(Self { path, body, change })
        })
    }
}

/// `found` are errors that were found before.
fn command<B: Fields, P: Fields>(
    request: &HttpRequest,
    body: &[u8],
    found: Vec<FieldError>,
) -> Result<Command<B, P>, Problem> {
    let caller = Caller::of(request)?;
    let (key, mut errors) = read_key(request);
    errors.extend(found);
    let path = keep(read_path::<P>(request, caller), &mut errors);
    let query = keep(read_query::<Nothing>(request, caller), &mut errors);
    let body = match fields::read_json::<B>(body, caller.user()) {
        Err(Unreadable::Malformed(error)) => return Err(Problem::malformed_json(&error)),
        Err(Unreadable::Fields(bad)) => keep(Err(bad), &mut errors),
        Ok(body) => Some(body),
    };
    let (Some(mut path), Some(_), Some(mut body), true) = (path, query, body, errors.is_empty())
    else {
        return Err(Problem::invalid(errors));
    };
    let acting = caller.acting_as(named(&mut path).or(named(&mut body)))?;
    trace::acts(request, acting);
    let change = Change::new(request, acting, key);
    Ok(Command { path, body, change })
}

/// What the head alone says of a change to a path without ids and without a query: who calls, and
/// under which key.
pub(crate) fn read_head(
    request: &HttpRequest,
) -> Result<(Caller, Option<IdempotencyKey>), Problem> {
    let caller = Caller::of(request)?;
    let (key, mut errors) = read_key(request);
    keep(read_query::<Nothing>(request, caller), &mut errors);
    if errors.is_empty() {
        Ok((caller, key))
    } else {
        Err(Problem::invalid(errors))
    }
}

/// The idempotency key, or what is wrong with it.
fn read_key(request: &HttpRequest) -> (Option<IdempotencyKey>, Vec<FieldError>) {
    match change::key(request.headers()) {
        Ok(key) => (key, Vec::new()),
        Err(error) => (None, vec![error]),
    }
}

/// What the thing is expected to be; what is wrong with that is put to the other errors.
fn read_if_match(request: &HttpRequest, errors: &mut Vec<FieldError>) -> IfMatch {
    let if_match = IfMatch::of(request.headers());
    keep(if_match.map_err(|error| vec![error]), errors).unwrap_or_default()
}

/// The fields, or their errors put to the others.
fn keep<T>(read: Result<T, Vec<FieldError>>, errors: &mut Vec<FieldError>) -> Option<T> {
    read.map_err(|bad| errors.extend(bad)).ok()
}

fn read_path<P: Fields>(request: &HttpRequest, caller: Caller) -> Result<P, Vec<FieldError>> {
    let ids = request.match_info().iter();
    let pairs: Vec<_> = ids
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect();
    fields::read_text(&pairs, Vec::new(), caller.user())
}

fn read_query<Q: Fields>(request: &HttpRequest, caller: Caller) -> Result<Q, Vec<FieldError>> {
    let (pairs, spoiled) = fields::decode(request.query_string());
    fields::read_text(&pairs, spoiled, caller.user())
}

/// Refuses every parameter, on a route that asks nobody who acts.
pub(crate) fn no_query(request: &HttpRequest) -> Result<(), Problem> {
    let (pairs, spoiled) = fields::decode(request.query_string());
    fields::read_text::<Nothing>(&pairs, spoiled, None)
        .map(drop)
        .map_err(Problem::invalid)
}

/// The user that these fields name as acting.
pub(crate) fn named<T: Fields>(fields: &mut T) -> Option<UserId> {
    let WireInt(number) = (*fields.acting()?)?;
    UserId::parse(number).ok()
}
