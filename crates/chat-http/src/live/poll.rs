//! Polls: a page of what has happened, or the first of what happens within some seconds.

use std::future::poll_fn;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::rt::time::Instant;
use chat_service::{Ended, EventPage, Notice, Reader};
use tokio::time::timeout_at;

use super::encode;
use crate::answer::{Answer, JSON};
use crate::dto::readers::Poll;
use crate::metrics::Reading;
use crate::pace::Peer;
use crate::problem::Problem;

/// Answers a poll of a reader that was just opened, at `end` at the latest.
pub(crate) async fn answer(
    mut reader: Reader,
    poll: &Poll,
    peer: &Peer,
    end: Option<Instant>,
    reading: &Reading,
) -> Answer {
    let page = match reader.page(poll.most).await {
        Ok(page) if page.events.is_empty() && !page.more && !poll.wait.is_zero() => {
            let longest = Instant::now() + poll.wait;
            let until = end.map_or(longest, |end| end.min(longest));
            tokio::select! {
                page = wait(&mut reader, poll.most, until) => page?,
                // It is told to nobody.
                () = poll_fn(|cx| peer.poll_left(cx)) => page,
            }
        }
        Ok(page) => page,
        Err(ended) => told(ended, &reader)?,
    };
    reading.gives(page.events.len());
    let body = encode::page(&page).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, JSON))
        .body(body))
}

/// What happens first, or nothing.
async fn wait(reader: &mut Reader, most: usize, until: Instant) -> Result<EventPage, Problem> {
    // Whoever waits is there.
    reader.show_presence();
    loop {
        let events: Vec<_> = match timeout_at(until, reader.next(most)).await {
            Err(_) => return Ok(nothing(reader)),
            Ok(Err(ended)) => return told(ended, reader),
            Ok(Ok(notices)) => {
                let events = notices.into_iter().filter_map(|notice| match notice {
                    Notice::Event(event) => Some(event),
                    // Polls would tell of it too late.
                    Notice::Typing(_) | Notice::Presence(_) => None,
                });
                events.collect()
            }
        };
        if !events.is_empty() {
            return Ok(EventPage {
                events,
                ..nothing(reader)
            });
        }
    }
}

fn nothing(reader: &Reader) -> EventPage {
    EventPage {
        events: Vec::new(),
        cursor: reader.cursor(),
        more: false,
    }
}

/// A node that stops answers at once; the next one goes on.
fn told(ended: Ended, reader: &Reader) -> Result<EventPage, Problem> {
    match ended {
        Ended::Stopping => Ok(nothing(reader)),
        Ended::ActorGone => Err(Problem::actor_gone()),
        Ended::Failed(error) => Err(error.into()),
    }
}
