//! Where readers begin: syncs, cursors that are good and that are not, what was forgotten, tickets.

use std::time::Duration;

use chat_domain::{Actor, Cursor, LogId, PageLimit, Recipient, Timestamp, With};

use super::{all, now, open, rest};
use crate::support::Fixture;

#[tokio::test]
async fn a_sync_shows_conversations_as_they_are_and_leads_on() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    let group = fixture.group("team", ada, &[bob]).await;
    fixture.group("others", eve, &[ada]).await;
    fixture.tell(ada, Recipient::Group(group)).await;
    let last = fixture.tell(ada, Recipient::Group(group)).await;
    let direct = fixture.tell(ada, Recipient::User(bob)).await;
    let synced = fixture
        .service
        .sync(Actor::User(bob), None, None, PageLimit::default())
        .await
        .expect("a sync");
    let [team, with_ada] = &synced.conversations.items[..] else {
        panic!("{synced:?}");
    };
    assert!(matches!(&team.with, With::Group { group: shown, .. } if shown.id == group));
    assert_eq!((team.last_seq, team.unseen_count), (last.seq, 2));
    assert_eq!(team.last_message.as_ref(), Some(&last));
    assert!(matches!(with_ada.with, With::User(_)));
    assert_eq!(with_ada.conversation_id, direct.conversation_id);
    assert_eq!(with_ada.unseen_count, 1);

    let third = fixture.tell(ada, Recipient::User(bob)).await;
    let mut reader = open(&fixture, Actor::User(bob), Some(synced.cursor)).await;
    let got = rest(&mut reader).await;
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].conversation_id, Some(third.conversation_id));
}

#[tokio::test]
async fn the_pages_of_a_sync_lead_on_from_the_first() {
    let fixture = Fixture::new();
    let [ada, bob, eve] = fixture.users(["ada", "bob", "eve"]).await;
    for other in [bob, eve] {
        fixture.tell(ada, Recipient::User(other)).await;
    }
    let one = PageLimit::parse(1).expect("a limit");
    let sync = |cursor, after| fixture.service.sync(Actor::User(ada), cursor, after, one);
    let first = sync(None, None).await.expect("a page");
    assert!(first.conversations.more);
    fixture.tell(ada, Recipient::User(bob)).await;
    let last = first
        .conversations
        .items
        .last()
        .map(|one| one.conversation_id);
    let second = sync(Some(first.cursor), last).await.expect("a page");
    assert!(!second.conversations.more);
    assert_eq!(second.cursor, first.cursor);
    assert_ne!(now(&fixture).await, first.cursor);
}

#[tokio::test]
async fn a_cursor_of_another_log_or_beyond_the_end_is_expired() {
    let fixture = Fixture::new();
    let ada = fixture.user("ada").await;
    let good = now(&fixture).await;
    let other = Cursor {
        log: LogId::parse("00000000000000000000000000000001").expect("an id"),
        ..good
    };
    let beyond = Cursor {
        position: good.position + 1,
        ..good
    };
    for cursor in [other, beyond] {
        let opened = fixture
            .service
            .open_reader(Actor::User(ada), Some(cursor))
            .await;
        assert_eq!(
            opened.err().map(|error| error.code()),
            Some("cursor_expired")
        );
    }
    open(&fixture, Actor::User(ada), Some(good)).await;
}

#[tokio::test]
async fn what_was_forgotten_expires_cursors_and_leaves_who_sees_what_as_it_was() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let group = fixture.group("team", ada, &[bob]).await;
    fixture.tell(ada, Recipient::Group(group)).await;
    let old = now(&fixture).await;
    fixture.tell(ada, Recipient::Group(group)).await;
    let recent = now(&fixture).await;
    // An hour later.
    fixture.clock.set(3_600_000_000);
    fixture.tell(ada, Recipient::Group(group)).await;
    let kept_for = Duration::from_secs(60);
    let before = fixture.log().len();
    while fixture
        .service
        .forget_events(kept_for)
        .await
        .expect("it is done")
        > 0
    {}
    assert_eq!(fixture.log().len(), before - 2);
    let opened = fixture
        .service
        .open_reader(Actor::User(bob), Some(old))
        .await;
    assert_eq!(
        opened.err().map(|error| error.code()),
        Some("cursor_expired")
    );
    let mut reader = open(&fixture, Actor::User(bob), Some(recent)).await;
    assert_eq!(rest(&mut reader).await.len(), 1);
}

#[tokio::test]
async fn a_ticket_lets_in_once_and_for_thirty_seconds() {
    let fixture = Fixture::new();
    let ada = fixture.user("ada").await;
    let service = &fixture.service;
    let end = Some(Timestamp::from_micros(77));
    let actor = Actor::User(ada);
    let expires = service
        .create_ticket(actor, "one", end)
        .await
        .expect("a ticket");
    assert_eq!(expires, Timestamp::from_micros(30_000_000));
    assert_eq!(service.redeem_ticket("two").await, Ok(None));
    let ticket = service.redeem_ticket("one").await.expect("an answer");
    let ticket = ticket.expect("a ticket");
    assert_eq!((ticket.actor, ticket.credentials_end), (actor, end));
    assert_eq!(service.redeem_ticket("one").await, Ok(None));

    service
        .create_ticket(Actor::System, "late", None)
        .await
        .expect("a ticket");
    fixture.clock.set(30_000_000);
    assert_eq!(service.redeem_ticket("late").await, Ok(None));
    let nobody = Actor::User(chat_domain::UserId::parse(99).expect("an id"));
    let refused = service.create_ticket(nobody, "none", None).await;
    assert_eq!(
        refused.err().map(|error| error.code()),
        Some("unknown_actor")
    );
}

#[tokio::test]
async fn a_page_ends_before_it_is_too_much_and_the_next_goes_on() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let long = "x".repeat(16_000);
    for _ in 0..40 {
        let command = chat_service::SendMessage {
            content: chat_domain::Content::Text(
                chat_domain::MessageBody::parse(long.clone()).expect("text"),
            ),
            ..crate::support::text(ada, Recipient::User(bob))
        };
        fixture
            .service
            .send(Actor::User(ada), command)
            .await
            .expect("a message");
    }
    let log = fixture.log_state().id;
    let start = Cursor { log, position: 0 };
    let mut reader = open(&fixture, Actor::User(bob), Some(start)).await;
    let page = reader.page(200).await.expect("a page");
    assert!(page.more && page.events.len() < 40, "{}", page.events.len());
    let mut got = page.events.len();
    got += rest(&mut reader).await.len();
    assert_eq!((got, all(&fixture, bob).await.len()), (40, 40));
}
