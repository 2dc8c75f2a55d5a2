//! JSON bodies: one object, nothing else.

use std::borrow::Cow;
use std::fmt;

use chat_domain::UserId;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::collect::{Raw, collect, wrong_type};
use super::{Fields, fill_in};
use crate::problem::FieldError;

/// Why a body is no DTO.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is no JSON.
    Malformed(serde_json::Error),
    /// It is JSON, but its fields are not what they should be.
    Fields(Vec<FieldError>),
}

/// Reads and validates a body. A good one is parsed once, straight into the DTO.
pub(crate) fn read_json<T: Fields>(body: &[u8], header: Option<UserId>) -> Result<T, Unreadable> {
    match json_at_once(body, header) {
        Some(dto) => Ok(dto),
        None => json_by_field(body, header),
    }
}

/// The same for a good body alone, straight into the DTO.
pub(crate) fn json_at_once<T: Fields>(body: &[u8], header: Option<UserId>) -> Option<T> {
    // serde reads an array into a struct, field by field.
    let mut dto: T = is_object(body).then(|| serde_json::from_slice(body).ok())??;
    fill_in(&mut dto, header);
    dto.validate().is_ok().then_some(dto)
}

/// The same for any body, field by field. It accepts what is accepted at once, and nothing more.
pub(crate) fn json_by_field<T: Fields>(
    body: &[u8],
    header: Option<UserId>,
) -> Result<T, Unreadable> {
    let entries = read_entries(body)?;
    let fields: Vec<_> = entries
        .iter()
        .map(|(k, v)| (k.as_str(), JsonValue(v)))
        .collect();
    collect(&fields, Vec::new(), header).map_err(Unreadable::Fields)
}

/// The keys and values of an object in their order, repeated ones too, with the values unread.
pub(crate) fn read_entries(body: &[u8]) -> Result<Vec<(String, &RawValue)>, Unreadable> {
    // Raw values keep what no `Value` would: repeated keys, and numbers of any size.
    let whole: &RawValue = serde_json::from_slice(body).map_err(Unreadable::Malformed)?;
    if !is_object(whole.get().as_bytes()) {
        let error = FieldError::new("body", "type", "must be a JSON object");
        return Err(Unreadable::Fields(vec![error]));
    }
    let Object(entries) = serde_json::from_slice(body).map_err(Unreadable::Malformed)?;
    Ok(entries)
}

fn is_object(json: &[u8]) -> bool {
    let blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    json.iter().find(|b| !blank(b)) == Some(&b'{')
}

/// The value of one key, unread.
#[derive(Clone, Copy)]
struct JsonValue<'a>(&'a RawValue);

impl<'de> serde::de::IntoDeserializer<'de, serde_json::Error> for JsonValue<'de> {
    type Deserializer = &'de RawValue;

    fn into_deserializer(self) -> &'de RawValue {
        self.0
    }
}

impl<'de> Raw<'de> for JsonValue<'de> {
    type Error = serde_json::Error;
    const ABSENT: Self = Self(RawValue::NULL);

    fn fault(self, error: &serde_json::Error) -> (&'static str, Cow<'static, str>) {
        let number = self
            .0
            .get()
            .starts_with(|c: char| c == '-' || c.is_ascii_digit());
        // The body was JSON as a whole: what is left to fail in a value's own syntax is a number
        // beyond every float, or half of a surrogate pair.
        match (error.classify(), number) {
            (Category::Data, _) => wrong_type(error),
            (_, true) => ("range", "is out of range".into()),
            (_, false) => ("format", "is not well-formed Unicode".into()),
        }
    }
}

/// The keys and values of an object in their order, repeated ones too.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, _>()? {
            entries.push((key, value));
        }
        Ok(Object(entries))
    }
}
