//! What is nearly good: names and values that were, after a few changes.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Names and values as they are written: in JSON, or percent-encoded.
pub(super) type Pairs = Vec<(String, String)>;

/// One thing that is made different.
#[derive(Clone, Debug)]
enum Change {
    Value(Index, String),
    Name(Index, String),
    Add(Index, String, String),
    Drop(Index),
    /// Once more, with the same value or another.
    Repeat(Index, Option<String>),
    /// The same name, written in another way.
    Respell(Index),
    Swap(Index, Index),
    /// So many more that nobody knows, of the last one's value.
    Flood(usize),
}

impl Change {
    fn make(self, pairs: &mut Pairs, respell: fn(&str) -> String) {
        let at = |index: Index| index.index(pairs.len().max(1));
        if pairs.is_empty() && !matches!(self, Self::Add(..)) {
            return;
        }
        match self {
            Self::Value(index, value) => {
                let at = at(index);
                pairs[at].1 = value;
            }
            Self::Name(index, name) => {
                let at = at(index);
                pairs[at].0 = name;
            }
            Self::Add(index, name, value) => {
                pairs.insert(index.index(pairs.len() + 1), (name, value));
            }
            Self::Drop(index) => drop(pairs.remove(at(index))),
            Self::Repeat(index, other) => {
                let (name, value) = pairs[at(index)].clone();
                pairs.push((name, other.unwrap_or(value)));
            }
            Self::Respell(index) => {
                let at = at(index);
                pairs[at].0 = respell(&pairs[at].0);
            }
            Self::Swap(one, other) => {
                let (one, other) = (at(one), at(other));
                pairs.swap(one, other);
            }
            Self::Flood(count) => {
                let (name, value) = pairs[pairs.len() - 1].clone();
                // Within the quotes of a name in JSON, if it has any.
                let end = name.len() - usize::from(name.ends_with('"'));
                let (start, end) = name.split_at(end);
                pairs.extend((0..count).map(|at| (format!("{start}{at}{end}"), value.clone())));
            }
        }
    }
}

/// One of the `good` after at most three changes; `names` are those that mean something somewhere.
pub(super) fn near(
    good: Vec<Pairs>,
    names: Vec<String>,
    values: BoxedStrategy<String>,
    respell: fn(&str) -> String,
) -> impl Strategy<Value = Pairs> {
    let index = any::<Index>;
    let name = select(names);
    let change = prop_oneof![
        6 => (index(), values.clone()).prop_map(|(at, value)| Change::Value(at, value)),
        1 => (index(), name.clone()).prop_map(|(at, name)| Change::Name(at, name)),
        3 => (index(), name, values.clone())
            .prop_map(|(at, name, value)| Change::Add(at, name, value)),
        2 => index().prop_map(Change::Drop),
        1 => (index(), prop::option::of(values))
            .prop_map(|(at, other)| Change::Repeat(at, other)),
        1 => index().prop_map(Change::Respell),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => select(&[1, 98, 99, 100, 101, 150][..]).prop_map(Change::Flood),
    ];
    let changes = prop::collection::vec(change, 0..=3);
    (select(good), changes).prop_map(move |(mut pairs, changes)| {
        for change in changes {
            change.make(&mut pairs, respell);
        }
        pairs
    })
}
