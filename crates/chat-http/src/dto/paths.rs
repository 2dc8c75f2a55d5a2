//! The ids in paths, by their names in the routes.

use chat_domain::{GroupId, Invalid, UserId};
use chat_service::RemoveMember;
use serde::Deserialize;
use validator::Validate;

use crate::fields::{Fields, WireInt, given, int, rules};
use crate::problem::Problem;

/// `/…/:id`
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdPath {
    #[validate(required, custom(function = rules::id))]
    id: Option<WireInt>,
}

impl Fields for IdPath {}

impl IdPath {
    /// The id, as the kind that `parse` makes.
    pub(crate) fn id<T>(&self, parse: fn(i64) -> Result<T, Invalid>) -> Result<T, Problem> {
        given("id", self.id, int(parse))
    }
}

/// `/groups/:id/members/:user_id`
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberPath {
    #[validate(required, custom(function = rules::id))]
    id: Option<WireInt>,
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
}

impl Fields for MemberPath {}

impl MemberPath {
    pub(crate) fn parse(self) -> Result<RemoveMember, Problem> {
        Ok(RemoveMember {
            group: given("id", self.id, int(GroupId::parse))?,
            user: given("user_id", self.user_id, int(UserId::parse))?,
        })
    }
}

/// `/messages/unseen/:user_id`, whose `user_id` names the actor.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReaderPath {
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
}

impl Fields for ReaderPath {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.user_id)
    }
}

impl ReaderPath {
    pub(crate) fn parse(self) -> Result<UserId, Problem> {
        given("user_id", self.user_id, int(UserId::parse))
    }
}
