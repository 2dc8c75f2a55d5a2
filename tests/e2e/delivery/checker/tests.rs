//! The checker itself: what is right passes, and each way of being wrong is told.

use serde_json::{Value, json};

use super::*;

/// Users 1 and 2 in a group, which 2 leaves and comes back to; then a direct message of 1 and 3.
fn story() -> Vec<Value> {
    let entry = |kind: &str, conversation: i64, data: Value| (kind.to_owned(), conversation, data);
    let member = |user: i64| json!({"user_id": user});
    let words = json!({"id": 1, "sender_id": 1, "group_id": 1});
    let direct = json!({"id": 2, "sender_id": 1, "receiver_id": 3});
    let entries = vec![
        entry("group.created", 1, json!({"id": 1})),
        entry("member.added", 1, member(1)),
        entry("member.added", 1, member(2)),
        entry("message.created", 1, words.clone()),
        entry("member.removed", 1, member(2)),
        entry("message.created", 1, words.clone()),
        entry("member.added", 1, member(2)),
        entry("message.deleted", 1, words),
        entry("message.created", 2, direct),
        entry("message.seen", 2, json!({"message_id": 2, "user_id": 3})),
        entry("group.deleted", 1, json!({"id": 1})),
    ];
    let mut events: Vec<Value> = entries
        .into_iter()
        .zip(1..)
        .map(|((kind, conversation, data), place)| {
            json!({
                "cursor": format!("c{place}"), "kind": kind, "conversation_id": conversation,
                "data": data,
            })
        })
        .collect();
    events.push(json!({"cursor": "c12", "kind": "user.updated", "data": {"id": 3}}));
    events
}

fn truth() -> Truth {
    Truth::of("c0", &story())
}

fn record(user: Option<i64>, from: &str, places: &[usize]) -> Record {
    let truth = truth();
    let told = places.iter().map(|place| {
        let entry = &truth.entries[place - 1];
        (entry.cursor.clone(), entry.kind.clone())
    });
    Record {
        name: "it".to_owned(),
        user,
        from: from.to_owned(),
        ended: true,
        told: told.collect(),
    }
}

fn lines(user: Option<i64>, from: &str, places: &[usize]) -> Vec<String> {
    let findings = check(&truth(), &record(user, from, places));
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn who_was_told_what_it_may_see_is_right() {
    let all: Vec<usize> = (1..=12).collect();
    assert!(lines(None, "c0", &all).is_empty());
    assert!(lines(Some(1), "c0", &all).is_empty());
    assert!(lines(Some(2), "c0", &[3, 4, 5, 7, 8, 11]).is_empty());
    assert!(lines(Some(3), "c0", &[9, 10, 12]).is_empty());
    assert!(lines(Some(4), "c0", &[]).is_empty());
    assert!(lines(Some(2), "c7", &[8, 11]).is_empty());
}

#[test]
fn what_is_missing_is_told() {
    assert_eq!(
        lines(Some(2), "c0", &[3, 5, 7, 8, 11]),
        ["it: the message.created at 4 is missing"]
    );
    assert_eq!(
        lines(None, "c10", &[11]),
        ["it: the user.updated at 12 is missing"]
    );
}

#[test]
fn what_comes_twice_is_told() {
    assert_eq!(
        lines(Some(3), "c0", &[9, 9, 10, 12]),
        ["it: the message.created at 9 came twice"]
    );
    assert_eq!(
        lines(Some(3), "c0", &[9, 10, 12, 9]),
        ["it: the message.created at 9 came twice"]
    );
}

#[test]
fn what_is_out_of_order_is_told() {
    assert_eq!(lines(Some(3), "c0", &[10, 9, 12]), ["it: 9 came after 10"]);
    // What was before it began is as much out of order.
    assert_eq!(lines(None, "c10", &[11, 12, 3]), ["it: 3 came after 12"]);
}

#[test]
fn what_must_not_be_seen_is_told() {
    assert_eq!(
        lines(Some(2), "c0", &[3, 4, 5, 6, 7, 8, 11]),
        ["it: the message.created at 6 is not for its eyes"]
    );
    assert_eq!(
        lines(Some(4), "c0", &[12]),
        ["it: the user.updated at 12 is not for its eyes"]
    );
}

#[test]
fn what_is_not_in_the_log_is_told() {
    let mut made_up = record(Some(4), "c0", &[]);
    made_up
        .told
        .push(("c99".to_owned(), "message.created".to_owned()));
    let findings = check(&truth(), &made_up);
    assert_eq!(
        findings[0].to_string(),
        "it: the log has no message.created at c99"
    );
    let mut other = record(Some(3), "c8", &[9, 10, 12]);
    other.told[0].1 = "message.deleted".to_owned();
    let findings = check(&truth(), &other);
    assert_eq!(
        summary(&findings),
        "missing 1, doubled 0, disordered 0, not for the reader 0, unknown 1"
    );
}
