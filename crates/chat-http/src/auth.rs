//! Whose credentials came with a request: the port through which a server asks, unless it runs in open mode.

use std::borrow::Cow;
use std::fmt;

use actix_web::dev::RequestHead;
use chat_domain::{Timestamp, UserId};
use chat_service::ServiceError;
use futures_util::future::LocalBoxFuture;

use crate::problem::Problem;

/// Who has shown credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// This user, if it lives: that is for the service to see.
    User(UserId),
    /// The system, with the name it gives itself, if any; that is for the log alone.
    System(Option<Box<str>>),
}

/// Who has shown which credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// Who.
    pub identity: Identity,
    /// When the credentials end, if they do: a connection that was opened with them ends then.
    pub until: Option<Timestamp>,
}

impl From<Identity> for Authenticated {
    /// By credentials that don't end.
    fn from(identity: Identity) -> Self {
        Self {
            identity,
            until: None,
        }
    }
}

/// Why nobody is let in with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// It has no credentials of the kind that is taken.
    Missing,
    /// Its credentials are not good; a sentence for the client, in which nothing of them stands.
    Invalid(Cow<'static, str>),
    /// They were good, and are no longer.
    Expired,
    /// They are good, and whose they are can't act here; a sentence for the client.
    Unknown(Cow<'static, str>),
    /// That can't be told at the moment; the cause is for the log alone.
    Unavailable(String),
    /// The service was asked whose they are, and refused.
    Service(ServiceError),
}

/// Tells from the head of a request who it is from.
///
/// It is asked once for each request, but for those to paths that [ask nobody](crate::anonymous_routes).
pub trait Authenticate: fmt::Debug + Send + Sync {
    /// Who has sent the request with this head.
    fn authenticate<'a>(
        &'a self,
        head: &'a RequestHead,
    ) -> LocalBoxFuture<'a, Result<Authenticated, Unauthenticated>>;
}

impl From<Unauthenticated> for Problem {
    fn from(why: Unauthenticated) -> Self {
        match why {
            Unauthenticated::Missing => Self::authentication_required(),
            Unauthenticated::Invalid(detail) => Self::invalid_token(detail),
            Unauthenticated::Expired => Self::token_expired(),
            Unauthenticated::Unknown(detail) => Self::unknown_actor(detail),
            Unauthenticated::Unavailable(cause) => Self::keys_unavailable(cause),
            Unauthenticated::Service(error) => error.into(),
        }
    }
}
