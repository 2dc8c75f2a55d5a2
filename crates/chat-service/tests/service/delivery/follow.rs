//! A reader that catches up and then follows: nothing is missed, nothing comes twice.

use std::sync::Arc;

use chat_domain::{Actor, Recipient};
use chat_service::{Ended, Notice};
use futures_util::StreamExt;

use super::{all, end, events, from_start, names, now, open, rest, soon, words};
use crate::support::{Fixture, text};

#[tokio::test]
async fn what_was_and_what_comes_is_given_in_order_and_once() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    for _ in 0..3 {
        fixture.tell(ada, Recipient::User(bob)).await;
    }
    let mut reader = from_start(&fixture, bob).await;
    assert_eq!(names(&mut reader, 3).await, ["message.created"; 3]);
    for _ in 0..3 {
        let sent = fixture.tell(ada, Recipient::User(bob)).await;
        let got = events(&mut reader, 1).await;
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].conversation_id, Some(sent.conversation_id));
        assert_eq!(got[0].cursor, reader.cursor());
    }
}

#[tokio::test]
async fn without_a_cursor_it_begins_now() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    let mut reader = open(&fixture, Actor::User(bob), None).await;
    assert_eq!(reader.cursor(), now(&fixture).await);
    // Before it is polled first, and still after its beginning.
    let second = fixture.tell(ada, Recipient::User(bob)).await;
    let got = events(&mut reader, 1).await;
    assert_eq!(got.len(), 1);
    assert!(format!("{:?}", got[0]).contains(&format!("{:?}", second.id)));
}

#[tokio::test]
async fn whoever_resumes_goes_on_where_it_was() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let mut cursor = now(&fixture).await;
    let mut got = Vec::new();
    for round in 0..10 {
        for _ in 0..=round {
            fixture.tell(ada, Recipient::User(bob)).await;
        }
        let mut reader = open(&fixture, Actor::User(bob), Some(cursor)).await;
        got.extend(events(&mut reader, 1).await);
        cursor = reader.cursor();
    }
    let mut reader = open(&fixture, Actor::User(bob), Some(cursor)).await;
    got.extend(rest(&mut reader).await);
    let whole = all(&fixture, bob).await;
    let positions = |events: &[Arc<chat_service::Event>]| {
        let positions = events.iter().map(|event| event.cursor.position);
        positions.collect::<Vec<_>>()
    };
    assert_eq!(positions(&got), positions(&whole));
    assert_eq!(got.len(), 55);
}

#[tokio::test]
async fn readers_of_one_event_share_it_and_what_was_made_of_it() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let start = Some(now(&fixture).await);
    let mut readers = Vec::new();
    for user in [ada, bob, bob] {
        let mut reader = open(&fixture, Actor::User(user), start).await;
        // It follows when it has nothing more to catch up with.
        let waits = tokio::time::timeout(std::time::Duration::from_millis(300), reader.next(1));
        assert!(waits.await.is_err());
        readers.push(reader);
    }
    fixture.tell(ada, Recipient::User(bob)).await;
    let mut made = 0;
    let mut got = Vec::new();
    for reader in &mut readers {
        let event = events(reader, 1).await.remove(0);
        let bytes = event.encoded(0, |_| {
            made += 1;
            bytes::Bytes::from_static(b"once")
        });
        assert_eq!(&bytes[..], b"once");
        got.push(event);
    }
    assert_eq!(made, 1);
    assert!(got.iter().all(|event| Arc::ptr_eq(event, &got[0])));
}

#[tokio::test]
async fn a_stop_ends_every_reader_and_those_that_come_later() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let mut follows = open(&fixture, Actor::User(ada), None).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    events(&mut follows, 1).await;
    let mut untouched = open(&fixture, Actor::User(bob), None).await;
    fixture.service.stop_readers();
    assert_eq!(end(&mut follows).await, Ended::Stopping);
    assert_eq!(end(&mut untouched).await, Ended::Stopping);
    let mut late = open(&fixture, Actor::User(bob), None).await;
    assert_eq!(end(&mut late).await, Ended::Stopping);
    assert_eq!(late.page(1).await.err(), Some(Ended::Stopping));
}

#[tokio::test]
async fn a_user_that_is_deleted_gets_nothing_more() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    let mut follows = open(&fixture, Actor::User(bob), None).await;
    fixture.tell(ada, Recipient::User(bob)).await;
    events(&mut follows, 1).await;
    let before = follows.cursor();
    let mut behind = open(&fixture, Actor::User(bob), Some(before)).await;
    let delete = chat_service::DeleteUser { user: bob };
    let deleted = fixture.service.delete_user(Actor::User(bob), delete).await;
    deleted.expect("it is deleted");
    assert_eq!(end(&mut follows).await, Ended::ActorGone);
    assert_eq!(end(&mut behind).await, Ended::ActorGone);
    let opened = fixture.service.open_reader(Actor::User(bob), None).await;
    assert_eq!(
        opened.err().map(|error| error.code()),
        Some("unknown_actor")
    );
}

#[tokio::test]
async fn a_subscription_is_a_stream_of_the_same() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let start = now(&fixture).await;
    let mut stream = fixture.service.subscribe(Actor::User(bob), Some(start));
    for word in ["one", "two"] {
        let command = chat_service::SendMessage {
            content: chat_domain::Content::Text(
                chat_domain::MessageBody::parse(word).expect("text"),
            ),
            ..text(ada, Recipient::User(bob))
        };
        let sent = fixture.service.send(Actor::User(ada), command).await;
        sent.expect("a message");
    }
    let mut said = Vec::new();
    while said.len() < 2 {
        if let Some(Ok(Notice::Event(event))) = soon(stream.next()).await {
            said.extend(words(&event).map(str::to_owned));
        }
    }
    assert_eq!(said, ["one", "two"]);
    fixture.service.stop_readers();
    while let Some(notice) = soon(stream.next()).await {
        assert!(matches!(notice, Ok(Notice::Presence(_))), "{notice:?}");
    }
}
