//! Who is acting. In open mode it is the header's user, else the user that the request itself names, else
//! the system; otherwise it is whose credentials came with the request.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use chat_domain::{Actor, UserId};
use chat_service::ServiceError;

use crate::fields::WireInt;
use crate::problem::{FieldError, Problem};
use crate::trace;

const X_USER_ID: HeaderName = HeaderName::from_static("x-user-id");
/// The header's name as clients write it.
const X_USER_ID_FIELD: &str = "X-User-Id";

/// How a request has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Nobody was asked who it is: open mode.
    Open,
    /// As this user, by its credentials.
    User(UserId),
    /// As the system, by its credentials.
    System,
}

/// What is known of who is acting before the request itself is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// In open mode: the user of the header, if there is one.
    Said(Option<UserId>),
    /// A user who has proven to be it.
    User(UserId),
    /// The system, which has proven to be it.
    System,
}

impl Caller {
    /// Who calls with this request, which has come in through the [edge](crate::edge).
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        match trace::entry(request) {
            Some(Entry::Open) => Self::said(request.headers()),
            Some(Entry::User(user)) => Ok(Self::User(user)),
            Some(Entry::System) => Ok(Self::System),
            // Never taken for open mode: there anyone may be anyone.
            None => Err(Problem::internal(
                "nobody has asked who the request is from",
            )),
        }
    }

    /// What the headers say, which is all that open mode goes by.
    fn said(headers: &HeaderMap) -> Result<Self, Problem> {
        no_token(headers)?;
        let header = named_by(headers).map_err(|error| Problem::invalid(vec![error]))?;
        Ok(Self::Said(header))
    }

    /// The user who calls, if it is known to be one.
    pub(crate) fn user(self) -> Option<UserId> {
        match self {
            Self::Said(user) => user,
            Self::User(user) => Some(user),
            Self::System => None,
        }
    }

    /// Who acts in a request that names `named` as acting, if it names anyone.
    pub(crate) fn acting_as(self, named: Option<UserId>) -> Result<Acting, Problem> {
        match (self, self.user(), named) {
            (_, Some(actor), Some(named)) if actor != named => {
                Err(Problem::actor_mismatch(actor, named))
            }
            (_, Some(user), _) => Ok(Acting::User(user)),
            (Self::Said(_), None, Some(user)) => Ok(Acting::Named(user)),
            // That the system names somebody as acting is for the rules to judge.
            (_, None, _) => Ok(Acting::System),
        }
    }
}

/// Refuses a token, which open mode does not check.
pub(crate) fn no_token(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(Problem::open_mode());
    }
    Ok(())
}

/// The user that the header names, if there is a header.
pub(crate) fn named_by(headers: &HeaderMap) -> Result<Option<UserId>, FieldError> {
    let refuse = |code, message| FieldError::new(X_USER_ID_FIELD, code, message);
    let mut values = headers.get_all(&X_USER_ID);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refuse("repeated", "is given more than once"));
    }
    let WireInt(number) = value
        .to_str()
        .ok()
        .and_then(WireInt::of_digits)
        .ok_or_else(|| refuse("type", "must be an integer"))?;
    UserId::parse(number).map(Some).map_err(|invalid| {
        FieldError::new(X_USER_ID_FIELD, invalid.fault.as_str(), invalid.message)
    })
}

/// Who acts in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acting {
    /// The user of the header or of the credentials: that it exists is a condition of being let in.
    User(UserId),
    /// A user named by the request alone: one of its things, which may not exist.
    Named(UserId),
    /// Nobody is named.
    System,
}

impl Acting {
    /// The actor, for the service.
    pub(crate) fn actor(self) -> Actor {
        match self {
            Self::User(id) | Self::Named(id) => Actor::User(id),
            Self::System => Actor::System,
        }
    }

    /// The service's answer, with its refusals told as they concern this kind of actor.
    pub(crate) fn told<T>(self, answer: Result<T, ServiceError>) -> Result<T, Problem> {
        answer.map_err(|error| match (self, error) {
            (Self::Named(_), ServiceError::UnknownActor(id)) => {
                ServiceError::UserNotFound(id).into()
            }
            (_, error) => error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    fn user(id: i64) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn headers(ids: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(X_USER_ID, HeaderValue::from_bytes(id.as_bytes()).unwrap());
        }
        headers
    }

    #[rstest]
    #[case::word(&["ada"], "type")]
    #[case::empty(&[""], "type")]
    #[case::fraction(&["7.0"], "type")]
    #[case::list(&["7,8"], "type")]
    #[case::no_ascii(&["é"], "type")]
    #[case::zero(&["0"], "range")]
    #[case::negative(&["-7"], "range")]
    #[case::too_great(&["9007199254740992"], "range")]
    #[case::huge(&["99999999999999999999999999"], "range")]
    #[case::repeated(&["7", "7"], "repeated")]
    fn headers_that_name_nobody(#[case] ids: &[&str], #[case] code: &str) {
        let error = named_by(&headers(ids)).unwrap_err();
        assert_eq!((error.field.as_str(), &*error.code), ("X-User-Id", code));
    }

    #[test]
    fn a_token_is_refused_even_beside_a_header() {
        let mut headers = headers(&["7"]);
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(Caller::said(&headers).unwrap_err().code(), "open_mode");
    }

    #[test]
    fn the_header_goes_before_the_request() {
        let header = Caller::said(&headers(&["7"])).unwrap();
        let nobody = Caller::said(&headers(&[])).unwrap();
        let acting = |caller: Caller, named: Option<i64>| caller.acting_as(named.map(user)).ok();
        assert_eq!(acting(header, None), Some(Acting::User(user(7))));
        assert_eq!(acting(header, Some(7)), Some(Acting::User(user(7))));
        assert_eq!(acting(header, Some(8)), None);
        assert_eq!(acting(nobody, Some(8)), Some(Acting::Named(user(8))));
        assert_eq!(acting(nobody, None), Some(Acting::System));
    }

    #[test]
    fn who_has_credentials_is_nobody_else() {
        let acting = |caller: Caller, named: Option<i64>| caller.acting_as(named.map(user)).ok();
        let ada = Caller::User(user(7));
        assert_eq!(acting(ada, None), Some(Acting::User(user(7))));
        assert_eq!(acting(ada, Some(7)), Some(Acting::User(user(7))));
        assert_eq!(acting(ada, Some(8)), None);
        assert_eq!(acting(Caller::System, Some(8)), Some(Acting::System));
        assert_eq!(acting(Caller::System, None), Some(Acting::System));
    }

    #[test]
    fn a_request_that_nobody_has_let_in_is_nobodys() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(Caller::of(&request).unwrap_err().code(), "internal");
    }

    #[rstest]
    #[case(Acting::User(user(7)), "unknown_actor")]
    #[case(Acting::Named(user(7)), "user_not_found")]
    fn a_user_that_only_the_request_names_is_not_found(#[case] acting: Acting, #[case] code: &str) {
        let answer = acting.told::<()>(Err(ServiceError::UnknownActor(user(7))));
        assert_eq!(answer.unwrap_err().code(), code);
    }
}
