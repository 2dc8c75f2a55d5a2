//! Live delivery: what readers are given, when, and what it may cost.

mod follow;
mod history;
mod sight;
mod signals;
mod slow;
mod start;

use std::sync::Arc;
use std::time::Duration;

use chat_domain::{Actor, Cursor, UserId};
use chat_service::{Ended, Event, EventData, Notice, Reader};

use crate::support::Fixture;

/// Far more than anything takes: whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// What comes in time.
async fn soon<T>(coming: impl Future<Output = T>) -> T {
    let come = tokio::time::timeout(PATIENCE, coming).await;
    come.expect("it comes in time")
}

/// Where the log ends now.
async fn now(fixture: &Fixture) -> Cursor {
    let synced = fixture
        .service
        .sync(Actor::System, None, None, Default::default())
        .await;
    synced.expect("a cursor").cursor
}

async fn open(fixture: &Fixture, actor: Actor, after: Option<Cursor>) -> Reader {
    let reader = fixture.service.open_reader(actor, after).await;
    reader.expect("a reader")
}

/// A reader of this user, from the beginning.
async fn from_start(fixture: &Fixture, user: UserId) -> Reader {
    let log = fixture.log_state().id;
    let start = Cursor { log, position: 0 };
    open(fixture, Actor::User(user), Some(start)).await
}

/// The next events, so many at least; signals are left out.
async fn events(reader: &mut Reader, least: usize) -> Vec<Arc<Event>> {
    let mut events = Vec::new();
    while events.len() < least {
        let notices = soon(reader.next(200)).await.expect("it goes on");
        events.extend(notices.into_iter().filter_map(|notice| match notice {
            Notice::Event(event) => Some(event),
            Notice::Typing(_) | Notice::Presence(_) => None,
        }));
    }
    events
}

/// The names of the next events.
async fn names(reader: &mut Reader, least: usize) -> Vec<&'static str> {
    let events = events(reader, least).await;
    events.iter().map(|event| event.name()).collect()
}

/// All that a reader of this user gets from the log, from the beginning.
async fn all(fixture: &Fixture, user: UserId) -> Vec<Arc<Event>> {
    rest(&mut from_start(fixture, user).await).await
}

/// What is left for a reader, without waiting for more.
async fn rest(reader: &mut Reader) -> Vec<Arc<Event>> {
    let mut events = Vec::new();
    loop {
        let page = soon(reader.page(7)).await.expect("a page");
        events.extend(page.events);
        if !page.more {
            return events;
        }
    }
}

/// Why a reader ends, after what it still gets.
async fn end(reader: &mut Reader) -> Ended {
    loop {
        if let Err(ended) = soon(reader.next(200)).await {
            return ended;
        }
    }
}

/// The text of a message that was sent.
fn words(event: &Event) -> Option<&str> {
    match &event.data {
        EventData::MessageCreated(chat_domain::FoundMessage::Living(message)) => {
            message.content.text()
        }
        _ => None,
    }
}
