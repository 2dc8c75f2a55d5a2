//! Every route that takes a body, its fields, and what each must not be.

use serde_json::{Value, json};

/// A route that takes a body, and a body that it accepts.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) good: Value,
    /// Its fields, what each is, and whether it must be there.
    pub(super) fields: &'static [(&'static str, Kind, Needed)],
}

/// What a field is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A name of at most so many characters.
    Name(usize),
    /// Text with rules of its own; here only a text that is too long, if there is one.
    Text(usize),
    /// A text out of a list.
    Choice,
    Id,
    Size,
    Switch,
}

/// Whether a field must be there.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Needed {
    Always,
    /// May be left out, and is not to be `null`.
    Kept,
    /// Optional, or needed only together with others.
    No,
}

use Kind::{Choice, Id, Name, Size, Switch, Text};
use Needed::{Always, Kept, No};

/// All of them.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route {
            method: "POST",
            path: "/users",
            good: json!({"username": "cyd", "email": "cyd@example.org"}),
            fields: &[
                ("username", Name(64), Always),
                ("email", Text(255), Always),
                ("display_name", Name(100), No),
                ("external_id", Text(256), No),
            ],
        },
        Route {
            method: "POST",
            path: "/groups",
            good: json!({"name": "group", "owner_id": 1}),
            fields: &[("name", Name(100), Always), ("owner_id", Id, No)],
        },
        Route {
            method: "PATCH",
            path: "/groups/1",
            good: json!({"name": "crew"}),
            fields: &[("name", Name(100), Kept)],
        },
        Route {
            method: "POST",
            path: "/groups/1/members",
            good: json!({"user_id": 2, "role": "member"}),
            fields: &[("user_id", Id, Always), ("role", Choice, No)],
        },
        Route {
            method: "POST",
            path: "/messages",
            good: json!({"sender_id": 1, "receiver_id": 2, "type": "text", "content": "hi"}),
            fields: &[
                ("sender_id", Id, Always),
                ("receiver_id", Id, Always),
                ("type", Choice, Always),
                ("content", Text(16_385), Always),
            ],
        },
        Route {
            method: "POST",
            path: "/messages",
            good: json!({"sender_id": 1, "group_id": 1, "type": "file", "file_id": 1}),
            fields: &[("file_id", Id, Always), ("group_id", Id, Always)],
        },
        Route {
            method: "POST",
            path: "/messages/1/seen",
            good: json!({"user_id": 2, "up_to": false}),
            fields: &[("user_id", Id, Always), ("up_to", Switch, No)],
        },
        Route {
            method: "POST",
            path: "/files",
            good: json!({"url": "https://example.org", "name": "a", "size": 1, "type": "image/png"}),
            fields: &[
                ("url", Text(2_049), Always),
                ("name", Text(256), No),
                ("size", Size, No),
                ("type", Text(128), No),
            ],
        },
    ]
}

/// Values that can't be right for a field of this kind, with the code that says why.
pub(super) fn wrong(kind: Kind) -> Vec<(Value, &'static str)> {
    let raw = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let numbers = || {
        vec![
            (json!("1"), "type"),
            (json!(1.5), "type"),
            (raw("1.0"), "type"),
            (json!(true), "type"),
            (json!([1]), "type"),
            (json!({"id": 1}), "type"),
            (json!(-1), "range"),
            (json!(9_007_199_254_740_992_i64), "range"),
            (json!(i64::MIN), "range"),
            (json!(u64::MAX), "range"),
            (raw("1e30"), "range"),
            (raw("-1e30"), "range"),
        ]
    };
    let texts = || {
        vec![
            (json!(5), "type"),
            (json!(true), "type"),
            (json!(["a"]), "type"),
            (json!({"a": null}), "type"),
        ]
    };
    match kind {
        Id => [numbers(), vec![(json!(0), "range")]].concat(),
        Size => numbers(),
        Switch => vec![
            (json!("true"), "type"),
            (json!(1), "type"),
            (json!([]), "type"),
        ],
        Choice => [
            texts(),
            vec![
                (json!(""), "format"),
                (json!("other"), "format"),
                (json!("Member"), "format"),
                (json!({"text": null}), "type"),
                (json!({"member": null}), "type"),
            ],
        ]
        .concat(),
        Text(long) => [
            texts(),
            vec![(json!("a".repeat(long)), "length"), (json!(""), "length")],
        ]
        .concat(),
        Name(most) => [
            texts(),
            vec![
                (json!(""), "length"),
                (json!("é".repeat(most + 1)), "length"),
                (json!("a\u{0}b"), "format"),
                (json!("a\nb"), "format"),
                (json!("a\u{85}b"), "format"),
                (json!(" a"), "format"),
                (json!("a\u{3000}"), "format"),
            ],
        ]
        .concat(),
    }
}
