//! Every cell of every rule.

use super::Denial::{Forbidden, InUse, OwnerMustTransfer, Unknown};
use super::Membership::{Change, HandOver, Join, Keep};
use super::Standing::{Member, Peer, Stranger, System};
use super::*;
use crate::Role::{Admin, Member as Plain, Owner};

const STANDINGS: [Standing; 6] = [
    System,
    Member(Owner),
    Member(Admin),
    Member(Plain),
    Peer,
    Stranger,
];

/// One row per standing, in the order of [`STANDINGS`].
fn column<T: std::fmt::Debug + PartialEq>(
    rule: impl Fn(Standing) -> Result<T, Denial>,
    expected: [Result<T, Denial>; 6],
) {
    for (standing, expected) in STANDINGS.into_iter().zip(expected) {
        assert_eq!(rule(standing), expected, "{standing:?}");
    }
}

#[test]
fn create_user_is_the_systems() {
    assert_eq!(create_user(Actor::System), Ok(()));
    assert_eq!(
        create_user(Actor::User(UserId::parse(1).unwrap())),
        Err(Forbidden)
    );
}

#[test]
fn change_and_delete_user_cells() {
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    // who → a change, one of the external id, deletion.
    for (actor, [change, external, delete]) in [
        (Actor::System, [Ok(()); 3]),
        (Actor::User(ada), [Ok(()), Err(Forbidden), Ok(())]),
        (Actor::User(bob), [Err(Forbidden); 3]),
    ] {
        assert_eq!(change_user(actor, ada, false), change, "{actor:?}");
        assert_eq!(change_user(actor, ada, true), external, "{actor:?}");
        assert_eq!(delete_user(actor, ada), delete, "{actor:?}");
    }
}

#[test]
fn create_group_cells() {
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    for (actor, named, owner) in [
        (Actor::System, None, Ok(None)),
        (Actor::System, Some(ada), Ok(Some(ada))),
        (Actor::User(ada), None, Ok(Some(ada))),
        (Actor::User(ada), Some(ada), Ok(Some(ada))),
        (Actor::User(ada), Some(bob), Err(Forbidden)),
    ] {
        assert_eq!(create_group(actor, named), owner, "{actor:?} {named:?}");
    }
}

#[test]
fn read_inbox_is_the_systems() {
    let user = Actor::User(UserId::parse(1).unwrap());
    assert_eq!(read_inbox(Actor::System), Ok(()));
    assert_eq!(read_inbox(user), Err(Forbidden));
}

#[test]
fn know_cells() {
    column(know, [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(Unknown)]);
}

#[test]
fn update_group_cells() {
    let no = Err(Forbidden);
    column(update_group, [Ok(()), Ok(()), Ok(()), no, no, Err(Unknown)]);
}

#[test]
fn delete_group_cells() {
    let no = Err(Forbidden);
    column(delete_group, [Ok(()), Ok(()), no, no, no, Err(Unknown)]);
}

#[test]
fn put_member_cells() {
    let (no, unknown, must) = (Err(Forbidden), Err(Unknown), Err(OwnerMustTransfer));
    let keep = Ok(Keep);
    // current, wanted → system, owner, admin; a member and a peer may never, a stranger not know.
    for (current, wanted, [system, owner, admin]) in [
        (None, None, [Ok(Join(Plain)); 3]),
        (None, Some(Plain), [Ok(Join(Plain)); 3]),
        (None, Some(Admin), [Ok(Join(Admin)), Ok(Join(Admin)), no]),
        (None, Some(Owner), [Ok(HandOver), Ok(HandOver), no]),
        (Some(Plain), None, [keep; 3]),
        (Some(Plain), Some(Plain), [keep; 3]),
        (
            Some(Plain),
            Some(Admin),
            [Ok(Change(Admin)), Ok(Change(Admin)), no],
        ),
        (Some(Plain), Some(Owner), [Ok(HandOver), Ok(HandOver), no]),
        (Some(Admin), None, [keep; 3]),
        (
            Some(Admin),
            Some(Plain),
            [Ok(Change(Plain)), Ok(Change(Plain)), no],
        ),
        (Some(Admin), Some(Admin), [keep; 3]),
        (Some(Admin), Some(Owner), [Ok(HandOver), Ok(HandOver), no]),
        (Some(Owner), None, [keep; 3]),
        (Some(Owner), Some(Plain), [must, must, no]),
        (Some(Owner), Some(Admin), [must, must, no]),
        (Some(Owner), Some(Owner), [keep; 3]),
    ] {
        column(
            |s| put_member(s, current, wanted),
            [system, owner, admin, no, no, unknown],
        );
    }
}

