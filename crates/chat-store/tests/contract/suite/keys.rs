//! Idempotency keys and what is kept under them.

use chat_domain::{Actor, Fingerprint, IdempotencyKey, KeptAnswer, UserId};

use crate::harness::{Db, at, undo};

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn user(id: i64) -> Actor {
    Actor::User(UserId::parse(id).unwrap())
}

fn answer(actor: Actor, text: &str, when: i64) -> KeptAnswer {
    KeptAnswer {
        actor,
        key: key(text),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        answer: format!("the answer to {text}").into_bytes(),
        at: at(when),
    }
}

fn keep(db: &Db, answer: &KeptAnswer) {
    let answer = answer.clone();
    db.write(move |tx| tx.keep_answer(&answer));
}

fn kept(db: &Db, actor: Actor, text: &str) -> Option<KeptAnswer> {
    let key = key(text);
    db.write(move |tx| tx.lock_key(actor, &key))
}

#[test]
fn an_answer_is_found_under_its_key_and_actor_alone() {
    let db = fresh!();
    for actor in [Actor::System, user(1), user(2)] {
        assert_eq!(kept(&db, actor, "k"), None);
        keep(&db, &answer(actor, "k", 5));
    }
    for actor in [Actor::System, user(1), user(2)] {
        assert_eq!(kept(&db, actor, "k"), Some(answer(actor, "k", 5)));
        assert_eq!(kept(&db, actor, "K"), None);
    }
    assert_eq!(kept(&db, user(3), "k"), None);
}

#[test]
fn a_later_answer_replaces_an_older_one() {
    let db = fresh!();
    keep(&db, &answer(user(1), "k", 5));
    let later = KeptAnswer {
        fingerprint: Fingerprint::from_bytes([8; 32]),
        answer: vec![0, 159, 255],
        ..answer(user(1), "k", 9)
    };
    keep(&db, &later);
    assert_eq!(kept(&db, user(1), "k"), Some(later));
}

#[test]
fn an_answer_is_undone_with_its_change() {
    let db = fresh!();
    let undone = db.try_write(|tx| {
        tx.keep_answer(&answer(user(1), "k", 5))?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert_eq!(kept(&db, user(1), "k"), None);
}

#[test]
fn answers_are_forgotten_by_age_a_few_at_a_time() {
    let db = fresh!();
    for when in 1..=9 {
        keep(&db, &answer(user(1), &format!("k{when}"), when));
    }
    let forget = |before: i64, most: i64| db.write(move |tx| tx.forget_answers(at(before), most));
    assert_eq!(forget(1, 4), 0);
    assert_eq!(forget(8, 4), 4);
    assert_eq!(kept(&db, user(1), "k4"), None);
    assert!(kept(&db, user(1), "k5").is_some());
    assert_eq!(forget(8, 4), 3);
    assert_eq!(forget(8, 4), 0);
    assert!(kept(&db, user(1), "k8").is_some());
    // Those of one microsecond go together.
    for name in ["a", "b", "c"] {
        keep(&db, &answer(user(2), name, 2));
    }
    assert_eq!(forget(8, 1), 3);
}

#[test]
fn all_answers_to_one_actor_can_be_forgotten() {
    let db = fresh!();
    for actor in [Actor::System, user(1), user(2)] {
        keep(&db, &answer(actor, "k", 5));
        keep(&db, &answer(actor, "l", 6));
    }
    db.write(|tx| tx.forget_answers_to(user(1)));
    for (actor, there) in [(Actor::System, true), (user(1), false), (user(2), true)] {
        assert_eq!(kept(&db, actor, "k").is_some(), there, "{actor:?}");
        assert_eq!(kept(&db, actor, "l").is_some(), there, "{actor:?}");
    }
}
