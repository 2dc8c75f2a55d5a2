//! A reader of the log: catches up from its cursor, then follows, and catches up again when it was too slow.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chat_domain::ports::Cost;
use chat_domain::{Actor, Cursor};

use super::hub::{Hub, Inner, Request};
use super::page::{self, EventPage};
use super::queue::{Queue, Taken};
use super::{Ended, Notice};
use crate::access::known_actor;
use crate::{ChatService, ServiceError, unit};

/// The most events of a page that a following reader reads at once.
const PAGE: usize = 100;

type Reading = Pin<Box<dyn Future<Output = Result<EventPage, ServiceError>> + Send>>;

/// Reads for one actor all that it may see of the log, in order and once, from a cursor on.
///
/// It reads only when it is polled. What waits for it meanwhile is bounded; beyond that it is read from the log
/// when its turn has come. Dropping it at any time loses nothing: another one goes on from
/// [`cursor`](Self::cursor).
pub struct Reader {
    inner: Arc<Inner>,
    actor: Actor,
    cursor: Cursor,
    stage: Stage,
    /// The queue by which it is given what is new, once it has joined.
    queue: Option<Arc<Queue>>,
    /// Whether its user is to be shown as online, and it is to be told who else is.
    present: bool,
    /// Whether that was done.
    greeted: bool,
}

enum Stage {
    /// What it has missed is to be read.
    Behind,
    /// A page of that is being read.
    Reading(Reading),
    /// It has asked to be given what is new.
    Joining,
    /// It is given what is new, by its queue.
    Following,
    /// It is over.
    Over(Ended),
}

impl ChatService {
    /// A reader of what happens after `after`, or of what happens from now on.
    ///
    /// # Errors
    /// `UnknownActor`, and `CursorExpired` when the cursor is of another log, beyond its end, or older than
    /// what is kept.
    pub async fn open_reader(
        &self,
        actor: Actor,
        after: Option<Cursor>,
    ) -> Result<Reader, ServiceError> {
        let cursor = self
            .read(Cost::Bounded, move |tx| {
                let log = tx.log_state()?;
                known_actor(tx, actor)?;
                let now = Cursor {
                    log: log.id,
                    position: log.position,
                };
                let cursor = after.unwrap_or(now);
                page::check(cursor, &log)?;
                Ok(cursor)
            })
            .await?;
        Ok(Reader::new(&self.hub, actor, cursor))
    }

    /// Ends every reader, when it has been given what it was about to get, and those that are opened later at
    /// once. A host does so before it stops.
    pub fn stop_readers(&self) {
        self.hub.stop();
    }
}

impl Reader {
    fn new(hub: &Hub, actor: Actor, cursor: Cursor) -> Self {
        Self {
            inner: Arc::clone(&hub.0),
            actor,
            cursor,
            stage: Stage::Behind,
            queue: None,
            present: false,
            greeted: false,
        }
    }

    /// Everything up to here that the actor may see was given.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Its user is shown as online as soon as it has caught up, and while this lives; and it is told who else is.
    pub fn show_presence(&mut self) {
        self.present = true;
    }

    /// At most `most` events from the log, without waiting for new ones.
    ///
    /// # Errors
    /// [`Ended`].
    pub async fn page(&mut self, most: usize) -> Result<EventPage, Ended> {
        if self.inner.is_stopping() {
            return Err(Ended::Stopping);
        }
        if let Stage::Reading(_) = self.stage {
            // It would come to what this brings as well.
            self.stage = Stage::Behind;
        }
        let page = self.read(most).await?;
        self.cursor = page.cursor;
        Ok(page)
    }

    /// What comes next: at least one notice and at most `most`, once there are any.
    ///
    /// # Errors
    /// [`Ended`], after which nothing comes any more.
    pub async fn next(&mut self, most: usize) -> Result<Vec<Notice>, Ended> {
        poll_fn(|cx| self.poll_next(cx, most)).await
    }

    /// As [`next`](Self::next). Of what is given at once there are about 64 KiB at the most, so that whoever
    /// asks only when it can hand on holds no more than that.
    ///
    /// # Errors
    /// [`Ended`], after which nothing comes any more.
    pub fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Vec<Notice>, Ended>> {
        let given = ready!(self.poll_stages(cx, most));
        if let Err(ended) = &given {
            self.leave();
            self.stage = Stage::Over(ended.clone());
        }
        Poll::Ready(given)
    }

