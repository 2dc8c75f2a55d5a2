//! Times on the wire: RFC 3339 in UTC with milliseconds.

use std::borrow::Cow;

use chat_domain::Timestamp;
use jiff::tz::Offset;
use serde::{Serialize, Serializer, ser};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A time as answers carry it: `2026-11-22T10:21:00.123Z`. What is finer than a millisecond is
/// cut off, so that no answer names a time that is still to come.
#[derive(Clone, Copy)]
pub(crate) struct WireTime(pub(crate) Timestamp);

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = self.0.as_micros().div_euclid(1_000);
        let time = jiff::Timestamp::from_millisecond(millis).map_err(ser::Error::custom)?;
        match digits(time).as_ref().map(|text| str::from_utf8(text)) {
            Some(Ok(text)) => serializer.serialize_str(text),
            _ => serializer.collect_str(&format_args!("{time:.3}")),
        }
    }
}

/// The time as text; none before the year 0, for such years have another form. A page has a hundred
/// times, and jiff's own way, which knows of every form, costs more.
fn digits(time: jiff::Timestamp) -> Option<[u8; 24]> {
    let time = Offset::UTC.to_datetime(time);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (at, width, number) in [
        (0, 4, time.year()),
        (5, 2, time.month().into()),
        (8, 2, time.day().into()),
        (11, 2, time.hour().into()),
        (14, 2, time.minute().into()),
        (17, 2, time.second().into()),
        (20, 3, time.millisecond()),
    ] {
        let mut number = u16::try_from(number).ok()?;
        for digit in text[at..at + width].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    Some(text)
}

impl PartialSchema for WireTime {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339 in UTC with milliseconds."))
            .examples(["2026-11-22T10:21:00.123Z"])
            .into()
    }
}

impl ToSchema for WireTime {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::epoch(0, "1970-01-01T00:00:00.000Z")]
    #[case::cut_not_rounded(1_795_342_860_123_999, "2026-11-22T10:21:00.123Z")]
    #[case::whole_second(1_795_342_860_000_000, "2026-11-22T10:21:00.000Z")]
    #[case::before_the_epoch(-1, "1969-12-31T23:59:59.999Z")]
    #[case::the_last_second(253_402_207_199_999_999, "9999-12-30T21:59:59.999Z")]
    #[case::the_year_0(-62_167_219_200_000_000, "0000-01-01T00:00:00.000Z")]
    #[case::before_it(-62_167_219_200_000_001, "-000001-12-31T23:59:59.999Z")]
    fn times_have_milliseconds(#[case] micros: i64, #[case] text: &str) {
        let time = WireTime(Timestamp::from_micros(micros));
        assert_eq!(serde_json::to_value(time).unwrap(), text);
    }

    /// Steps that are no multiple of anything, over some ten thousand years.
    #[test]
    fn times_are_written_as_jiff_writes_them() {
        for step in -60_000..250_000 {
            let millis = step * 1_013_000_007;
            let time = jiff::Timestamp::from_millisecond(millis).unwrap();
            let text = serde_json::to_value(WireTime(Timestamp::from_micros(millis * 1_000)));
            assert_eq!(text.unwrap(), format!("{time:.3}"));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_an_error() {
        let time = WireTime(Timestamp::from_micros(i64::MAX));
        assert!(serde_json::to_value(time).is_err());
    }
}
