//! Tickets: each lets in once.

use std::sync::Barrier;

use chat_domain::{Actor, Ticket, TicketDigest};

use crate::harness::{Db, at, undo, write};

fn digest(byte: u8) -> TicketDigest {
    TicketDigest([byte; 32])
}

fn ticket(byte: u8, actor: Actor, expires: i64) -> Ticket {
    Ticket {
        digest: digest(byte),
        actor,
        expires_at: at(expires),
        credentials_end: None,
    }
}

fn insert(db: &Db, ticket: Ticket) {
    db.write(move |tx| tx.insert_ticket(&ticket));
}

#[test]
fn a_ticket_is_taken_once_as_it_was_given() {
    let db = fresh!();
    let [ada] = db.users(["ada"]);
    let of_ada = Ticket {
        credentials_end: Some(at(77)),
        ..ticket(1, Actor::User(ada), 9)
    };
    let of_system = ticket(2, Actor::System, 9);
    insert(&db, of_ada);
    insert(&db, of_system);
    let take = |byte| db.write(move |tx| tx.take_ticket(digest(byte)));
    assert_eq!(take(3), None);
    assert_eq!((take(1), take(1)), (Some(of_ada), None));
    assert_eq!((take(2), take(2)), (Some(of_system), None));
}

#[test]
fn a_ticket_whose_taking_is_undone_is_there_again() {
    let db = fresh!();
    insert(&db, ticket(1, Actor::System, 9));
    let undone = db.try_write(|tx| {
        tx.take_ticket(digest(1))?;
        Err::<(), _>(undo())
    });
    assert!(undone.is_err());
    assert!(db.write(|tx| tx.take_ticket(digest(1))).is_some());
}

#[test]
fn of_many_who_come_with_a_ticket_one_is_let_in() {
    let db = fresh!();
    for byte in 0..8 {
        insert(&db, ticket(byte, Actor::System, 9));
        let (start, store) = (Barrier::new(4), &*db.store);
        let let_in: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        let taken = write(store, move |tx| tx.take_ticket(digest(byte)));
                        usize::from(taken.unwrap().is_some())
                    })
                })
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(let_in, 1);
    }
}

#[test]
fn what_has_expired_is_cleared_away() {
    let db = fresh!();
    for (byte, expires) in [(1, 4), (2, 5), (3, 6)] {
        insert(&db, ticket(byte, Actor::System, expires));
    }
    assert_eq!(db.write(|tx| tx.forget_tickets(at(5))), 1);
    assert_eq!(db.write(|tx| tx.take_ticket(digest(1))), None);
    assert!(db.write(|tx| tx.take_ticket(digest(2))).is_some());
}
