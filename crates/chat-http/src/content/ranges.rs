//! `Range`: which bytes of how many are asked for (RFC 9110, 14).

use std::ops::Range;

use actix_web::http::header::HeaderValue;

/// The most ranges of one request. More are no reader's who skips through a file.
const MOST_RANGES: usize = 16;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything, as without the header.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// These, two ranges or more, in this order; there are bytes between each of them and any other.
    Parts(Vec<Range<u64>>),
    /// Only bytes that are not there.
    Nothing,
}

/// What the values of the header ask for, of a content of `size` bytes. A header that is wrong, or that
/// asks for more than a reader would, is taken for none: the whole is always a right answer.
pub(super) fn wanted<'a>(mut values: impl Iterator<Item = &'a HeaderValue>, size: u64) -> Wanted {
    let (Some(value), None) = (values.next(), values.next()) else {
        return Wanted::Whole;
    };
    let Some(specs) = value.to_str().ok().and_then(specs) else {
        return Wanted::Whole;
    };
    let asked: Vec<_> = specs.iter().filter_map(|spec| spec.within(size)).collect();
    if asked.is_empty() {
        // The last bytes of nothing are there: all none of them.
        let of_nothing = |spec: &Spec| size == 0 && matches!(spec, Spec::Last(1..));
        return if specs.iter().any(of_nothing) {
            Wanted::Whole
        } else {
            Wanted::Nothing
        };
    }
    let lengths = asked.iter().map(|range| range.end - range.start);
    if lengths.fold(0, u64::saturating_add) > size {
        return Wanted::Whole;
    }
    let mut apart = coalesced(asked);
    match apart.pop() {
        Some(only) if apart.is_empty() => Wanted::Part(only),
        Some(last) => {
            apart.push(last);
            Wanted::Parts(apart)
        }
        None => Wanted::Whole,
    }
}

/// The value of `Content-Range` for this range of `size` bytes.
pub(super) fn content_range(range: &Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}

