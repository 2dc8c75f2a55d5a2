//! What is told at once and stored nowhere: who is writing, and who is there.

use std::time::Duration;

use chat_domain::{Actor, Presence, Recipient, Typing, UserId};
use chat_service::{Notice, Reader};

use super::{events, now, open, rest, soon};
use crate::support::Fixture;

/// The next signal.
async fn signal(reader: &mut Reader) -> Notice {
    loop {
        for notice in soon(reader.next(1)).await.expect("it goes on") {
            if !matches!(notice, Notice::Event(_)) {
                return notice;
            }
        }
    }
}

async fn presence(reader: &mut Reader) -> Presence {
    match signal(reader).await {
        Notice::Presence(presence) => presence,
        other => panic!("{other:?}"),
    }
}

/// Nothing comes for a while.
async fn quiet(reader: &mut Reader) {
    let waits = tokio::time::timeout(Duration::from_millis(300), reader.next(1));
    let come = waits.await;
    assert!(come.is_err(), "{come:?}");
}

async fn follows(fixture: &Fixture, user: UserId) -> Reader {
    let mut reader = open(fixture, Actor::User(user), None).await;
    quiet(&mut reader).await;
    reader
}

#[tokio::test]
async fn the_others_of_a_conversation_are_told_who_is_writing() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let group = fixture.group("team", ada, &[bob]).await;
    let conversation_id = fixture
        .tell(ada, Recipient::Group(group))
        .await
        .conversation_id;
    let mut readers = [
        follows(&fixture, ada).await,
        follows(&fixture, bob).await,
        follows(&fixture, eve).await,
    ];
    let wrote = fixture
        .service
        .typing(Actor::User(ada), Recipient::Group(group))
        .await;
    assert_eq!(wrote, Ok(()));
    let [adas, bobs, eves] = &mut readers;
    match signal(bobs).await {
        Notice::Typing(typing) => {
            let expected = Typing {
                user_id: ada,
                conversation_id,
                expires_at: chat_domain::Timestamp::from_micros(6_000_000),
            };
            assert_eq!(typing, expected);
        }
        other => panic!("{other:?}"),
    }
    quiet(adas).await;
    quiet(eves).await;
    // It stands in no log.
    assert_eq!(bobs.cursor(), now(&fixture).await);
}

#[tokio::test]
async fn whoever_is_not_there_can_not_be_writing() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let group = fixture.group("team", ada, &[]).await;
    let code = async |actor, recipient| {
        let wrote = fixture.service.typing(actor, recipient).await;
        wrote.err().map(|error| error.code())
    };
    let nobody = UserId::parse(99).expect("an id");
    let to_group = Recipient::Group(group);
    assert_eq!(
        code(Actor::User(bob), to_group).await,
        Some("group_not_found")
    );
    assert_eq!(code(Actor::System, to_group).await, Some("forbidden"));
    assert_eq!(
        code(Actor::User(nobody), to_group).await,
        Some("unknown_actor")
    );
    let to_nobody = Recipient::User(nobody);
    assert_eq!(
        code(Actor::User(ada), to_nobody).await,
        Some("user_not_found")
    );
    let to_oneself = Recipient::User(ada);
    assert_eq!(
        code(Actor::User(ada), to_oneself).await,
        Some("validation_failed")
    );
    assert_eq!(code(Actor::User(ada), Recipient::User(bob)).await, None);
}

#[tokio::test]
async fn a_user_is_there_while_any_of_its_connections_lives() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    let mut bobs = follows(&fixture, bob).await;
    let mut eves = follows(&fixture, eve).await;
    let shown = async || {
        let mut reader = open(&fixture, Actor::User(ada), None).await;
        reader.show_presence();
        // Whoever does not read is not there.
        quiet(&mut reader).await;
        reader
    };
    let first = shown().await;
    let come = presence(&mut bobs).await;
    assert_eq!(
        (come.user_id, come.online, come.last_seen),
        (ada, true, None)
    );
    let second = shown().await;
    drop(first);
    quiet(&mut bobs).await;
    fixture.clock.set(9);
    drop(second);
    let gone = presence(&mut bobs).await;
    let last_seen = gone.last_seen.map(chat_domain::Timestamp::as_micros);
    assert_eq!(
        (gone.user_id, gone.online, last_seen),
        (ada, false, Some(9))
    );
    quiet(&mut eves).await;
}

#[tokio::test]
async fn whoever_comes_is_told_who_is_there() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    fixture.group("team", ada, &[bob, eve]).await;
    let mut adas = open(&fixture, Actor::User(ada), None).await;
    adas.show_presence();
    quiet(&mut adas).await;
    let mut bobs = open(&fixture, Actor::User(bob), None).await;
    bobs.show_presence();
    assert_eq!(presence(&mut bobs).await.user_id, ada);
    assert_eq!(presence(&mut adas).await.user_id, bob);
    // It is told once: not to whoever is told already, and not of who shows nothing.
    let mut eves = open(&fixture, Actor::User(eve), None).await;
    quiet(&mut eves).await;
    quiet(&mut bobs).await;
}

#[tokio::test]
async fn a_page_has_no_signals() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    let mut reader = follows(&fixture, bob).await;
    let to = Recipient::User(bob);
    fixture
        .service
        .typing(Actor::User(ada), to)
        .await
        .expect("it is told");
    fixture.tell(ada, to).await;
    assert_eq!(rest(&mut reader).await.len(), 1);
    // The queue has it too: it is not given twice.
    fixture.tell(ada, to).await;
    assert_eq!(events(&mut reader, 1).await.len(), 1);
}
