//! Users on the wire.

use chat_domain::{EmailAddress, Username, VisibleUser};
use chat_service as service;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::fields::{Fields, given, rules};
use crate::openapi::Id;
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /users`.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    /// Without control characters, and without white space at either end; unique, also under NFKC and
    /// case folding.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 64)]
    #[validate(required, custom(function = rules::username))]
    username: Option<String>,
    /// Unique, also under NFKC and case folding.
    #[schema(required = true, nullable = false, max_length = 254, format = Email)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserJson<'a> {
    #[schema(value_type = Id)]
    id: i64,
    username: &'a str,
    /// Only for the user itself and the system.
    #[schema(nullable = false)]
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
