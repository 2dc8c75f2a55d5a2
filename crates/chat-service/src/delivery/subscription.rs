//! What happens as a stream, for a host that embeds the service.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chat_domain::{Actor, Cursor};
use futures_util::Stream;

use super::{Ended, Notice, Reader};
use crate::{ChatService, ServiceError};

/// The most notices that it takes at once.
const AT_ONCE: usize = 64;

type Opening = Pin<Box<dyn Future<Output = Result<Reader, ServiceError>> + Send>>;

/// What happens, for one actor, as it happens. It ends when the service stops, and after an error.
struct Subscription {
    actor: Actor,
    stage: Stage,
    waiting: VecDeque<Notice>,
}

enum Stage {
    Opening(Opening),
    Open(Box<Reader>),
    Over,
}

impl ChatService {
    /// What happens after `after`, or from now on, that `actor` may see: each event once, in order. A subscriber that
    /// keeps the [cursor](super::Event::cursor) of the last event it has dealt with misses nothing and gets nothing
    /// twice, whenever it subscribes again. Its user is online meanwhile.
    ///
    /// It begins when it is polled first: without a cursor, that is the moment from which on it tells.
    ///
    /// # Errors
    /// The stream's items: those of [`open_reader`](Self::open_reader), `UnknownActor` when the user is
    /// deleted, `Store`; it ends with them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use chat_domain::ports::SystemClock;
    /// # use chat_domain::{Actor, EmailAddress, Username};
    /// # use chat_store::{SqliteOptions, SqliteStore};
    /// use chat_service::{ChatService, CreateUser, Notice};
    /// use futures_util::StreamExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(&SqliteOptions::new(dir.path().join("chat.db")))?;
    /// # let chat = ChatService::new(Arc::new(store), Arc::new(SystemClock));
    /// # use chat_service::{CreateGroup};
    /// # use chat_domain::GroupName;
    /// let start = chat.sync(Actor::System, None, None, Default::default()).await?;
    /// let mut happens = chat.subscribe(Actor::System, Some(start.cursor));
    /// # let group = CreateGroup { name: GroupName::parse("team")?, owner: None };
    /// chat.create_group(Actor::System, group).await?;
    /// match happens.next().await {
    ///     Some(Ok(Notice::Event(event))) => assert_eq!(event.name(), "group.created"),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(
        &self,
        actor: Actor,
        after: Option<Cursor>,
    ) -> impl Stream<Item = Result<Notice, ServiceError>> + Send + Unpin + use<> {
        let service = self.clone();
        let opening = Box::pin(async move { service.open_reader(actor, after).await });
        Subscription {
            actor,
            stage: Stage::Opening(opening),
            waiting: VecDeque::new(),
        }
    }
}

impl Stream for Subscription {
    type Item = Result<Notice, ServiceError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(notice) = self.waiting.pop_front() {
                return Poll::Ready(Some(Ok(notice)));
            }
            match &mut self.stage {
                Stage::Over => return Poll::Ready(None),
                Stage::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(mut reader) => {
                        reader.show_presence();
                        self.stage = Stage::Open(Box::new(reader));
                    }
                    Err(error) => {
                        self.stage = Stage::Over;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                Stage::Open(reader) => match ready!(reader.poll_next(cx, AT_ONCE)) {
                    Ok(notices) => self.waiting = notices.into(),
                    Err(ended) => {
                        self.stage = Stage::Over;
                        let error = match (ended, self.actor) {
                            (Ended::Failed(error), _) => error,
                            (Ended::ActorGone, Actor::User(user)) => {
                                ServiceError::UnknownActor(user)
                            }
                            _ => continue,
                        };
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}
