//! Fields that come as text: parameters of a query, ids of a path.

use std::borrow::Cow;
use std::fmt;

use chat_domain::UserId;
use serde::de::{self, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::collect::{Raw, collect, read, wrong_type};
use super::{Fields, WireInt, fill_in};
use crate::problem::FieldError;

/// Reads and validates a DTO from names and texts; `spoiled` are those that could not be decoded.
pub(crate) fn read_text<T: Fields>(
    pairs: &[(String, String)],
    spoiled: Vec<FieldError>,
    header: Option<UserId>,
) -> Result<T, Vec<FieldError>> {
    match text_at_once(pairs, &spoiled, header) {
        Some(dto) => Ok(dto),
        None => text_by_field(pairs, spoiled, header),
    }
}

/// The same for good fields alone, straight into the DTO.
pub(crate) fn text_at_once<T: Fields>(
    pairs: &[(String, String)],
    spoiled: &[FieldError],
    header: Option<UserId>,
) -> Option<T> {
    let mut dto: T = spoiled.is_empty().then(|| read(fields(pairs)).ok())??;
    fill_in(&mut dto, header);
    dto.validate().is_ok().then_some(dto)
}

/// The same for any fields, one by one. It accepts what is accepted at once, and nothing more.
pub(crate) fn text_by_field<T: Fields>(
    pairs: &[(String, String)],
    spoiled: Vec<FieldError>,
    header: Option<UserId>,
) -> Result<T, Vec<FieldError>> {
    let fields: Vec<_> = fields(pairs).collect();
    collect(&fields, spoiled, header)
}

fn fields(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, Text<'_>)> {
    pairs
        .iter()
        .map(|(name, text)| (name.as_str(), Text(Some(text))))
}

/// One text, or none.
#[derive(Clone, Copy)]
struct Text<'a>(Option<&'a str>);

impl<'de> Raw<'de> for Text<'de> {
    type Error = Mismatch;
    const ABSENT: Self = Self(None);

    fn fault(self, error: &Mismatch) -> (&'static str, Cow<'static, str>) {
        wrong_type(error)
    }
}

/// A text that is not of its field's type, or a name that no field has.
#[derive(Debug)]
struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> IntoDeserializer<'de, Mismatch> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Text<'de> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_none(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Some(_) => visitor.visit_some(self),
            None => visitor.visit_none(),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0.and_then(WireInt::of_digits) {
            Some(WireInt(number)) => visitor.visit_i64(number),
            None => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
