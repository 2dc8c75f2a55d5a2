//! Members of groups on the wire.

use chat_domain::{Fault, GroupId, Invalid, Member, Role, UserId};
use chat_service::{Membership, PutMember};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::openapi::{Id, RoleName};
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /groups/:id/members`; `user_id` does not name the actor.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMember {
    #[schema(value_type = Id, required = true)]
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
    /// Without one a new member is `member`, and an existing one stays as it is; `owner` hands the
    /// group over.
    #[schema(value_type = Option<RoleName>)]
    #[validate(custom(function = rules::role))]
    role: Option<String>,
}

impl Fields for AddMember {}

impl AddMember {
    pub(crate) fn parse(self, group: GroupId) -> Result<PutMember, Problem> {
        Ok(PutMember {
            group,
            user: given("user_id", self.user_id, int(UserId::parse))?,
            role: perhaps("role", self.role.as_deref(), parse_role)?,
        })
    }
}

fn parse_role(name: &str) -> Result<Role, Invalid> {
    name.parse()
        .map_err(|error: chat_domain::UnknownRole| Invalid::new(Fault::Format, error.to_string()))
}

/// One user's membership of one group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub(crate) struct MemberJson {
    #[schema(value_type = Id)]
    group_id: i64,
    #[schema(value_type = Id)]
    user_id: i64,
    #[schema(value_type = RoleName)]
    role: &'static str,
    created_at: WireTime,
    updated_at: WireTime,
}

impl From<&Member> for MemberJson {
    fn from(member: &Member) -> Self {
        Self {
            group_id: member.group_id.get(),
            user_id: member.user_id.get(),
            role: member.role.as_str(),
            created_at: WireTime(member.created_at),
            updated_at: WireTime(member.updated_at),
        }
    }
}

/// A membership as it is, or was last, and who has made it so.
#[derive(Serialize, ToSchema)]
#[schema(as = Membership)]
pub(crate) struct MembershipJson {
    #[schema(value_type = Id)]
    group_id: i64,
    #[schema(value_type = Id)]
    user_id: i64,
    #[schema(value_type = RoleName)]
    role: &'static str,
    created_at: WireTime,
    updated_at: WireTime,
    /// By whom; absent when the system did.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<i64>,
}

impl From<&Membership> for MembershipJson {
    fn from(membership: &Membership) -> Self {
        let member = &membership.member;
        Self {
            group_id: member.group_id.get(),
            user_id: member.user_id.get(),
            role: member.role.as_str(),
            created_at: WireTime(member.created_at),
            updated_at: WireTime(member.updated_at),
            by: membership.by.map(UserId::get),
        }
    }
}
