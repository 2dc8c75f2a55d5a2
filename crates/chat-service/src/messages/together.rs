//! Sends that share a transaction.
//!
//! Where each statement is a journey to the database, many sends cost little more than one. Nobody waits for
//! others to come: what comes while a transaction is under way goes with the next one.
//!
//! What goes together are sends of which nothing is to be said but that they are good. Whether one is, is
//! looked up for all at once; every other leaves the others, and goes its own way by the use case itself,
//! which knows all that can be wrong. So there is one book of rules.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chat_domain::ports::{Clock, Outcome, Store, StoreError, Verdict, WriteJob, WriteTx};
use chat_domain::{
    Actor, Content, ConversationKind, DirectPair, EventKind, Message, NewMessage, Recipient,
    Timestamp,
};
use tokio::sync::oneshot;

use super::{SendMessage, event, send};
use crate::ServiceError;
use crate::access::acts_as;

/// How many sends go together at the most.
const TOGETHER: usize = 256;

/// How many transactions of them are under way at a time: one is on its way to the disk while the next one
/// gathers what it needs.
const UNDER_WAY: usize = 2;

/// How many sends may wait.
const WAITING: usize = 4_096;

type Answer = Result<Message, ServiceError>;

/// What became of a send in a transaction with others; none when it is to go its own way, and nothing was done.
type Told = Option<Answer>;

/// A send that waits.
struct Waiting {
    actor: Actor,
    command: SendMessage,
    conversation: ConversationKind,
    reply: oneshot::Sender<Told>,
}

/// The line in which sends wait; clones share it.
#[derive(Clone)]
pub(crate) struct Together(Arc<Line>);

struct Line {
    /// Not kept by what it has been given to do itself, or nobody could close it.
    store: Weak<dyn Store>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    under_way: usize,
    /// Conversations of transactions that are under way: each is in one at a time, so that none waits
    /// for another, and what comes for a conversation is stored in the order in which it came.
    busy: HashSet<ConversationKind>,
}

impl Together {
    pub(crate) fn new(store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Line {
            store: Arc::downgrade(store),
            clock,
            state: Mutex::default(),
        }))
    }

    /// Sends with others, or says that it has to be done alone. What a caller has begun is done, also when it
    /// goes away.
    pub(crate) async fn send(&self, actor: Actor, command: SendMessage) -> Option<Answer> {
        let conversation = plainly(actor, &command)?;
        let (reply, told) = oneshot::channel();
        {
            let mut state = self.0.lock();
            if state.waiting.len() >= WAITING {
                return Some(Err(StoreError::Overloaded.into()));
            }
            state.waiting.push_back(Waiting {
                actor,
                command,
                conversation,
                reply,
            });
        }
        self.go_on();
        match told.await {
            Ok(told) => told,
            // A store that drops a job without telling its end breaks the port's promise.
            Err(_) => {
                let dropped = "the job was dropped".to_owned();
                Some(Err(StoreError::OutcomeUnknown(dropped).into()))
            }
        }
    }

    /// Gives the store what waits, as far as more may be under way.
    fn go_on(&self) {
        while let Some(batch) = self.next() {
            let batch = Box::new(batch);
            let refused = match self.0.store.upgrade() {
                Some(store) => store.submit(batch).err(),
                None => Some((StoreError::Unavailable("closed".to_owned()), batch as _)),
            };
            if let Some((error, job)) = refused {
                job.finish(Outcome::Failed(&error));
            }
        }
    }

    /// Sends what nobody waits for any more.
    fn send_alone(&self, send: Alone) {
        if let Some(store) = self.0.store.upgrade()
            && let Err((error, _)) = store.submit(Box::new(send))
        {
            log::debug!("a send whose caller has gone was not accepted: {error}");
        }
    }

    fn next(&self) -> Option<Batch> {
        let mut state = self.0.lock();
        if state.under_way >= UNDER_WAY {
            return None;
        }
        let mut sends = Vec::new();
        for send in std::mem::take(&mut state.waiting) {
            if sends.len() < TOGETHER && !state.busy.contains(&send.conversation) {
                sends.push(send);
            } else {
                state.waiting.push_back(send);
            }
        }
        if sends.is_empty() {
            return None;
        }
        let conversations: HashSet<_> = sends.iter().map(|send| send.conversation).collect();
        state.busy.extend(&conversations);
        state.under_way += 1;
        Some(Batch {
            told: Vec::new(),
            sends,
            clock: Arc::clone(&self.0.clock),
            place: Place {
                line: self.clone(),
                conversations,
            },
        })
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of those that may be under way; when it is given back, what has come meanwhile goes on.
struct Place {
    line: Together,
    conversations: HashSet<ConversationKind>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.line.0.lock();
        state.under_way -= 1;
        for conversation in &self.conversations {
            state.busy.remove(conversation);
        }
        drop(state);
        self.line.go_on();
    }
}

