//! Pages of lists that go by user id.

use chat_domain::{PageLimit, UserId};
use serde::Deserialize;
use validator::Validate;

use crate::fields::{Fields, WireInt, int, perhaps, rules};
use crate::problem::Problem;

/// `?limit=…&after=…`
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
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

/// The limit of a page, or the one for when none is given.
pub(super) fn limit(value: Option<WireInt>) -> Result<PageLimit, Problem> {
    Ok(perhaps("limit", value, int(PageLimit::parse))?.unwrap_or_default())
}
