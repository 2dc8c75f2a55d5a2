//! Users on the wire.

use chat_domain::{EmailAddress, Username, VisibleUser};
use chat_service as service;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::fields::{Fields, given, rules};
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /users`.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    #[validate(required, custom(function = rules::username))]
    username: Option<String>,
    #[validate(required, custom(function = rules::email))]
    email: Option<String>,
}

impl Fields for CreateUser {}

impl CreateUser {
    pub(crate) fn parse(self) -> Result<service::CreateUser, Problem> {
        Ok(service::CreateUser {
            username: given("username", self.username, Username::parse)?,
            email: given("email", self.email, EmailAddress::parse)?,
        })
    }
}

/// A user, with its address only for those who may know it.
#[derive(Serialize)]
pub(crate) struct UserJson<'a> {
    id: i64,
    username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    created_at: WireTime,
    updated_at: WireTime,
}

impl<'a> From<&'a VisibleUser> for UserJson<'a> {
    fn from(user: &'a VisibleUser) -> Self {
        Self {
            id: user.id.get(),
            username: user.username.as_str(),
            email: user.email.as_ref().map(EmailAddress::as_str),
            created_at: WireTime(user.created_at),
            updated_at: WireTime(user.updated_at),
        }
    }
}
