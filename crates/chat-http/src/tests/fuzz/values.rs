//! Values that are odd: numbers on every edge, texts of every kind, in JSON and as they are.

use proptest::prelude::*;
use proptest::sample::select;

/// Numbers, as JSON or near it.
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "0", "1", "2", "3", "7", "50", "200", "201", "10000", "10001", "-0", "-1", "1.0", "1e0", "1E+0", "10e-1",
    "0e400", "0.0", "-0.0", "1.5", "9007199254740990.5", "9007199254740991", "9007199254740991.0",
    "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e15",
    "1e16", "1e308", "1e309", "-1e400", "1e-400", "01", "00", "+1", "--1", "1_000", "1.", ".5", "0x7", "1e",
    "NaN", "Infinity", "٧", "７", "²",
];

/// Values of JSON that are no numbers, or near it.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "null", "true", "false", "Null", "nul", "[]", "{}", "[1]", "[null]", "{\"id\":1}", "{\"text\":null}",
    "{\"a\":1,\"a\":2}", "{\"a\":{\"\\ud800\":1}}", "\"\"", "\" \"", "\"\\u0000\"", "\"a\\u0000b\"",
    "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"", "\"\\uD83D\"", "\"\\x41\"", "\"\\u00\"",
    "\"a\nb\"", "\"\u{7f}\u{85}\u{feff}\"", "\"text\"", "\"image\"", "\"file\"", "\"Text\"", "\"member\"",
    "\"admin\"", "\"owner\"", "\"hi\"", "\"a@b.cd\"", "\"https://example.org\"", "\"HTTP://[::1]:1/\\u00e9\"",
    "\"image/png\"", "'a'", "",
];

/// Letters that are hard on somebody.
#[rustfmt::skip]
const HARD: &[&str] = &[
    "\0", "\n", "\t", "\u{7f}", "\u{85}", "\u{a0}", "\u{3000}", "\u{202e}", "\u{feff}", "\u{fffd}", "\u{301}",
    "\u{10ffff}", "é", "ß", "İ", "ﬁ", "👩‍💻", "\"", "\\", "/", "%", "%00", "&", "=", "+", "#", "?", "@", ".",
    ":", "<", ">", " ", "a", "1",
];

/// Lengths on both sides of every limit there is.
const LENGTHS: &[usize] = &[
    1, 63, 64, 65, 100, 101, 127, 128, 254, 255, 256, 2_048, 2_049, 8_192, 8_193, 16_384, 16_385,
];

/// A number, as JSON or near it.
pub(super) fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(NUMBERS).prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => "-?[0-9]{1,40}",
        1 => "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
    ]
}

/// Any text, often of hard letters or of a length that matters.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::collection::vec(select(HARD), 0..12).prop_map(|parts| parts.concat()),
        2 => any::<String>(),
        1 => (select(&["a", "é", "👩", " ", "\0"][..]), select(LENGTHS))
            .prop_map(|(letter, length)| letter.repeat(length)),
        1 => (select(LENGTHS), select(LENGTHS))
            .prop_map(|(user, domain)| format!("{}@{}.org", "u".repeat(user), "d".repeat(domain))),
        1 => "https?://[a-z0-9.:@/%\\[\\]]{1,30}",
        1 => "[a-zA-Z0-9!#$&^_.+-]{1,12}/[a-zA-Z0-9!#$&^_.+-]{1,12}",
    ]
}

/// A value as JSON or near it.
pub(super) fn json() -> impl Strategy<Value = String> {
    let literal = |text: String| serde_json::to_string(&text).unwrap();
    prop_oneof![
        4 => number(),
        4 => select(OTHERS).prop_map(str::to_owned),
        4 => text().prop_map(literal),
        1 => "\"(\\\\u[0-9a-fdD]{4}|\\\\[nrtbf/\"u]|[a-z ])*\"",
        1 => (select(&[("[", "]"), ("{\"a\":", "}")][..]), select(&[1, 127, 128, 129, 3_000][..]))
            .prop_map(|((open, close), depth)| {
                format!("{}1{}", open.repeat(depth), close.repeat(depth))
            }),
    ]
}

/// Bytes that are shown as Rust writes them.
#[derive(Clone)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Any bytes.
pub(super) fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..64).prop_map(Bytes)
}
