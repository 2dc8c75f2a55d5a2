//! The rules of fields. Each lives in the domain; here they only get the form that `validator`
//! calls them in.

use std::borrow::Cow;

use chat_domain::{
    DisplayName, EmailAddress, ExternalId, Fault, FileName, FileSize, FileUrl, GroupName, Invalid,
    MediaType, MessageKind, Offset, PageLimit, Role, ThumbnailSize, UserId, Username,
};
use validator::ValidationError;

use super::{Patch, WireInt};

type Checked = Result<(), ValidationError>;

/// What is said of a field that must be there.
pub(crate) const REQUIRED: &str = "is required";

/// Under this parameter a rule between fields lists those that it is about.
const FIELDS: &str = "fields";

/// The validator's form of a value that the domain refuses.
pub(crate) fn refused(invalid: Invalid) -> ValidationError {
    ValidationError::new(invalid.fault.as_str()).with_message(invalid.message)
}

fn unknown_name(error: &impl std::fmt::Display) -> ValidationError {
    refused(Invalid::new(Fault::Format, error.to_string()))
}

/// A broken rule between fields, told of each of `fields`.
pub(crate) fn between(
    fields: &[&'static str],
    code: &'static str,
    message: impl Into<Cow<'static, str>>,
) -> ValidationError {
    let mut error = ValidationError::new(code).with_message(message.into());
    error.add_param(FIELDS.into(), &fields);
    error
}

/// Whether it is a rule between fields.
pub(super) fn is_between(error: &ValidationError) -> bool {
    error.params.contains_key(FIELDS)
}

/// The fields that an error under `name` is about, by their names on the wire.
pub(super) fn fields_of(name: &str, error: &ValidationError) -> Vec<String> {
    let listed = error
        .params
        .get(FIELDS)
        .and_then(|fields| fields.as_array());
    let Some(fields) = listed else {
        return vec![name.trim_start_matches("r#").to_owned()];
    };
    let names = fields.iter().filter_map(|field| field.as_str());
    names.map(str::to_owned).collect()
}

/// A field that may be left as it is, and can't be empty.
fn kept_or<V: ?Sized, T: std::borrow::Borrow<V>>(
    patch: &Patch<T>,
    rule: fn(&V) -> Checked,
) -> Checked {
    match patch {
        Patch::Null => Err(ValidationError::new("required").with_message(REQUIRED.into())),
        other => emptied_or(other, rule),
    }
}

/// A field that may be left as it is, or emptied.
fn emptied_or<V: ?Sized, T: std::borrow::Borrow<V>>(
    patch: &Patch<T>,
    rule: fn(&V) -> Checked,
) -> Checked {
    match patch {
        Patch::Absent | Patch::Null => Ok(()),
        Patch::Value(value) => rule(value.borrow()),
    }
}

pub(crate) fn new_username(patch: &Patch<String>) -> Checked {
    kept_or(patch, username)
}

pub(crate) fn new_email(patch: &Patch<String>) -> Checked {
    kept_or(patch, email)
}

pub(crate) fn new_display_name(patch: &Patch<String>) -> Checked {
    emptied_or(patch, display_name)
}

pub(crate) fn new_external_id(patch: &Patch<String>) -> Checked {
    emptied_or(patch, external_id)
}

pub(crate) fn new_id(patch: &Patch<WireInt>) -> Checked {
    emptied_or(patch, id)
}

pub(crate) fn new_group_name(patch: &Patch<String>) -> Checked {
    kept_or(patch, group_name)
}

/// Any id: the rules of all kinds are the same.
pub(crate) fn id(&WireInt(number): &WireInt) -> Checked {
    UserId::parse(number).map(drop).map_err(refused)
}

pub(crate) fn limit(&WireInt(number): &WireInt) -> Checked {
    PageLimit::parse(number).map(drop).map_err(refused)
}

pub(crate) fn offset(&WireInt(number): &WireInt) -> Checked {
    Offset::parse(number).map(drop).map_err(refused)
}

pub(crate) fn file_size(&WireInt(number): &WireInt) -> Checked {
    FileSize::parse(number).map(drop).map_err(refused)
}

pub(crate) fn thumbnail_size(&WireInt(number): &WireInt) -> Checked {
    ThumbnailSize::parse(number).map(drop).map_err(refused)
}

pub(crate) fn username(text: &str) -> Checked {
    Username::check(text).map_err(refused)
}

pub(crate) fn email(text: &str) -> Checked {
    EmailAddress::check(text).map_err(refused)
}

pub(crate) fn display_name(text: &str) -> Checked {
    DisplayName::check(text).map_err(refused)
}

pub(crate) fn external_id(text: &str) -> Checked {
    ExternalId::check(text).map_err(refused)
}

pub(crate) fn group_name(text: &str) -> Checked {
    GroupName::check(text).map_err(refused)
}

pub(crate) fn file_url(text: &str) -> Checked {
    FileUrl::check(text).map_err(refused)
}

pub(crate) fn file_name(text: &str) -> Checked {
    FileName::check(text).map_err(refused)
}

pub(crate) fn media_type(text: &str) -> Checked {
    MediaType::check(text).map_err(refused)
}

pub(crate) fn role(text: &str) -> Checked {
    text.parse::<Role>()
        .map(drop)
        .map_err(|error| unknown_name(&error))
}

pub(crate) fn message_kind(text: &str) -> Checked {
    text.parse::<MessageKind>()
        .map(drop)
        .map_err(|error| unknown_name(&error))
}
