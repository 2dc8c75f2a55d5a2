//! Times in claims: NumericDates, which are seconds, also fractions of them.

use std::time::Duration;

use chat_domain::Timestamp;
use serde_json::Value;

/// How far the clocks of whoever signs and of whoever verifies may be apart.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);

/// The time that this value says; none if it is no number. What is beyond the times that there are is
/// the first or the last of them.
pub(crate) fn parse(value: &Value) -> Option<Timestamp> {
    let micros = match value.as_i64() {
        Some(seconds) => seconds.saturating_mul(1_000_000),
        // A cast of a float stops at the ends.
        None => (value.as_f64()? * 1e6) as i64,
    };
    Some(Timestamp::from_micros(micros))
}

/// RFC 7519 4.1.4: a token is not accepted on or after this time; but for the leeway.
pub(crate) fn is_over(expires: Timestamp, now: Timestamp) -> bool {
    now >= end_of(expires)
}

/// From when on a token that expires then is not accepted.
pub(crate) fn end_of(expires: Timestamp) -> Timestamp {
    expires.later_by(LEEWAY)
}

/// RFC 7519 4.1.5: nor before this one; but for the leeway.
pub(crate) fn is_to_come(begins: Timestamp, now: Timestamp) -> bool {
    now.later_by(LEEWAY) < begins
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0", 0)]
    #[case("1700000000", 1_700_000_000_000_000)]
    #[case("1700000000.25", 1_700_000_000_250_000)]
    #[case("1.7e9", 1_700_000_000_000_000)]
    #[case("-1", -1_000_000)]
    #[case("-0.5", -500_000)]
    #[case("9223372036854", 9_223_372_036_854_000_000)]
    #[case("9223372036855", i64::MAX)]
    #[case("9223372036854775807", i64::MAX)]
    #[case("9223372036854775808", i64::MAX)]
    #[case("18446744073709551615", i64::MAX)]
    #[case("18446744073709551616", i64::MAX)]
    #[case("1e308", i64::MAX)]
    #[case("-9223372036854775808", i64::MIN)]
    #[case("-1e308", i64::MIN)]
    fn numbers_are_times(#[case] json: &str, #[case] micros: i64) {
        let value = serde_json::from_str(json).unwrap();
        assert_eq!(parse(&value), Some(Timestamp::from_micros(micros)));
    }

    #[rstest]
    #[case("null")]
    #[case("true")]
    #[case("\"1700000000\"")]
    #[case("[1700000000]")]
    #[case("{}")]
    fn nothing_else_is(#[case] json: &str) {
        assert_eq!(parse(&serde_json::from_str(json).unwrap()), None);
    }

    #[rstest]
    #[case(-31, false)]
    #[case(0, false)]
    #[case(29, false)]
    #[case(30, true)]
    #[case(31, true)]
    fn it_is_over_30_seconds_later(#[case] seconds: i64, #[case] over: bool) {
        let second = |n: i64| Timestamp::from_micros(n * 1_000_000);
        assert_eq!(is_over(second(100), second(100 + seconds)), over);
    }

    #[rstest]
    #[case(31, true)]
    #[case(30, false)]
    #[case(29, false)]
    #[case(0, false)]
    #[case(-31, false)]
    fn it_begins_30_seconds_earlier(#[case] seconds: i64, #[case] to_come: bool) {
        let second = |n: i64| Timestamp::from_micros(n * 1_000_000);
        assert_eq!(is_to_come(second(100), second(100 - seconds)), to_come);
    }

    #[test]
    fn the_ends_of_time_are_times() {
        let (first, last) = (
            Timestamp::from_micros(i64::MIN),
            Timestamp::from_micros(i64::MAX),
        );
        assert!(is_over(first, last) && !is_over(last, first));
        assert!(is_to_come(last, first) && !is_to_come(first, last));
    }
}
