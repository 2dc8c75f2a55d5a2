//! The follower of the log: the one thread of a node that reads what is new and hands it to whom it concerns.
//!
//! It reads on in [rounds](super::round), when it is told that the log has grown and once a second anyway. A round costs
//! what has happened to those who are connected; while nobody is, nothing is read at all.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_domain::ports::{Cost, StoreError};
use chat_domain::{
    Actor, ConversationKind, EventKind, LoggedEvent, Presence, Signal, Typing, UserId,
};

use super::hub::{Found, Inner, Request};
use super::index::{Index, Shares};
use super::page::brings_member;
use super::presence::Here;
use super::queue::{Pushed, Queue};
use super::round::{Round, State, Wanted, look};
use super::{Ended, Event, Notice};
use crate::unit;

/// How long it waits before it looks at the log untold: another node's hint may be lost.
const POLL: Duration = Duration::from_secs(1);

/// Of how many conversations it is remembered whose they are.
const MOST_KINDS: usize = 100_000;

/// The follower.
pub(super) struct Follower {
    inner: Arc<Inner>,
    state: Arc<Mutex<State>>,
    /// Requests that wait for a round that comes to its end.
    requests: VecDeque<Request>,
    signals: Vec<Signal>,
    here: Here,
    failing: bool,
}

