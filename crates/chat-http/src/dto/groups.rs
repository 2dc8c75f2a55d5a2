//! Groups on the wire.

use actix_web::http::header::EntityTag;
use chat_domain::{Group, GroupId, GroupName, UserId};
use chat_service::{self as service, CreatedGroup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::members::MemberJson;
use crate::etag::{self, Tagged};
use crate::fields::{Fields, Patch, WireInt, given, int, perhaps, rules};
use crate::openapi::Id;
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /groups`; `owner_id` does not name the actor.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateGroup {
    /// Without control characters, and without white space at either end; unique among living groups,
    /// also under NFKC and case folding.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100)]
    #[validate(required, custom(function = rules::group_name))]
    name: Option<String>,
    /// The owner, for the system to name; a user becomes the owner itself.
    #[schema(value_type = Option<Id>)]
    #[validate(custom(function = rules::id))]
    owner_id: Option<WireInt>,
}

impl Fields for CreateGroup {}

impl CreateGroup {
    pub(crate) fn parse(self) -> Result<service::CreateGroup, Problem> {
        Ok(service::CreateGroup {
            name: given("name", self.name, GroupName::parse)?,
            owner: perhaps("owner_id", self.owner_id, int(UserId::parse))?,
        })
    }
}

/// The body of `PATCH /groups/:id`: what is left out stays as it is.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateGroup {
    /// By the same rules as a new group's. It can't be cleared.
    #[schema(value_type = String, nullable = false, min_length = 1, max_length = 100)]
    #[serde(default)]
    #[validate(custom(function = rules::new_group_name))]
    name: Patch<String>,
}

impl Fields for UpdateGroup {}

impl UpdateGroup {
    pub(crate) fn parse(self, group: GroupId) -> Result<service::UpdateGroup, Problem> {
        let name = perhaps("name", self.name.value(), GroupName::parse)?;
        Ok(service::UpdateGroup { group, name })
    }
}

/// A group, with its members only when it was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
pub(crate) struct GroupJson<'a> {
    #[schema(value_type = Id)]
    id: i64,
    name: &'a str,
    #[schema(minimum = 0)]
    member_count: i64,
    created_at: WireTime,
    updated_at: WireTime,
    /// Its owner, if it has one; only in the answer to its creation.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberJson>>,
}

impl<'a> From<&'a Group> for GroupJson<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            id: group.id.get(),
            name: group.name.as_str(),
            member_count: group.member_count,
            created_at: WireTime(group.created_at),
            updated_at: WireTime(group.updated_at),
            members: None,
        }
    }
}

impl<'a> From<&'a CreatedGroup> for GroupJson<'a> {
    fn from(created: &'a CreatedGroup) -> Self {
        Self {
            members: Some(created.members.iter().map(MemberJson::from).collect()),
            ..Self::from(&created.group)
        }
    }
}

impl Tagged for Group {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        etag::of(&GroupJson::from(self)).map(Some)
    }
}