/// Sends that go together.
struct Batch {
    sends: Vec<Waiting>,
    /// What the last run came to, for each.
    told: Vec<Told>,
    clock: Arc<dyn Clock>,
    // The last one: who is answered finds it given back only when all are.
    place: Place,
}

impl WriteJob for Batch {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        let at = self.clock.now();
        match send_many(tx, &self.sends, at) {
            Ok(told) => {
                self.told = told;
                Verdict::Keep
            }
            Err(_) => {
                // Whatever it is, each finds it again by itself, or does not.
                self.told = self.sends.iter().map(|_| None).collect();
                Verdict::Undo
            }
        }
    }

    fn finish(self: Box<Self>, outcome: Outcome<'_>) {
        let Self {
            sends,
            told,
            clock,
            place,
        } = *self;
        let told: Vec<Told> = match outcome {
            Outcome::Committed | Outcome::Undone => told,
            // A defect of one is no reason to fail the others.
            Outcome::Failed(
                StoreError::Broken(_) | StoreError::Panicked | StoreError::Conflict(_),
            ) => sends.iter().map(|_| None).collect(),
            Outcome::Failed(error) => sends
                .iter()
                .map(|_| Some(Err(error.clone().into())))
                .collect(),
        };
        for (send, told) in sends.into_iter().zip(told) {
            let Waiting {
                actor,
                command,
                reply,
                ..
            } = send;
            // The caller may have gone; what was done stands all the same, and what was not is done.
            if let Err(None) = reply.send(told) {
                place.line.send_alone(Alone {
                    actor,
                    command,
                    clock: Arc::clone(&clock),
                });
            }
        }
        drop(place);
    }
}

/// A send whose caller has gone.
struct Alone {
    actor: Actor,
    command: SendMessage,
    clock: Arc<dyn Clock>,
}

impl WriteJob for Alone {
    fn run(&mut self, tx: &mut dyn WriteTx) -> Verdict {
        match send(tx, self.actor, &self.command, self.clock.now()) {
            Ok(_) => Verdict::Keep,
            Err(_) => Verdict::Undo,
        }
    }

    fn finish(self: Box<Self>, _: Outcome<'_>) {}
}

/// Which conversation a send is for, if nothing about it has to be looked at but whether sender and
/// recipient are there.
fn plainly(actor: Actor, command: &SendMessage) -> Option<ConversationKind> {
    acts_as(actor, command.sender).ok()?;
    let Content::Text(_) = command.content else {
        return None;
    };
    Some(match command.recipient {
        Recipient::Group(group) => ConversationKind::Group(group),
        Recipient::User(user) => {
            ConversationKind::Direct(DirectPair::parse(command.sender, user).ok()?)
        }
    })
}

/// Sends those that are plainly good; each other is to go alone.
fn send_many(
    tx: &mut dyn WriteTx,
    sends: &[Waiting],
    at: Timestamp,
) -> Result<Vec<Told>, StoreError> {
    let kinds: Vec<ConversationKind> = sends.iter().map(|send| send.conversation).collect();
    let locked = tx.lock_free_conversations(&kinds)?;

    let (mut members, mut users) = (Vec::new(), Vec::new());
    for send in sends {
        let sender = send.command.sender;
        match send.conversation {
            ConversationKind::Group(group) => members.push((group, sender)),
            ConversationKind::Direct(pair) => users.extend([pair.low(), pair.high()]),
        }
    }
    let mut members = tx.are_members(&members)?.into_iter();
    let mut users = tx.users_exist(&users)?.into_iter();

    let mut messages = Vec::with_capacity(sends.len());
    let mut senders = Vec::with_capacity(sends.len());
    for ((place, send), conversation) in sends.iter().enumerate().zip(locked) {
        // As many are taken as were asked for, whatever else is missing.
        let there = match send.conversation {
            ConversationKind::Group(_) => members.next() == Some(true),
            ConversationKind::Direct(_) => {
                let both = [users.next(), users.next()];
                both == [Some(true), Some(true)]
            }
        };
        let (true, Some(conversation_id)) = (there, conversation) else {
            continue;
        };
        let command = &send.command;
        messages.push(NewMessage {
            conversation_id,
            sender_id: command.sender,
            recipient: command.recipient,
            content: command.content.clone(),
            at,
        });
        senders.push(place);
    }
    let messages = tx.append_messages(&messages)?;
    let events: Vec<_> = messages
        .iter()
        .zip(&senders)
        .map(|(message, place)| event(EventKind::MessageCreated, sends[*place].actor, message, at))
        .collect();
    tx.append_events(&events)?;

    let mut told: Vec<Told> = sends.iter().map(|_| None).collect();
    for (message, place) in messages.into_iter().zip(senders) {
        told[place] = Some(Ok(message));
    }
    Ok(told)
}
