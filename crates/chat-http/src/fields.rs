//! The fields of requests: read into a DTO at once, and looked at one by one when that fails.
//!
//! A DTO has optional fields of plain types only, and carries its rules as `validator` attributes.
//! So any subset of its fields can be read, which is how [`collect`] finds every bad field of every
//! DTO without knowing one of them.

use chat_domain::{Invalid, UserId};
use chat_service::Field;
use serde::de::DeserializeOwned;
use validator::Validate;

mod collect;
mod int;
mod json;
mod patch;
mod query;
pub(crate) mod rules;
mod text;

pub(crate) use int::WireInt;
pub(crate) use json::{Unreadable, read_entries, read_json};
#[cfg(test)]
pub(crate) use json::{json_at_once, json_by_field};
pub(crate) use patch::Patch;
pub(crate) use query::{decode, only};
pub(crate) use text::read_text;
#[cfg(test)]
pub(crate) use text::{text_at_once, text_by_field};

use crate::problem::{FieldError, Problem};

/// The fields of a body, a query or a path.
pub(crate) trait Fields: DeserializeOwned + Validate {
    /// The field that names who acts, if there is one.
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        None
    }
}

/// Fields of which there are none: of a path without ids, a query without parameters.
#[derive(serde::Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl Fields for Nothing {}

/// A user of the header stands in for an acting field that is left out.
fn fill_in<T: Fields>(dto: &mut T, header: Option<UserId>) {
    if let (Some(field @ None), Some(user)) = (dto.acting(), header) {
        *field = Some(WireInt(user.get()));
    }
}

/// The domain's value for a field that must be there.
pub(crate) fn given<V, T>(
    field: &'static str,
    value: Option<V>,
    parse: impl FnOnce(V) -> Result<T, Invalid>,
) -> Result<T, Problem> {
    perhaps(field, value, parse)?
        .ok_or_else(|| Problem::invalid(vec![FieldError::new(field, "required", rules::REQUIRED)]))
}

/// The domain's value for a field that may be there.
pub(crate) fn perhaps<V, T>(
    field: &'static str,
    value: Option<V>,
    parse: impl FnOnce(V) -> Result<T, Invalid>,
) -> Result<Option<T>, Problem> {
    value.map(parse).transpose().map_err(|invalid| {
        let code = invalid.fault.as_str();
        Problem::invalid(vec![FieldError::new(field, code, invalid.message)])
    })
}

/// What becomes of the domain's value of a field that may be empty.
pub(crate) fn changed<V, T>(
    field: &'static str,
    value: Patch<V>,
    parse: impl FnOnce(V) -> Result<T, Invalid>,
) -> Result<Field<T>, Problem> {
    Ok(match value {
        Patch::Absent => Field::Keep,
        Patch::Null => Field::Clear,
        Patch::Value(value) => Field::Set(given(field, Some(value), parse)?),
    })
}

/// Lets a parser of numbers read a number from the wire.
pub(crate) fn int<T>(
    parse: impl FnOnce(i64) -> Result<T, Invalid>,
) -> impl FnOnce(WireInt) -> Result<T, Invalid> {
    |WireInt(number)| parse(number)
}

#[cfg(test)]
mod tests;
