//! A story as the use cases write it: each step with its event, and each counter moved.

use std::cell::Cell;

use chat_domain::ports::{StoreResult, WriteTx};
use chat_domain::{
    Actor, EventKind, Group, Message, NewEvent, Recipient, Role, SeenRange, Timestamp, UserId,
};

use super::{Db, at, join, leave, new_group, pair, words};

/// Tells stories in a store; its clock goes on with every step.
pub(crate) struct Logged<'d> {
    db: &'d Db,
    clock: Cell<i64>,
}

impl<'d> Logged<'d> {
    pub(crate) fn new(db: &'d Db) -> Self {
        Self {
            db,
            clock: Cell::new(100),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.set(self.clock.get() + 1);
        at(self.clock.get())
    }

    pub(crate) fn group(&self, name: &str, owner: UserId) -> Group {
        let (now, group) = (self.now(), new_group(name));
        self.db.write(move |tx| {
            let group = tx.insert_group(&group)?;
            log(tx, &group, EventKind::GroupCreated, None, now)?;
            join(tx, &group, owner, Role::Owner)?;
            let member = Some((owner, Role::Owner));
            log(tx, &group, EventKind::MemberAdded, member, now)?;
            Ok(group)
        })
    }

    pub(crate) fn join(&self, group: &Group, user: UserId) {
        let (now, group) = (self.now(), group.clone());
        self.db.write(move |tx| {
            join(tx, &group, user, Role::Member)?;
            let member = Some((user, Role::Member));
            log(tx, &group, EventKind::MemberAdded, member, now)
        });
    }

    pub(crate) fn leave(&self, group: &Group, user: UserId) {
        let (now, group) = (self.now(), group.clone());
        self.db.write(move |tx| {
            leave(tx, &group, user)?;
            let member = Some((user, Role::Member));
            log(tx, &group, EventKind::MemberRemoved, member, now)
        });
    }

    pub(crate) fn promote(&self, group: &Group, user: UserId) {
        let (now, group) = (self.now(), group.clone());
        self.db.write(move |tx| {
            tx.set_role(group.id, user, Role::Admin, now)?;
            let member = Some((user, Role::Admin));
            log(tx, &group, EventKind::MemberRoleChanged, member, now)
        });
    }

    pub(crate) fn delete_group(&self, group: &Group) {
        let (now, group) = (self.now(), group.clone());
        self.db.write(move |tx| {
            tx.delete_group(&group, now)?;
            log(tx, &group, EventKind::GroupDeleted, None, now)
        });
    }

    pub(crate) fn say(&self, group: &Group, sender: UserId) -> Message {
        let to = Recipient::Group(group.id);
        let message = words(group.conversation_id, sender, to, "hello");
        let now = self.now();
        self.db.write(move |tx| {
            let message = tx.append_message(&message)?;
            mark(tx, &message, EventKind::MessageCreated, sender, now)?;
            Ok(message)
        })
    }

    pub(crate) fn tell(&self, sender: UserId, receiver: UserId) -> Message {
        let now = self.now();
        self.db.write(move |tx| {
            let conversation = tx.lock_or_open_direct(pair(sender, receiver), now)?;
            let to = Recipient::User(receiver);
            let message = tx.append_message(&words(conversation.id, sender, to, "hello"))?;
            mark(tx, &message, EventKind::MessageCreated, sender, now)?;
            Ok(message)
        })
    }

    pub(crate) fn delete(&self, message: &Message) {
        let (now, message) = (self.now(), message.clone());
        self.db.write(move |tx| {
            tx.delete_message(&message, now)?;
            let sender = message.sender_id;
            mark(tx, &message, EventKind::MessageDeleted, sender, now)
        });
    }

    /// Marks a message by name, which was not marked.
    pub(crate) fn see(&self, user: UserId, message: &Message) {
        let (now, message) = (self.now(), message.clone());
        self.db.write(move |tx| {
            see(tx, user, &message, now)?;
            mark(tx, &message, EventKind::MessageSeen, user, now)
        });
    }

    /// Marks a message and all before it, which goes on from what was marked so.
    pub(crate) fn see_up_to(&self, user: UserId, message: &Message) {
        let (now, message) = (self.now(), message.clone());
        self.db.write(move |tx| {
            if tx.seen_at(&message, user)?.is_none() {
                see(tx, user, &message, now)?;
            }
            let conversation = message.conversation_id;
            let mut reader = tx.lock_participant(conversation, user)?.unwrap();
            let through = reader.seen_through;
            reader.cleared += tx.count_unmarked(conversation, user, through, message.seq)?;
            reader.seen_through = message.seq;
            tx.insert_seen_range(&SeenRange {
                user_id: user,
                conversation_id: conversation,
                from: through.next(),
                to: message.seq,
                seen_at: now,
            })?;
            tx.update_participant(&reader)?;
            mark(tx, &message, EventKind::MessageSeenUpTo, user, now)
        });
    }
}

fn see(tx: &mut dyn WriteTx, user: UserId, message: &Message, now: Timestamp) -> StoreResult<()> {
    tx.insert_seen(message.id, user, now)?;
    let conversation = message.conversation_id;
    let mut reader = tx.lock_participant(conversation, user)?.unwrap();
    if message.seq > reader.joined_seq {
        reader.cleared += 1;
    }
    tx.update_participant(&reader)
}

fn log(
    tx: &mut dyn WriteTx,
    group: &Group,
    kind: EventKind,
    member: Option<(UserId, Role)>,
    now: Timestamp,
) -> StoreResult<()> {
    tx.append_event(&NewEvent {
        user_id: member.map(|(user, _)| user),
        role: member.map(|(_, role)| role),
        ..NewEvent::new(kind, group.conversation_id, Actor::System, now)
    })
}

fn mark(
    tx: &mut dyn WriteTx,
    message: &Message,
    kind: EventKind,
    user: UserId,
    now: Timestamp,
) -> StoreResult<()> {
    tx.append_event(&NewEvent {
        message_id: Some(message.id),
        user_id: Some(user),
        ..NewEvent::new(kind, message.conversation_id, Actor::System, now)
    })
}
