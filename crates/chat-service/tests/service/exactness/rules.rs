//! What a call comes to by the contract: its answer or the code of its refusal, what it leaves in the
//! log, and what is so from then on.
//!
//! Written from the contract alone: no rule is asked of the policy that is under test.

mod groups;
mod messages;

use chat_domain::{EventKind, Role, Timestamp};

use super::deeds::{By, Call, Deed};
use super::model::{Model, Moment, Place, Sent, time};

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    Group {
        members: Vec<(usize, Role)>,
    },
    Member {
        role: Role,
        added: bool,
        joined: Timestamp,
        changed: Timestamp,
    },
    Message {
        seq: i64,
        at: Timestamp,
    },
    Seen(Timestamp),
}

/// An answer, or the code of a refusal.
pub(super) type Told = Result<Answer, &'static str>;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: EventKind,
    pub(super) place: Place,
    pub(super) message: Option<usize>,
    pub(super) user: Option<usize>,
    pub(super) role: Option<Role>,
    pub(super) by: By,
    pub(super) at: Timestamp,
}

/// A call on its way: it finds its end in the model, and writes down what it leaves in the log.
struct Doing<'m> {
    model: &'m mut Model,
    by: By,
    now: Moment,
    log: Vec<Entry>,
}

impl Model {
    /// Does what is asked at this moment, if it is allowed.
    pub(super) fn does(&mut self, call: &Call, now: Moment) -> (Told, Vec<Entry>) {
        let mut doing = Doing {
            model: self,
            by: call.by,
            now,
            log: Vec::new(),
        };
        let told = match call.deed {
            Deed::CreateGroup { owner, named_as } => doing.create_group(owner, named_as),
            Deed::DeleteGroup { group } => doing.delete_group(group),
            Deed::Put { group, user, role } => doing.put(group, user, role),
            Deed::Remove { group, user } => doing.remove(group, user),
            Deed::Send { sender, to, text } => doing.send(sender, to, text),
            Deed::Mark {
                reader,
                message,
                up_to,
            } => doing.mark(reader, message, up_to),
            Deed::DeleteMessage { message } => doing.delete_message(message),
        };
        (told, doing.log)
    }
}

/// What several rules ask.
impl Doing<'_> {
    fn exists(&self, user: usize) -> Result<(), &'static str> {
        (user < self.model.users)
            .then_some(())
            .ok_or("user_not_found")
    }

    fn actor_exists(&self) -> Result<(), &'static str> {
        match self.by {
            By::User(user) => self.exists(user).map_err(|_| "unknown_actor"),
            By::System => Ok(()),
        }
    }

    /// Asked first of all here; through HTTP, an actor that does not exist is told so before.
    fn acts_as(&self, named: usize) -> Result<(), &'static str> {
        match self.by {
            By::User(user) if user != named => Err("actor_mismatch"),
            _ => Ok(()),
        }
    }

    /// The actor's role in a group that it may know. The system may do what its owner may.
    fn role_in(&self, group: usize) -> Result<Role, &'static str> {
        self.actor_exists()?;
        let role = match self.by {
            By::System => Some(Role::Owner),
            By::User(user) => self.model.role(group, user),
        };
        role.filter(|_| self.model.lives(group))
            .ok_or("group_not_found")
    }

    /// A message that the actor may know.
    fn known(&self, message: usize) -> Result<Sent, &'static str> {
        self.actor_exists()?;
        if !self.model.readable(message) {
            return Err("message_not_found");
        }
        let sent = self.model.messages[message].clone();
        let known = match self.by {
            By::System => true,
            By::User(user) => self.model.takes_part_since(sent.place, user).is_some(),
        };
        known.then_some(sent).ok_or("message_not_found")
    }

    fn tell(
        &mut self,
        kind: EventKind,
        place: Place,
        message: Option<usize>,
        user: Option<usize>,
        role: Option<Role>,
    ) {
        self.log.push(Entry {
            kind,
            place,
            message,
            user,
            role,
            by: self.by,
            at: time(self.now),
        });
    }
}
