//! Readers that are too slow: they are given up, read the log, and miss nothing; nobody waits for them.

use chat_domain::{Actor, Content, MessageBody, Recipient, UserId};
use chat_service::{Notice, Reader, SendMessage};

use super::{events, now, open};
use crate::support::{Fixture, text};

/// How many messages of how many bytes: more than waits for one reader.
const MANY: usize = 120;
const LONG: usize = 16_000;

async fn tell_much(fixture: &Fixture, from: UserId, to: UserId) {
    let content = Content::Text(MessageBody::parse("x".repeat(LONG)).expect("text"));
    for _ in 0..MANY {
        let command = SendMessage {
            content: content.clone(),
            ..text(from, Recipient::User(to))
        };
        let sent = fixture.service.send(Actor::User(from), command).await;
        sent.expect("a message");
    }
}

/// A reader that follows.
async fn follows(fixture: &Fixture, user: UserId) -> Reader {
    let mut reader = open(fixture, Actor::User(user), Some(now(fixture).await)).await;
    let waits = tokio::time::timeout(std::time::Duration::from_millis(300), reader.next(1));
    assert!(waits.await.is_err());
    reader
}

#[tokio::test]
async fn whoever_was_too_slow_reads_on_from_the_log() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let mut slow = follows(&fixture, bob).await;
    let mut quick = follows(&fixture, ada).await;
    tell_much(&fixture, ada, bob).await;
    // One event is what a queue always takes: it is there, and far too many more.
    assert_eq!(events(&mut quick, MANY).await.len(), MANY);
    let got = events(&mut slow, MANY).await;
    let positions: Vec<_> = got.iter().map(|event| event.cursor.position).collect();
    assert_eq!(got.len(), MANY);
    assert!(positions.is_sorted_by(|one, other| one < other));
    // It follows again.
    let sent = fixture.tell(ada, Recipient::User(bob)).await;
    let next = events(&mut slow, 1).await;
    assert_eq!(next[0].conversation_id, Some(sent.conversation_id));
    assert_eq!(next.len(), 1);
}

#[tokio::test]
async fn many_slow_readers_miss_nothing_and_hold_up_nobody() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let mut slow = Vec::new();
    for _ in 0..30 {
        slow.push(follows(&fixture, bob).await);
    }
    let mut witness = follows(&fixture, ada).await;
    tell_much(&fixture, ada, bob).await;
    assert_eq!(events(&mut witness, MANY).await.len(), MANY);
    for mut reader in slow {
        assert_eq!(events(&mut reader, MANY).await.len(), MANY);
    }
}

#[tokio::test]
async fn what_is_given_at_once_is_little() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await;
    let start = now(&fixture).await;
    tell_much(&fixture, ada, bob).await;
    let mut reader = open(&fixture, Actor::User(bob), Some(start)).await;
    let mut got = 0;
    while got < MANY {
        let notices = super::soon(reader.next(200)).await.expect("it goes on");
        assert!(notices.len() <= 32, "{}", notices.len());
        got += notices
            .iter()
            .filter(|notice| matches!(notice, Notice::Event(_)))
            .count();
    }
    assert_eq!(got, MANY);
}
