//! Bodies that are nearly good JSON.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::list::shapes;
use super::near::{Pairs, near};
use super::shapes::{Place, Shape};
use super::values::{self, Bytes};

/// White space between the tokens, of JSON and of others.
const BLANKS: &[&str] = &[
    "", "", "", "", " ", "\n", "\r\n\t", "\u{a0}", "\u{b}", "\u{feff}", "//", ",", "\0",
];

/// What can happen to the bytes as a whole.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Cut(Index),
    Insert(Index, u8),
    Replace(Index, u8),
    Around(&'static str, &'static str),
    Twice,
}

impl Damage {
    fn make(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => {}
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Insert(at, byte) => bytes.insert(at.index(bytes.len() + 1), byte),
            Self::Replace(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            Self::Around(before, after) => {
                bytes = [before.as_bytes(), &bytes, after.as_bytes()].concat();
            }
            Self::Twice => bytes = bytes.repeat(2),
        }
        bytes
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    let around = &[
        ("[", "]"),
        ("{\"a\":", "}"),
        ("", "x"),
        ("", "\0"),
        ("\u{feff}", ""),
        ("\"", "\""),
        (" \n", "\t\r"),
    ][..];
    prop_oneof![
        12 => Just(Damage::None),
        1 => index().prop_map(Damage::Cut),
        1 => (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        1 => (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        1 => select(around).prop_map(|(before, after)| Damage::Around(before, after)),
        1 => Just(Damage::Twice),
    ]
}

/// Bodies near those that the shape accepts.
pub(super) fn bodies(shape: &Shape) -> impl Strategy<Value = Bytes> + use<> {
    let good = shape.good.iter().map(|text| pairs(text)).collect();
    let mut names: Vec<String> = shapes()
        .iter()
        .filter(|shape| shape.place == Place::Body)
        .flat_map(Shape::names)
        .map(|name| literal(&name))
        .collect();
    names.extend(["\"\"", "\"Type\"", "\"\\ud800\"", "\"id\\u0000\"", "id"].map(str::to_owned));
    let blanks = prop::collection::vec(select(BLANKS), 1..4);
    let blanks = prop_oneof![3 => Just(vec![""]), 1 => blanks];
    let form = prop_oneof![20 => Just(write as Form), 1 => Just(array as Form)];
    let near = near(good, names, values::json().boxed(), respell);
    (near, form, blanks, damage()).prop_map(|(pairs, form, blanks, damage)| {
        Bytes(damage.make(form(&pairs, &blanks).into_bytes()))
    })
}

/// How fields are written.
type Form = fn(&Pairs, &[&str]) -> String;

/// The fields of an object, each as JSON.
fn pairs(text: &str) -> Pairs {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        panic!("no object: {text}");
    };
    let fields = fields.iter();
    fields
        .map(|(name, value)| (literal(name), value.to_string()))
        .collect()
}

fn literal(name: &str) -> String {
    Value::from(name).to_string()
}

/// The same name with its first letter escaped.
fn respell(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some('"'), Some(first)) if first.is_ascii_alphabetic() => {
            format!("\"\\u{:04x}{}", u32::from(first), letters.as_str())
        }
        _ => name.to_owned(),
    }
}

fn write(pairs: &Pairs, blanks: &[&str]) -> String {
    let mut tokens = vec!["{"];
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            tokens.push(",");
        }
        tokens.extend([name.as_str(), ":", value.as_str()]);
    }
    tokens.push("}");
    let blanks = blanks.iter().copied().cycle();
    blanks
        .zip(tokens)
        .flat_map(|(blank, token)| [blank, token])
        .collect()
}

/// The values alone, from last to first: names stand in the order of the alphabet, and most shapes have
/// their fields the other way round.
fn array(pairs: &Pairs, _: &[&str]) -> String {
    let values: Vec<_> = pairs
        .iter()
        .rev()
        .map(|(_, value)| value.as_str())
        .collect();
    format!("[{}]", values.join(","))
}
