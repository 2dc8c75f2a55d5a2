//! Every bad field of a request at once.
//!
//! This runs only after a request has failed, so that a good one is read once and typed.

use std::borrow::Cow;
use std::collections::HashSet;

use chat_domain::UserId;
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{self, IntoDeserializer};
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::{Fields, fill_in, rules};
use crate::problem::{FieldError, FieldErrors};

/// A value of a field as it came.
pub(super) trait Raw<'de>: Copy + IntoDeserializer<'de, <Self as Raw<'de>>::Error> {
    /// Why it could not be read.
    type Error: de::Error;
    /// What stands for no value in every type of field.
    const ABSENT: Self;

    /// The code for a value that is not of its field's type, and a clause that says so.
    fn fault(self, error: &<Self as Raw<'de>>::Error) -> (&'static str, Cow<'static, str>);
}

/// What is said of a value of the wrong type. Which type it should be is in serde's message only:
/// "invalid type: integer `5`, expected a string at line 1 column 1".
pub(super) fn wrong_type(error: &impl std::fmt::Display) -> (&'static str, Cow<'static, str>) {
    let message = error.to_string();
    let expected = message.rsplit_once("expected ").map(|(_, rest)| rest);
    let expected = expected.map(|rest| rest.split(" at line ").next().unwrap_or(rest));
    let clause = match expected {
        Some(expected) => format!("must be {expected}").into(),
        None => "is of the wrong type".into(),
    };
    ("type", clause)
}

/// Reads a DTO from some of its fields.
pub(super) fn read<'de, T, V>(
    fields: impl IntoIterator<Item = (&'de str, V)>,
) -> Result<T, <V as Raw<'de>>::Error>
where
    T: Deserialize<'de>,
    V: Raw<'de>,
{
    T::deserialize(MapDeserializer::new(fields.into_iter()))
}

/// Reads and validates a DTO from all of its fields, or names every bad one: first those that can't
/// be read, in their order, then those that break a rule, by name. `spoiled` are the fields that
/// are known to be bad already.
pub(super) fn collect<'de, T, V>(
    fields: &[(&'de str, V)],
    spoiled: Vec<FieldError>,
    header: Option<UserId>,
) -> Result<T, Vec<FieldError>>
where
    T: Fields,
    V: Raw<'de>,
{
    let mut errors = FieldErrors::from(spoiled);
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    for &(name, _) in fields {
        if !seen.insert(name) && repeated.insert(name) {
            errors.push(FieldError::new(name, "repeated", "is given more than once"));
        }
    }
    let mut good = Vec::new();
    for &(name, value) in fields {
        if errors.are_too_many() {
            return Err(errors.into());
        }
        if repeated.contains(name) {
            continue;
        }
        if read::<T, V>([(name, V::ABSENT)]).is_err() {
            errors.push(FieldError::new(name, "unknown", "is not known here"));
        } else if let Err(error) = read::<T, V>([(name, value)]) {
            let (code, message) = value.fault(&error);
            errors.push(FieldError::new(name, code, message));
        } else {
            good.push((name, value));
        }
    }
    let mut dto: T = read(good).map_err(|error: V::Error| {
        // Each of them can be read and none is repeated, so together they can be read too.
        vec![FieldError::new("body", "type", error.to_string())]
    })?;
    fill_in(&mut dto, header);
    if let Err(broken) = dto.validate() {
        for error in broken_rules(&broken, &errors) {
            errors.push(error);
        }
    }
    if errors.is_empty() {
        Ok(dto)
    } else {
        Err(errors.into())
    }
}

/// The broken rules in a steady order, a field's own before those between fields. A rule about a
/// field that is bad for another reason could not be judged, and says nothing.
fn broken_rules(broken: &ValidationErrors, known: &FieldErrors) -> Vec<FieldError> {
    let mut errors: Vec<(bool, FieldError)> = broken
        .errors()
        .iter()
        .filter_map(|(name, kind)| match kind {
            ValidationErrorsKind::Field(errors) => Some((name, errors)),
            _ => None,
        })
        .flat_map(|(name, errors)| errors.iter().map(move |error| (name, error)))
        .map(|(name, error)| (rules::fields_of(name, error), error))
        .filter(|(fields, _)| !fields.iter().any(|field| known.name(field)))
        .flat_map(|(fields, error)| {
            let between = rules::is_between(error);
            fields
                .into_iter()
                .map(move |field| (between, to_field_error(field, error)))
        })
        .collect();
    errors.sort_by(|(a_between, a), (b_between, b)| {
        (&a.field, a_between, &a.code).cmp(&(&b.field, b_between, &b.code))
    });
    errors.into_iter().map(|(_, error)| error).collect()
}

fn to_field_error(field: String, error: &ValidationError) -> FieldError {
    let message = error.message.clone();
    FieldError {
        field,
        code: error.code.clone(),
        message: message.unwrap_or(Cow::Borrowed(rules::REQUIRED)),
    }
}