impl Follower {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            state: Arc::default(),
            requests: VecDeque::new(),
            signals: Vec::new(),
            here: Here::default(),
            failing: false,
        }
    }

    /// Follows until the service stops.
    pub(super) fn work(mut self) {
        let mut full = false;
        loop {
            let until = if full {
                Some(Instant::now())
            } else {
                self.until()
            };
            let Found { requests, signals } = self.inner.wait(self.is_following(), until);
            self.requests.extend(requests);
            self.signals.extend(signals);
            if self.inner.is_stopping() {
                self.close_all(&Ended::Stopping);
                return;
            }
            self.tell_who_went();
            let round = catch_unwind(AssertUnwindSafe(|| self.round()));
            full = round.unwrap_or_else(|_| {
                // A defect of ours: who reads is told, and begins anew.
                log::error!("the follower of the log panicked");
                self.close_all(&Ended::Failed(StoreError::Panicked.into()));
                false
            });
        }
    }

    fn is_following(&self) -> bool {
        !self.failing && self.with(|state| state.position.is_some())
    }

    /// When it wakes without being told.
    fn until(&self) -> Option<Instant> {
        let waits = self.failing && !self.requests.is_empty();
        let poll =
            (waits || self.with(|state| !state.index.is_empty())).then(|| Instant::now() + POLL);
        [poll, self.here.next()].into_iter().flatten().min()
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what there is to do; whether there is more at once.
    fn round(&mut self) -> bool {
        self.leave_and_go();
        let wanted = self.wanted();
        let idle = self.with(|state| {
            if state.index.is_empty() {
                // Whoever comes next begins where the log is then.
                state.position = None;
                self.inner.recent.leave();
            }
            state.position.is_none()
        });
        if idle && self.requests.is_empty() {
            // Nobody is there to be told; of who comes and goes it is kept.
            for signal in std::mem::take(&mut self.signals) {
                if let Signal::Presence(presence) = signal {
                    self.here.heard(&presence);
                }
            }
            return false;
        }
        let state = Arc::clone(&self.state);
        let store = &*self.inner.store;
        let read = unit::read_blocking(store, Cost::Bounded, move |tx| {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            look(tx, &state, &wanted)
        });
        match read {
            Ok(round) => {
                if std::mem::take(&mut self.failing) {
                    log::info!("events are delivered again");
                }
                let full = round.full;
                self.apply(round);
                full
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    log::warn!("events are not delivered at the moment: {error}");
                }
                false
            }
        }
    }

    /// Takes out who has gone, for which nothing has to be read, and notes who comes.
    fn leave_and_go(&mut self) {
        let mut joins = VecDeque::new();
        let mut told = Vec::new();
        for request in std::mem::take(&mut self.requests) {
            match request {
                Request::Join { .. } => joins.push_back(request),
                Request::Leave { actor, queue } => {
                    joins.retain(|join| !matches!(join, Request::Join { queue: other, .. } if Arc::ptr_eq(other, &queue)));
                    self.with(|state| state.index.leave(actor, &queue));
                }
                Request::Come(user) => told.extend(self.here.come(user)),
                Request::Go(user, at) => self.here.go(user, Instant::now(), at),
            }
        }
        self.requests = joins;
        self.publish(told);
    }

    fn tell_who_went(&mut self) {
        let gone = self.here.gone(Instant::now());
        self.publish(gone);
    }

    /// Every node is told, this one too.
    fn publish(&self, presences: impl IntoIterator<Item = Presence>) {
        for presence in presences {
            self.inner.bus.publish(Signal::Presence(presence));
        }
    }

    fn wanted(&self) -> Wanted {
        let joining = self.requests.iter().filter_map(|request| match request {
            Request::Join { actor, .. } => actor.user(),
            _ => None,
        });
        let system = |request: &Request| {
            let Request::Join { actor, .. } = request else {
                return false;
            };
            *actor == Actor::System
        };
        let mut wanted = Wanted {
            joining: joining.collect(),
            system: self.requests.iter().any(system),
            typing: Vec::new(),
            presence: Vec::new(),
        };
        for signal in &self.signals {
            match signal {
                Signal::Typing(typing) => wanted.typing.push(*typing),
                Signal::Presence(presence) => wanted.presence.push(presence.user_id),
                Signal::LogGrown => {}
            }
        }
        wanted
    }

    /// Hands on what was read.
    fn apply(&mut self, round: Round) {
        let Round {
            from,
            through,
            entries,
            mut events,
            kinds,
            shares,
            shares_at,
            ..
        } = round;
        let signals = std::mem::take(&mut self.signals);
        let requests = std::mem::take(&mut self.requests);
        let shared = Arc::clone(&self.state);
        let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        if state.kinds.len() + kinds.len() > MOST_KINDS {
            state.kinds.clear();
        }
        state.kinds.extend(kinds);
        for request in requests {
            if let Request::Join {
                actor,
                queue,
                greet,
            } = request
            {
                let known = actor.user().is_some_and(|user| state.index.knows(user));
                let shares = actor.user().and_then(|user| shares.get(&user));
                let shares = shares.filter(|_| !known);
                state.index.join(actor, Arc::clone(&queue), shares);
                queue.joined(from);
                if let (true, Some(user)) = (greet, actor.user()) {
                    self.greet(&state.index, user, &queue);
                }
            }
        }
        self.inner.recent.follow(from, &entries, through);
        for entry in entries {
            let event = events.remove(&entry.position).map(|event| {
                let room = self.inner.budget.take(event.weight());
                Arc::new(event.taking(room))
            });
            let shares = shares_at.get(&entry.position);
            self.hand_on(state, &entry, event.as_ref(), shares);
        }
        state.position = Some(through);
        for signal in signals {
            match signal {
                Signal::Typing(typing) => self.tell_typing(state, typing),
                Signal::Presence(presence) => self.tell_presence(state, presence, &shares),
                Signal::LogGrown => {}
            }
        }
    }

    /// Hands an event to whom it concerns, in the order in which it makes them members and not.
    fn hand_on(
        &self,
        state: &mut State,
        entry: &LoggedEvent,
        event: Option<&Arc<Event>>,
        shares: Option<&Shares>,
    ) {
        if let Some((group, user)) = brings_member(entry) {
            state.index.member_came(group, user);
        }
        let user = entry.event.user_id;
        let conversation = entry.event.conversation_id;
        let kind = conversation.and_then(|id| state.kinds.get(&id).copied());
        if let (EventKind::MessageCreated, Some(ConversationKind::Direct(pair))) =
            (entry.event.kind, kind)
        {
            state.index.met(pair.low(), pair.high());
        }
        if let Some(event) = event {
            let readers = match (conversation, kind, user) {
                (Some(id), Some(kind), _) => state.index.in_conversation(id, kind),
                (None, _, Some(user)) => {
                    let none = Shares::default();
                    let shares = state.index.shares(user).or(shares).unwrap_or(&none);
                    state.index.around(user, shares)
                }
                _ => Vec::new(),
            };
            self.push(&mut state.index, readers, &Notice::Event(Arc::clone(event)));
        }
        match (entry.event.kind, conversation, user) {
            (EventKind::MemberRemoved, Some(group), Some(user)) => {
                state.index.member_went(group, user);
            }
            (EventKind::GroupDeleted, Some(group), _) => state.index.group_went(group),
            (EventKind::UserDeleted, _, Some(user)) => {
                for queue in state.index.user_went(user) {
                    queue.close(Ended::ActorGone);
                }
            }
            _ => {}
        }
    }

    /// Whoever has no room for it reads on from the log.
    fn push(&self, index: &mut Index, readers: Vec<(Actor, Arc<Queue>)>, notice: &Notice) {
        for (actor, queue) in readers {
            if queue.push(notice.clone(), &self.inner.budget) == Pushed::Refused {
                index.leave(actor, &queue);
            }
        }
    }

    fn tell_typing(&self, state: &mut State, typing: Typing) {
        let id = typing.conversation_id;
        let Some(kind) = state.kinds.get(&id) else {
            return;
        };
        let mut readers = state.index.in_conversation(id, *kind);
        readers.retain(|(actor, _)| actor.user() != Some(typing.user_id));
        self.push(&mut state.index, readers, &Notice::Typing(typing));
    }

    fn tell_presence(
        &mut self,
        state: &mut State,
        presence: Presence,
        shares: &HashMap<UserId, Shares>,
    ) {
        if !self.here.heard(&presence) {
            return;
        }
        let user = presence.user_id;
        let none = Shares::default();
        let shares = state.index.shares(user).or(shares.get(&user));
        let others = state.index.present_around(user, shares.unwrap_or(&none));
        let mut readers = state.index.of_system();
        readers.extend(others.into_iter().flat_map(|other| state.index.of(other)));
        self.push(&mut state.index, readers, &Notice::Presence(presence));
    }

    /// Tells a new reader who is there.
    fn greet(&self, index: &Index, user: UserId, queue: &Queue) {
        let Some(shares) = index.shares(user) else {
            return;
        };
        // Peers may be connected to other nodes: all that are online count.
        let others = index.present_around(user, shares);
        let peers = shares.peers.iter().copied();
        let all: HashSet<_> = others.into_iter().chain(peers).collect();
        for other in all.into_iter().filter(|other| self.here.is_online(*other)) {
            let presence = Presence {
                user_id: other,
                online: true,
                last_seen: None,
            };
            queue.push(Notice::Presence(presence), &self.inner.budget);
        }
    }

    fn close_all(&mut self, ended: &Ended) {
        let queues = self.with(|state| {
            state.position = None;
            self.inner.recent.leave();
            state.index.take_all()
        });
        for queue in queues {
            queue.close(ended.clone());
        }
        for request in self.requests.drain(..) {
            if let Request::Join { queue, .. } = request {
                queue.close(ended.clone());
            }
        }
    }
}
