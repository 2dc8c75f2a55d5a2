//! The checker on records made by hand: it says nothing of what is right, and finds each kind of wrong.

use super::*;

/// Two messages of one writer in one conversation, the first seen by 2.
fn good() -> (Records, Found) {
    let mut records = Records::default();
    let mut found = Found::default();
    for seq in [1, 2] {
        let content = format!("text {seq}");
        records.tried.insert(content.clone());
        let sent = Sent {
            id: seq,
            conversation: 1,
            seq,
            writer: 1,
            to: To::User(2),
            content,
        };
        found.rows.push(Row {
            id: sent.id,
            conversation: sent.conversation,
            seq,
            writer: sent.writer,
            to: sent.to,
            content: Some(sent.content.clone()),
        });
        records.sent.push(sent);
    }
    let mark = Marked {
        reader: 2,
        message: 1,
        up_to: true,
        seen_at: "then".to_owned(),
    };
    found.seen.insert((2, 1), mark.seen_at.clone());
    records.marked.push(mark);
    (records, found)
}

fn row(id: i64, seq: i64, content: &str) -> Row {
    Row {
        id,
        conversation: 1,
        seq,
        writer: 1,
        to: To::User(2),
        content: Some(content.to_owned()),
    }
}

#[test]
fn nothing_is_found_where_all_is_well() {
    let (mut records, mut found) = good();
    assert_eq!(check(&records, &found), []);
    // Tried and not acknowledged: it may be there once, or not.
    records.tried.insert("text 3".to_owned());
    assert_eq!(check(&records, &found), []);
    found.rows.push(row(3, 3, "text 3"));
    assert_eq!(check(&records, &found), []);
    // So may a deletion have been done.
    records.deletes_tried.insert(1);
    found.rows[0].content = None;
    assert_eq!(check(&records, &found), []);
}

#[test]
fn a_lost_message_is_found() {
    let (records, mut found) = good();
    found.rows.pop();
    assert_eq!(
        check(&records, &found),
        [Finding::Lost(records.sent[1].clone())]
    );
    // Another one in its place does not hide it.
    let (mut records, mut found) = good();
    records.tried.insert("text 3".to_owned());
    found.rows[1].content = Some("text 3".to_owned());
    assert_eq!(
        check(&records, &found),
        [Finding::Lost(records.sent[1].clone())]
    );
    // Nor does a tombstone that nobody asked for.
    found.rows[1].content = None;
    let ghost = Finding::Ghost(found.rows[1].clone());
    assert_eq!(
        check(&records, &found),
        [Finding::Lost(records.sent[1].clone()), ghost]
    );
}

#[test]
fn a_message_that_stands_elsewhere_is_lost() {
    let lost = |change: fn(&mut Sent)| {
        let (mut records, found) = good();
        change(&mut records.sent[1]);
        let lost = Finding::Lost(records.sent[1].clone());
        assert!(check(&records, &found).contains(&lost));
    };
    lost(|sent| sent.seq = 3);
    lost(|sent| sent.conversation = 2);
    lost(|sent| sent.writer = 3);
    lost(|sent| sent.to = To::Group(2));
}

#[test]
fn a_doubled_message_is_found() {
    let (records, mut found) = good();
    found.rows.push(row(3, 3, "text 2"));
    let doubled = Finding::Doubled("text 2".to_owned());
    assert_eq!(check(&records, &found), [doubled]);
}

#[test]
fn another_order_is_found() {
    let (mut records, found) = good();
    records.sent.reverse();
    let [later, earlier] = [records.sent[0].clone(), records.sent[1].clone()];
    assert_eq!(
        check(&records, &found),
        [Finding::OutOfOrder(later, earlier)]
    );
}

#[test]
fn a_gap_is_found() {
    let (mut records, mut found) = good();
    records.tried.insert("text 4".to_owned());
    found.rows.push(row(3, 4, "text 4"));
    let gap = |after| Finding::Gap {
        conversation: 1,
        after,
    };
    assert_eq!(check(&records, &found), [gap(2)]);
    found.rows[2].seq = 2;
    assert_eq!(check(&records, &found), [gap(2)], "a place taken twice");
}

#[test]
fn a_ghost_is_found() {
    let (records, mut found) = good();
    found.rows.push(row(3, 3, "text 3"));
    let ghost = Finding::Ghost(found.rows[2].clone());
    assert_eq!(check(&records, &found), [ghost]);
}

#[test]
fn a_deletion_that_was_not_kept_is_found() {
    let (mut records, found) = good();
    records.deletes_tried.insert(2);
    records.deleted.insert(2);
    assert_eq!(check(&records, &found), [Finding::NotDeleted(2)]);
}

#[test]
fn a_mark_that_was_not_kept_is_found() {
    let (records, mut found) = good();
    let unmarked = Finding::Unmarked(records.marked[0].clone());
    found.seen.insert((2, 1), "later".to_owned());
    assert_eq!(check(&records, &found), vec![unmarked.clone()]);
    found.seen.clear();
    let left_out = Finding::LeftOut {
        mark: records.marked[0].clone(),
        message: 1,
    };
    assert_eq!(check(&records, &found), [unmarked, left_out]);
}

#[test]
fn a_message_left_out_of_an_up_to_is_found() {
    let (mut records, mut found) = good();
    let mark = Marked {
        message: 2,
        ..records.marked.remove(0)
    };
    found.seen = [((2, 2), mark.seen_at.clone())].into();
    records.marked.push(mark.clone());
    let left_out = Finding::LeftOut { mark, message: 1 };
    assert_eq!(check(&records, &found), [left_out]);
}

#[test]
fn a_message_that_was_missing_for_a_while_is_found() {
    let (mut records, found) = good();
    records.not_found.insert(1);
    assert_eq!(check(&records, &found), [Finding::NotFound(1)]);
    records.deletes_tried.insert(1);
    assert_eq!(check(&records, &found), []);
}
