//! Integers on the wire.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

/// An integer as a client wrote it. One beyond 64 bits becomes the nearest that fits: every rule
/// of the domain ends far below, so it is refused as out of range like its neighbours, and not as
/// something that is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WireInt(pub(crate) i64);

/// Floats from here on have no fraction: whoever wrote one meant an integer too great for JSON.
const FLOATS_ARE_INTEGERS: f64 = 9_007_199_254_740_992.0;

impl WireInt {
    /// The integer written as `text` in the way of JSON: digits without leading zeros, after a
    /// minus sign if it is negative.
    pub(crate) fn of_digits(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = match digits.as_bytes() {
            [b'0'] => digits.len() == text.len(),
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        let nearest = if text.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        };
        canonical.then(|| Self(text.parse().unwrap_or(nearest)))
    }
}

impl<'de> Deserialize<'de> for WireInt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = WireInt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_i64<E>(self, value: i64) -> Result<WireInt, E> {
        Ok(WireInt(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<WireInt, E> {
        Ok(WireInt(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<WireInt, E> {
        match value {
            _ if value >= FLOATS_ARE_INTEGERS => Ok(WireInt(i64::MAX)),
            _ if value <= -FLOATS_ARE_INTEGERS => Ok(WireInt(i64::MIN)),
            _ => Err(E::invalid_type(de::Unexpected::Float(value), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7", Some(7))]
    #[case("-7", Some(-7))]
    #[case("0", Some(0))]
    #[case("9223372036854775808", Some(i64::MAX))]
    #[case("18446744073709551616", Some(i64::MAX))]
    #[case("-9223372036854775809", Some(i64::MIN))]
    #[case("1e30", Some(i64::MAX))]
    #[case("-1e30", Some(i64::MIN))]
    #[case("1.0", None)]
    #[case("1.5", None)]
    #[case("-0.0", None)]
    #[case("\"7\"", None)]
    #[case("true", None)]
    #[case("null", None)]
    #[case("[7]", None)]
    fn from_json(#[case] json: &str, #[case] value: Option<i64>) {
        let read = serde_json::from_str::<WireInt>(json).ok();
        assert_eq!(read.map(|WireInt(n)| n), value);
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case("-7", Some(-7))]
    #[case("0", Some(0))]
    #[case("99999999999999999999999999999999", Some(i64::MAX))]
    #[case("-99999999999999999999999999999999", Some(i64::MIN))]
    #[case("", None)]
    #[case("-", None)]
    #[case("+7", None)]
    #[case("07", None)]
    #[case("-0", None)]
    #[case("--7", None)]
    #[case(" 7", None)]
    #[case("7.0", None)]
    #[case("1e3", None)]
    #[case("0x7", None)]
    #[case("٧", None)]
    fn from_text(#[case] text: &str, #[case] value: Option<i64>) {
        assert_eq!(WireInt::of_digits(text).map(|WireInt(n)| n), value);
    }
}
