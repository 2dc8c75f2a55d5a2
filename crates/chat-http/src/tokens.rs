//! Bearer tokens as credentials: who is named by a token that can be trusted.

use std::fmt;

use actix_web::dev::RequestHead;
use actix_web::http::header::{self, HeaderMap};
use chat_domain::{ExternalId, UserId};
use chat_service::{ChatService, NewFromClaims};
use chat_token::{Claims, Rejected, Verifier};
use futures_util::future::LocalBoxFuture;

use crate::auth::{Authenticate, Authenticated, Identity, Unauthenticated};
use crate::fields::WireInt;

/// What the `sub` of a token is, of the user who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Its id.
    Id,
    /// Its `external_id`.
    ExternalId {
        /// Whether a user that is not known is made from the claims.
        create: bool,
    },
}

/// Tells by `Authorization: Bearer` whom a request is from.
pub struct Tokens {
    verifier: Verifier,
    subject: Subject,
    service: ChatService,
}

impl Tokens {
    /// By tokens that `verifier` takes, for users of `service`.
    pub const fn new(verifier: Verifier, subject: Subject, service: ChatService) -> Self {
        Self {
            verifier,
            subject,
            service,
        }
    }

    async fn who(&self, headers: &HeaderMap) -> Result<Authenticated, Unauthenticated> {
        let claims = self.verifier.verify(bearer(headers)?).await?;
        let until = Some(claims.good_until());
        let identity = self.named_by(claims).await?;
        Ok(Authenticated { identity, until })
    }

    async fn named_by(&self, claims: Claims) -> Result<Identity, Unauthenticated> {
        if claims.system {
            return Ok(Identity::System(claims.subject.map(Into::into)));
        }
        let user = match (&claims.subject, self.subject) {
            (None, _) => return Err(Unauthenticated::Invalid("the token has no sub".into())),
            (Some(subject), Subject::Id) => by_id(subject)?,
            (Some(subject), Subject::ExternalId { create }) => {
                let external = ExternalId::parse(subject.as_str())
                    .map_err(|_| unknown("the token's sub can't be an external id"))?;
                self.by_external_id(external, create, claims).await?
            }
        };
        Ok(Identity::User(user))
    }

    async fn by_external_id(
        &self,
        external_id: ExternalId,
        create: bool,
        claims: Claims,
    ) -> Result<UserId, Unauthenticated> {
        let known = self.service.user_of(external_id.clone()).await;
        match known.map_err(Unauthenticated::Service)? {
            Some(user) => Ok(user),
            None if create => {
                let first = NewFromClaims {
                    external_id,
                    username: claims.username,
                    display_name: claims.name,
                    email: claims.email,
                };
                let made = self.service.first_seen(first).await;
                made.map_err(Unauthenticated::Service)
            }
            None => Err(unknown("the token's sub is no user's external id")),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Tokens");
        shown
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Authenticate for Tokens {
    fn authenticate<'a>(
        &'a self,
        head: &'a RequestHead,
    ) -> LocalBoxFuture<'a, Result<Authenticated, Unauthenticated>> {
        Box::pin(self.who(head.headers()))
    }
}

impl From<Rejected> for Unauthenticated {
    fn from(why: Rejected) -> Self {
        match why {
            Rejected::Expired => Self::Expired,
            Rejected::KeysUnavailable => Self::Unavailable(why.to_string()),
            _ => Self::Invalid(why.to_string().into()),
        }
    }
}

fn unknown(detail: &'static str) -> Unauthenticated {
    Unauthenticated::Unknown(detail.into())
}

/// The token that the headers have.
fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = values.next().ok_or(Unauthenticated::Missing)?;
    if values.next().is_some() {
        return Err(Unauthenticated::Invalid(
            "Authorization is given more than once".into(),
        ));
    }
    let malformed = || Unauthenticated::from(Rejected::Malformed);
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthenticated::Missing);
    }
    match token.trim() {
        "" => Err(malformed()),
        token => Ok(token),
    }
}

/// The user whose id this is. As a number of JSON, so that there is one way to write it.
fn by_id(subject: &str) -> Result<UserId, Unauthenticated> {
    let id = WireInt::of_digits(subject).and_then(|WireInt(id)| UserId::parse(id).ok());
    id.ok_or_else(|| unknown("the token's sub is no user's id"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        headers
    }

    #[rstest]
    #[case("Bearer a.b.c")]
    #[case("bearer a.b.c")]
    #[case("BEARER  a.b.c ")]
    fn a_token_after_its_scheme(#[case] value: &str) {
        assert_eq!(bearer(&headers(&[value])), Ok("a.b.c"));
    }

    #[rstest]
    #[case::nothing(&[])]
    #[case::other_scheme(&["Basic YTpi"])]
    #[case::no_scheme(&["a.b.c"])]
    #[case::empty(&[""])]
    fn no_token(#[case] values: &[&str]) {
        assert_eq!(bearer(&headers(values)), Err(Unauthenticated::Missing));
    }

    #[rstest]
    #[case::no_token(&["Bearer"])]
    #[case::blank(&["Bearer  "])]
    #[case::no_ascii(&["Bearer é"])]
    #[case::twice(&["Bearer a.b.c", "Bearer a.b.c"])]
    fn a_token_that_can_not_be_read(#[case] values: &[&str]) {
        let why = bearer(&headers(values)).unwrap_err();
        assert!(matches!(why, Unauthenticated::Invalid(_)), "{why:?}");
    }

    #[rstest]
    #[case("ada")]
    #[case("")]
    #[case("0")]
    #[case("-7")]
    #[case("7.0")]
    #[case(" 7")]
    #[case("9007199254740992")]
    fn what_is_no_id(#[case] subject: &str) {
        let why = by_id(subject).unwrap_err();
        assert!(matches!(why, Unauthenticated::Unknown(_)), "{why:?}");
    }
}