    fn poll_stages(
        &mut self,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<Result<Vec<Notice>, Ended>> {
        loop {
            match &mut self.stage {
                Stage::Over(ended) => return Poll::Ready(Err(ended.clone())),
                Stage::Behind => {
                    if self.inner.is_stopping() {
                        return Poll::Ready(Err(Ended::Stopping));
                    }
                    let reading = self.read(most.min(PAGE));
                    self.stage = Stage::Reading(Box::pin(reading));
                }
                Stage::Reading(reading) => {
                    let page = ready!(reading.as_mut().poll(cx))?;
                    self.cursor = page.cursor;
                    self.stage = if page.more {
                        Stage::Behind
                    } else {
                        // What comes while it joins waits in its queue.
                        Stage::Joining
                    };
                    if !page.events.is_empty() {
                        let notices = page.events.into_iter().map(Notice::Event);
                        return Poll::Ready(Ok(notices.collect()));
                    }
                }
                Stage::Joining => {
                    let queue = self.join();
                    let from = ready!(queue.poll_joined(cx))?;
                    // What has come before it joined is in no queue.
                    self.stage = if self.cursor.position < from {
                        Stage::Behind
                    } else {
                        Stage::Following
                    };
                }
                Stage::Following => {
                    let queue = self.join();
                    match ready!(queue.poll_take(cx, most)) {
                        Taken::Notices(notices) => {
                            let fresh = self.fresh(notices);
                            if !fresh.is_empty() {
                                return Poll::Ready(Ok(fresh));
                            }
                        }
                        Taken::Overflow => {
                            // The follower has taken it out of its index.
                            self.queue = None;
                            self.stage = Stage::Behind;
                        }
                        Taken::Closed(ended) => return Poll::Ready(Err(ended)),
                    }
                }
            }
        }
    }

    /// Those of the notices that were not given before, by a page of the log.
    fn fresh(&mut self, notices: Vec<Notice>) -> Vec<Notice> {
        let mut fresh = notices;
        let cursor = &mut self.cursor;
        fresh.retain(|notice| match notice {
            Notice::Event(event) => {
                let new = event.cursor.position > cursor.position;
                if new {
                    *cursor = event.cursor;
                }
                new
            }
            Notice::Typing(_) | Notice::Presence(_) => true,
        });
        fresh
    }

    /// The next page of the log, when it is this reader's turn, and out of the way of those who serve requests: a page
    /// takes a millisecond or so, and a crowd that comes back asks for thousands.
    fn read(
        &self,
        most: usize,
    ) -> impl Future<Output = Result<EventPage, ServiceError>> + Send + 'static {
        let inner = Arc::clone(&self.inner);
        let (actor, after) = (self.actor, self.cursor);
        async move {
            // It is never closed. The turn goes with what is asked of the store, and not with whoever waits for it.
            let turn = Arc::clone(&inner.catching_up).acquire_owned().await;
            let shared = Arc::clone(&inner);
            unit::read(&*inner.store, Cost::Scan, move |tx| {
                let _turn = &turn;
                page::read(tx, &shared.recent, actor, after, most)
            })
            .await
        }
    }

    /// Its queue, which is asked for if it has none.
    fn join(&mut self) -> Arc<Queue> {
        if let Some(queue) = &self.queue {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue::new());
        self.queue = Some(Arc::clone(&queue));
        let greet = self.present && !std::mem::replace(&mut self.greeted, self.present);
        if let (true, Actor::User(user)) = (greet, self.actor) {
            // With the other, so that of two who come at the same time the later one is told of the earlier.
            self.inner.ask(Request::Come(user));
        }
        self.inner.ask(Request::Join {
            actor: self.actor,
            queue: Arc::clone(&queue),
            greet,
        });
        queue
    }

    fn leave(&mut self) {
        if let Some(queue) = self.queue.take() {
            let actor = self.actor;
            self.inner.ask(Request::Leave { actor, queue });
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.leave();
        if let (true, Actor::User(user)) = (self.greeted, self.actor) {
            let now = self.inner.clock.now();
            self.inner.ask(Request::Go(user, now));
        }
    }
}