#[test]
fn remove_member_cells() {
    let (leave, last) = (Ok(Removal::Leave), Ok(Removal::LastLeaves));
    let (no, unknown, must) = (Err(Forbidden), Err(Unknown), Err(OwnerMustTransfer));
    // oneself, target, members → by standing. A cell that can't arise is answered all the same.
    for (oneself, target, count, row) in [
        (false, Plain, 2, [leave, leave, leave, no, no, unknown]),
        (false, Admin, 2, [leave, leave, no, no, no, unknown]),
        (false, Owner, 2, [must, must, no, no, no, unknown]),
        (true, Plain, 2, [leave, leave, leave, leave, no, unknown]),
        (true, Admin, 2, [leave, leave, leave, leave, no, unknown]),
        (true, Owner, 2, [must, must, must, must, no, unknown]),
        (false, Plain, 1, [last, last, last, no, no, unknown]),
        (false, Admin, 1, [last, last, no, no, no, unknown]),
        (false, Owner, 1, [last, last, no, no, no, unknown]),
        (true, Plain, 1, [last, last, last, last, no, unknown]),
        (true, Admin, 1, [last, last, last, last, no, unknown]),
        (true, Owner, 1, [last, last, last, last, no, unknown]),
    ] {
        column(|s| remove_member(s, oneself, target, count), row);
    }
}

#[test]
fn delete_message_cells() {
    let no = Err(Forbidden);
    column(
        |s| delete_message(s, true),
        [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(Unknown)],
    );
    column(
        |s| delete_message(s, false),
        [Ok(()), Ok(()), Ok(()), no, no, Err(Unknown)],
    );
}

#[test]
fn send_to_group_cells() {
    let user = Actor::User(UserId::parse(1).unwrap());
    assert_eq!(send_to_group(Actor::System, true), Ok(()));
    assert_eq!(send_to_group(Actor::System, false), Err(Forbidden));
    assert_eq!(send_to_group(user, true), Ok(()));
    assert_eq!(send_to_group(user, false), Err(Unknown));
}

#[test]
fn mark_seen_cells() {
    let user = Actor::User(UserId::parse(1).unwrap());
    for (actor, in_conversation, sender, expected) in [
        (Actor::System, true, false, Ok(())),
        (Actor::System, true, true, Err(Forbidden)),
        (Actor::System, false, false, Err(Forbidden)),
        (Actor::System, false, true, Err(Forbidden)),
        (user, true, false, Ok(())),
        (user, true, true, Err(Forbidden)),
        (user, false, false, Err(Unknown)),
        (user, false, true, Err(Unknown)),
    ] {
        let found = mark_seen(actor, in_conversation, sender);
        assert_eq!(found, expected, "{actor:?} {in_conversation} {sender}");
    }
}

#[test]
fn read_file_cells() {
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    let unknown = Err(Unknown);
    for (actor, uploader, sent, expected) in [
        (Actor::System, None, false, Ok(())),
        (Actor::System, Some(ada), false, Ok(())),
        (Actor::User(ada), Some(ada), false, Ok(())),
        (Actor::User(bob), Some(ada), false, unknown),
        (Actor::User(bob), Some(ada), true, Ok(())),
        (Actor::User(bob), None, false, unknown),
        (Actor::User(bob), None, true, Ok(())),
    ] {
        let cell = format!("{actor:?} {uploader:?} {sent}");
        assert_eq!(read_file(actor, uploader, sent, false), expected, "{cell}");
        assert_eq!(read_file(actor, uploader, sent, true), Ok(()), "{cell}");
    }
}

#[test]
fn delete_file_cells() {
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    for (actor, uploader, known, in_use, expected) in [
        (Actor::System, None, true, true, Ok(())),
        (Actor::System, Some(ada), true, false, Ok(())),
        (Actor::User(ada), Some(ada), true, false, Ok(())),
        (Actor::User(ada), Some(ada), true, true, Err(InUse)),
        (Actor::User(bob), Some(ada), true, true, Err(Forbidden)),
        (Actor::User(bob), Some(ada), true, false, Err(Forbidden)),
        (Actor::User(bob), Some(ada), false, false, Err(Unknown)),
        (Actor::User(bob), Some(ada), false, true, Err(Unknown)),
        (Actor::User(bob), None, true, true, Err(Forbidden)),
        (Actor::User(bob), None, false, false, Err(Unknown)),
    ] {
        assert_eq!(
            delete_file(actor, uploader, known, in_use),
            expected,
            "{actor:?} {uploader:?} {known} {in_use}"
        );
    }
}

#[test]
fn know_upload_cells() {
    let [ada, bob] = [1, 2].map(|id| UserId::parse(id).unwrap());
    for (actor, uploader, expected) in [
        (Actor::System, None, Ok(())),
        (Actor::System, Some(ada), Ok(())),
        (Actor::User(ada), Some(ada), Ok(())),
        (Actor::User(bob), Some(ada), Err(Unknown)),
        (Actor::User(bob), None, Err(Unknown)),
    ] {
        assert_eq!(know_upload(actor, uploader), expected, "{actor:?}");
    }
}
