//! Times on the wire: RFC 3339 in UTC with milliseconds.

use std::borrow::Cow;

use chat_domain::Timestamp;
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
        serializer.collect_str(&format_args!("{time:.3}"))
    }
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
    fn times_have_milliseconds(#[case] micros: i64, #[case] text: &str) {
        let time = WireTime(Timestamp::from_micros(micros));
        assert_eq!(serde_json::to_value(time).unwrap(), text);
    }

    #[test]
    fn a_time_beyond_the_calendar_is_an_error() {
        let time = WireTime(Timestamp::from_micros(i64::MAX));
        assert!(serde_json::to_value(time).is_err());
    }
}
