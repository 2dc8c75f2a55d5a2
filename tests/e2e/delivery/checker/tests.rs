//! The checker itself: what is right passes, and each way of being wrong is told.

use serde_json::{Value, json};

use super::*;

/// Users 1 and 2 in a group, which 2 leaves and comes back to; then a direct message of 1 and 3.
fn story() -> Vec<Value> {
    let entry = |kind: &str, conversation: i64, data: Value| (kind.to_owned(), conversation, data);
    let member = |user: i64| json!({"user_id": user});
    let words = json!({"id": 1, "sender_id": 1, "group_id": 1, "content": "hi"});
    let direct = json!({"id": 2, "sender_id": 1, "receiver_id": 3, "content": "you"});
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
    let told = places
        .iter()
        .map(|place| Arc::new(truth.entries[place - 1].told.clone()));
    Record {
        name: "it".to_owned(),
        user,
        from: from.to_owned(),
        told: told.collect(),
        ended: true,
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
fn who_was_told_nothing_more_is_not_said_to_miss_it() {
    let unended = Record {
        ended: false,
        ..record(Some(2), "c0", &[3, 5])
    };
    let findings = check(&truth(), &unended);
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "it: nothing came after 5, which is not the end",
            "it: the message.created at 4 is missing",
        ]
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
fn who_meets_a_user_later_is_not_told_of_it() {
    let mut events = story();
    // Before there is anything between it and user 1, and after user 2 has left.
    let of_user = events.pop().expect("the last");
    events.insert(5, of_user);
    let truth = Truth::of("c0", &events);
    let found = |user: i64, places: &[usize]| {
        let told = places
            .iter()
            .map(|place| Arc::new(truth.entries[place - 1].told.clone()));
        let record = Record {
            told: told.collect(),
            ..record(Some(user), "c0", &[])
        };
        summary(&check(&truth, &record))
    };
    let nothing = summary(&[]);
    assert_eq!(found(1, &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]), nothing);
    assert!(found(1, &(1..=12).collect::<Vec<_>>()).contains("not for the reader 1"));
    assert!(found(2, &[3, 4, 5, 6, 8, 9, 12]).contains("not for the reader 1"));
}

#[test]
fn what_is_not_in_the_log_is_told() {
    let mut made_up = record(Some(4), "c0", &[]);
    let event = json!({"cursor": "c99", "kind": "message.created", "data": {"id": 9}});
    made_up.told.push(Arc::new(Told::of(&event)));
    let findings = check(&truth(), &made_up);
    assert_eq!(
        findings[0].to_string(),
        "it: the log has no message.created at c99"
    );
    let findings = check(
        &truth(),
        &changed(|told| told.kind = "message.deleted".to_owned()),
    );
    assert!(summary(&findings).starts_with("missing 1, doubled 0, disordered 0"));
    assert!(summary(&findings).contains("unknown 1"));
}

/// What user 3 is told from 8 on, the first of it changed.
fn changed(change: impl FnOnce(&mut Told)) -> Record {
    let mut record = record(Some(3), "c8", &[9, 10, 12]);
    change(Arc::make_mut(&mut record.told[0]));
    record
}

#[test]
fn an_event_that_is_about_something_else_is_told() {
    let mut other = story()[8].clone();
    other["data"]["id"] = json!(7);
    let other = changed(|told| *told = Told::of(&other));
    assert_eq!(
        check(&truth(), &other)[0].to_string(),
        "it: 9 is \"at null in 2 id 2 sender_id 1 receiver_id 3\", \
         told was \"at null in 2 id 7 sender_id 1 receiver_id 3\""
    );
}

#[test]
fn what_does_not_end_as_it_is_is_told() {
    let mut old = story()[8].clone();
    old["data"]["content"] = json!("me");
    let old = changed(|told| *told = Told::of(&old));
    assert_eq!(
        check(&truth(), &old)[0].to_string(),
        "it: message 2 is \"you\", told last, at 9, was \"me\""
    );
}

#[test]
fn what_changes_later_may_be_told_as_it_was_or_as_it_is() {
    let mut events = story();
    // With the group all of it would be gone, and how that was is told to nobody.
    events.remove(10);
    let mut before = events[3].clone();
    before["data"]["content"] = json!("an older text");
    let truth = Truth::of("c0", &events);
    let told = truth
        .entries
        .iter()
        .map(|entry| Arc::new(entry.told.clone()));
    let mut all = Record {
        told: told.collect(),
        ..record(None, "c0", &[])
    };
    all.told[3] = Arc::new(Told::of(&before));
    assert!(check(&truth, &all).is_empty());
}