/// One range as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    /// From this byte to the end.
    From(u64),
    /// From this byte to that, which is asked for too.
    Between(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Spec {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('-')? {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The bytes that are there.
    fn within(&self, size: u64) -> Option<Range<u64>> {
        let range = match *self {
            Self::From(first) => first..size,
            Self::Between(first, last) => first..last.saturating_add(1).min(size),
            Self::Last(length) => size.saturating_sub(length)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// The ranges of a value, if it is a list of up to 16 of them, in bytes.
fn specs(value: &str) -> Option<Vec<Spec>> {
    let (unit, list) = value.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut specs = Vec::new();
    for one in list.split(',') {
        let one = one.trim_matches([' ', '\t']);
        // A list may have empty elements.
        if one.is_empty() {
            continue;
        }
        if specs.len() == MOST_RANGES {
            return None;
        }
        specs.push(Spec::parse(one)?);
    }
    (!specs.is_empty()).then_some(specs)
}

/// A number of digits alone. One that is too large is as good as the largest: no content has that many
/// bytes.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The same bytes in ranges that neither overlap nor touch, each where the first of its bytes was asked
/// for.
fn coalesced(asked: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut apart: Vec<Range<u64>> = Vec::new();
    for mut range in asked {
        let mut place = None;
        let mut at = 0;
        apart.retain(|kept| {
            let touches = kept.start <= range.end && range.start <= kept.end;
            if touches {
                range = kept.start.min(range.start)..kept.end.max(range.end);
                place = place.or(Some(at));
            } else {
                at += 1;
            }
            !touches
        });
        apart.insert(place.unwrap_or(apart.len()), range);
    }
    apart
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn of(values: &[&str], size: u64) -> Wanted {
        let values: Vec<_> = values
            .iter()
            .map(|value| HeaderValue::from_str(value).unwrap())
            .collect();
        wanted(values.iter(), size)
    }

    #[rstest]
    #[case::first("bytes=0-0", 0..1)]
    #[case::some("bytes=2-5", 2..6)]
    #[case::to_the_end("bytes=4-", 4..10)]
    #[case::all("bytes=0-", 0..10)]
    #[case::last("bytes=-3", 7..10)]
    #[case::more_than_all("bytes=-30", 0..10)]
    #[case::past_the_end("bytes=8-99", 8..10)]
    #[case::unit_in_capitals("Bytes=2-5", 2..6)]
    #[case::zeros("bytes=0002-005", 2..6)]
    #[case::beyond_all_numbers("bytes=2-99999999999999999999999", 2..10)]
    #[case::last_beyond_all_numbers("bytes=-99999999999999999999999", 0..10)]
    #[case::spaces_and_empty_elements("bytes= ,\t2-5 ,, ", 2..6)]
    #[case::one_is_there("bytes=2-5,20-30", 2..6)]
    #[case::overlapping("bytes=2-5,4-7", 2..8)]
    #[case::adjacent("bytes=2-3,4-7", 2..8)]
    #[case::bridged("bytes=0-1,4-5,2-3", 0..6)]
    fn one_range(#[case] value: &str, #[case] range: Range<u64>) {
        assert_eq!(of(&[value], 10), Wanted::Part(range));
    }

    #[rstest]
    #[case::in_order("bytes=0-1,4-5", &[0..2, 4..6])]
    #[case::as_asked("bytes=8-9,0-1,4-5", &[8..10, 0..2, 4..6])]
    #[case::from_the_end("bytes=0-0,-1", &[0..1, 9..10])]
    #[case::some_are_there("bytes=0-0,99-,5-5", &[0..1, 5..6])]
    #[case::merged_at_the_first("bytes=8-8,0-1,4-4,2-3", &[8..9, 0..5])]
    fn ranges_apart(#[case] value: &str, #[case] ranges: &[Range<u64>]) {
        assert_eq!(of(&[value], 10), Wanted::Parts(ranges.to_vec()));
    }

    #[rstest]
    #[case::none(&[])]
    #[case::two_headers(&["bytes=0-1", "bytes=4-5"])]
    #[case::other_unit(&["pages=0-1"])]
    #[case::no_unit(&["0-1"])]
    #[case::empty(&["bytes="])]
    #[case::only_commas(&["bytes=,,"])]
    #[case::no_number(&["bytes=-"])]
    #[case::one_number(&["bytes=5"])]
    #[case::letters(&["bytes=a-b"])]
    #[case::sign(&["bytes=+1-2"])]
    #[case::negative(&["bytes=--1"])]
    #[case::three_numbers(&["bytes=1-2-3"])]
    #[case::backwards(&["bytes=5-2"])]
    #[case::one_is_wrong(&["bytes=0-1,x"])]
    #[case::inner_space(&["bytes=0 -1"])]
    #[case::other_letters(&["bytes=٠-١"])]
    #[case::the_same_again(&["bytes=0-,0-"])]
    #[case::more_than_there_is(&["bytes=0-5,3-9"])]
    fn what_is_wrong_or_too_much_is_ignored(#[case] values: &[&str]) {
        assert_eq!(of(values, 10), Wanted::Whole);
    }

    #[test]
    fn sixteen_ranges_are_given() {
        let list = |n: u64| {
            let ranges: Vec<_> = (0..n).map(|i| format!("{0}-{0}", i * 2)).collect();
            format!("bytes={}", ranges.join(","))
        };
        let Wanted::Parts(parts) = of(&[&list(16)], 100) else {
            panic!("not parts");
        };
        assert_eq!(parts.len(), 16);
        assert_eq!(of(&[&list(17)], 100), Wanted::Whole);
    }

    #[rstest]
    #[case::from_the_end_on("bytes=10-", 10)]
    #[case::beyond("bytes=10-20,30-", 10)]
    #[case::beyond_all_numbers("bytes=99999999999999999999999-", 10)]
    #[case::none_at_the_end("bytes=-0", 10)]
    #[case::of_nothing("bytes=0-", 0)]
    #[case::none_of_nothing("bytes=-0", 0)]
    fn what_is_not_there(#[case] value: &str, #[case] size: u64) {
        assert_eq!(of(&[value], size), Wanted::Nothing);
    }

    #[test]
    fn the_last_of_nothing_is_nothing() {
        assert_eq!(of(&["bytes=-5"], 0), Wanted::Whole);
    }

    #[test]
    fn the_largest_content_has_an_end() {
        assert_eq!(
            of(&["bytes=-1"], u64::MAX),
            Wanted::Part(u64::MAX - 1..u64::MAX)
        );
        let value = format!("bytes=0-{}", u64::MAX);
        assert_eq!(of(&[&value], u64::MAX), Wanted::Part(0..u64::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_value_is_too_much(value in "(bytes=)?[0-9, -]{0,60}|[ -~]{0,40}", size in any::<u64>()) {
            match of(&[&value], size) {
                Wanted::Part(range) => prop_assert!(range.start < range.end && range.end <= size),
                Wanted::Parts(ranges) => prop_assert!(ranges.len() > 1),
                Wanted::Whole | Wanted::Nothing => {}
            }
        }

        #[test]
        fn what_is_given_is_what_was_asked_for(asked in prop::collection::vec((0_u64..60, 0_u64..6), 1..16)) {
            let size = 50;
            let list: Vec<_> = asked.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
            let given = match of(&[&format!("bytes={}", list.join(","))], size) {
                Wanted::Whole => return Ok(()),
                Wanted::Nothing => Vec::new(),
                Wanted::Part(range) => vec![range],
                Wanted::Parts(ranges) => ranges,
            };
            for byte in 0..60 {
                let was = byte < size && asked.iter().any(|(first, more)| (*first..=first + more).contains(&byte));
                // Once, or not at all.
                let times = given.iter().filter(|range| range.contains(&byte)).count();
                prop_assert_eq!(times, usize::from(was), "{}", byte);
            }
            for (at, range) in given.iter().enumerate() {
                let touching = given.iter().skip(at + 1).any(|other| other.end == range.start || other.start == range.end);
                prop_assert!(!touching);
            }
        }
    }
}
