//! Pages of lists that go by the id of a user or of a group.

use chat_domain::{GroupId, PageLimit, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use crate::fields::{Fields, WireInt, int, perhaps, rules};
use crate::openapi::Id;
use crate::problem::Problem;

/// `?limit=…&after=…`
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// At most how many.
    #[param(value_type = i64, required = false, minimum = 1, maximum = 200, default = 50)]
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
    /// A user's id; the page begins with the first one after it.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    after: Option<WireInt>,
}

impl Fields for PageQuery {}

impl PageQuery {
    pub(crate) fn parse(self) -> Result<(Option<UserId>, PageLimit), Problem> {
        Ok((
            perhaps("after", self.after, int(UserId::parse))?,
            limit(self.limit)?,
        ))
    }
}

/// `?limit=…&after=…` of a list of groups.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupsQuery {
    /// At most how many.
    #[param(value_type = i64, required = false, minimum = 1, maximum = 200, default = 50)]
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
    /// A group's id; the page begins with the first one after it.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    after: Option<WireInt>,
}

impl Fields for GroupsQuery {}

impl GroupsQuery {
    pub(crate) fn parse(self) -> Result<(Option<GroupId>, PageLimit), Problem> {
        Ok((
            perhaps("after", self.after, int(GroupId::parse))?,
            limit(self.limit)?,
        ))
    }
}

/// The limit of a page, or the one for when none is given.
pub(super) fn limit(value: Option<WireInt>) -> Result<PageLimit, Problem> {
    Ok(perhaps("limit", value, int(PageLimit::parse))?.unwrap_or_default())
}
