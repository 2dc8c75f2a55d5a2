//! Users on the wire.

use actix_web::http::header::EntityTag;
use chat_domain::{
    DeletedUser, DisplayName, EmailAddress, ExternalId, FileId, FoundUser, UserId, Username,
    VisibleUser,
};
use chat_service as service;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::etag::{self, Tagged};
use crate::fields::{Fields, Patch, WireInt, changed, given, int, perhaps, rules};
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
    /// What people read; without control characters, and without white space at either end.
    #[schema(min_length = 1, max_length = 100)]
    #[validate(custom(function = rules::display_name))]
    display_name: Option<String>,
    /// By what the system knows the user elsewhere, such as the subject of its tokens: at most 255 bytes, no
    /// control characters, no white space at either end; unique, byte for byte.
    #[schema(min_length = 1, max_length = 255)]
    #[validate(custom(function = rules::external_id))]
    external_id: Option<String>,
}

impl Fields for CreateUser {}

impl CreateUser {
    pub(crate) fn parse(self) -> Result<service::CreateUser, Problem> {
        Ok(service::CreateUser {
            username: given("username", self.username, Username::parse)?,
            email: given("email", self.email, EmailAddress::parse)?,
            display_name: perhaps("display_name", self.display_name, DisplayName::parse)?,
            external_id: perhaps("external_id", self.external_id, ExternalId::parse)?,
        })
    }
}

/// The body of `PATCH /users/:id`: what is absent stays as it is, and `null` clears.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUser {
    /// Can't be cleared.
    #[schema(value_type = String, nullable = false, min_length = 1, max_length = 64)]
    #[serde(default)]
    #[validate(custom(function = rules::new_username))]
    username: Patch<String>,
    /// Can't be cleared.
    #[schema(value_type = String, nullable = false, max_length = 254, format = Email)]
    #[serde(default)]
    #[validate(custom(function = rules::new_email))]
    email: Patch<String>,
    /// What people read.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    #[serde(default)]
    #[validate(custom(function = rules::new_display_name))]
    display_name: Patch<String>,
    /// An image that the actor may read; every actor may from then on.
    #[schema(value_type = Option<Id>)]
    #[serde(default)]
    #[validate(custom(function = rules::new_id))]
    avatar_file_id: Patch<WireInt>,
    /// For the system alone.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    #[serde(default)]
    #[validate(custom(function = rules::new_external_id))]
    external_id: Patch<String>,
}

impl Fields for UpdateUser {}

impl UpdateUser {
    pub(crate) fn parse(self, user: UserId) -> Result<service::UpdateUser, Problem> {
        Ok(service::UpdateUser {
            user,
            username: perhaps("username", self.username.value(), Username::parse)?,
            email: perhaps("email", self.email.value(), EmailAddress::parse)?,
            display_name: changed("display_name", self.display_name, DisplayName::parse)?,
            avatar: changed("avatar_file_id", self.avatar_file_id, int(FileId::parse))?,
            external_id: changed("external_id", self.external_id, ExternalId::parse)?,
        })
    }
}

/// A user, with its address and its external id only for those who may know them.
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
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    /// An image, which every actor may read.
    #[schema(value_type = Option<Id>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_file_id: Option<i64>,
    /// Only for the user itself and the system.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    created_at: WireTime,
    updated_at: WireTime,
}

impl<'a> From<&'a VisibleUser> for UserJson<'a> {
    fn from(user: &'a VisibleUser) -> Self {
        Self {
            id: user.id.get(),
            username: user.username.as_str(),
            email: user.email.as_ref().map(EmailAddress::as_str),
            display_name: user.display_name.as_ref().map(DisplayName::as_str),
            avatar_file_id: user.avatar_file_id.map(FileId::get),
            external_id: user.external_id.as_ref().map(ExternalId::as_str),
            created_at: WireTime(user.created_at),
            updated_at: WireTime(user.updated_at),
        }
    }
}

/// What is left of a user that was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletedUser)]
pub(crate) struct DeletedUserJson {
    #[schema(value_type = Id)]
    id: i64,
    /// `deleted-` and the id. A living user may have the same name.
    username: String,
    /// Always true.
    deleted: bool,
}

impl From<DeletedUser> for DeletedUserJson {
    fn from(user: DeletedUser) -> Self {
        Self {
            id: user.id.get(),
            username: user.username().into_string(),
            deleted: true,
        }
    }
}

/// What is answered of one user.
#[derive(Serialize, ToSchema)]
#[schema(as = FoundUser)]
#[serde(untagged)]
pub(crate) enum FoundUserJson<'a> {
    /// It lives.
    Living(UserJson<'a>),
    /// It was deleted.
    Deleted(DeletedUserJson),
}

impl<'a> From<&'a FoundUser<VisibleUser>> for FoundUserJson<'a> {
    fn from(user: &'a FoundUser<VisibleUser>) -> Self {
        match user {
            FoundUser::Living(user) => Self::Living(user.into()),
            FoundUser::Deleted(user) => Self::Deleted((*user).into()),
        }
    }
}

impl Tagged for VisibleUser {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        etag::of(&UserJson::from(self)).map(Some)
    }
}
