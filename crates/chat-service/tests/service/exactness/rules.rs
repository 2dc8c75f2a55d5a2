//! What a call comes to by the contract: its answer or the code of its refusal, what it leaves in the
//! log, and what is so from then on.
//!
//! Written from the contract alone: no rule is asked of the policy that is under test.

use chat_domain::EventKind::{
    self, GroupCreated, GroupDeleted, MemberAdded, MemberRemoved, MemberRoleChanged,
    MessageCreated, MessageDeleted, MessageSeen, MessageSeenUpTo,
};
use chat_domain::{Role, Timestamp};

use super::deeds::{By, Call, Deed, To};
use super::model::{Group, Model, Moment, Place, Sent, Stay, UpTo, time};

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
            Deed::Send { sender, to } => doing.send(sender, to),
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

impl Doing<'_> {
    fn create_group(&mut self, owner: Option<usize>, named_as: Option<usize>) -> Told {
        self.actor_exists()?;
        if let Some(owner) = owner {
            self.exists(owner)?;
        }
        let owner = match (self.by, owner) {
            (By::User(user), Some(owner)) if owner != user => return Err("forbidden"),
            (By::User(user), _) => Some(user),
            (By::System, owner) => owner,
        };
        let group = self.model.groups.len();
        let name = named_as.map_or(group, |other| self.model.groups[other].name);
        if self
            .model
            .groups
            .iter()
            .any(|g| g.name == name && !g.deleted)
        {
            return Err("group_name_taken");
        }
        self.model.groups.push(Group {
            name,
            deleted: false,
        });
        self.tell(GroupCreated, Place::Group(group), None, owner, None);
        if let Some(owner) = owner {
            self.join(group, owner, Role::Owner);
        }
        let members = owner
            .map(|owner| (owner, Role::Owner))
            .into_iter()
            .collect();
        Ok(Answer::Group { members })
    }

    fn delete_group(&mut self, group: usize) -> Told {
        if self.role_in(group)? != Role::Owner {
            return Err("forbidden");
        }
        self.end_group(group);
        Ok(Answer::Done)
    }

    fn put(&mut self, group: usize, user: usize, wanted: Option<Role>) -> Told {
        let acting = self.role_in(group)?;
        self.exists(user)?;
        if !acting.is_admin() {
            return Err("forbidden");
        }
        let current = self.model.role(group, user);
        let target = wanted.or(current).unwrap_or(Role::Member);
        if current != Some(target) {
            let joins_plainly = current.is_none() && target == Role::Member;
            if acting != Role::Owner && !joins_plainly {
                return Err("forbidden");
            }
            if current == Some(Role::Owner) {
                return Err("owner_must_transfer");
            }
            let members = self.model.members(group);
            let owner = members
                .iter()
                .find(|m| m.role == Role::Owner)
                .map(|m| m.user);
            if let (Role::Owner, Some(owner)) = (target, owner) {
                self.set_role(group, owner, Role::Admin);
            }
            match current {
                None => self.join(group, user, target),
                Some(_) => self.set_role(group, user, target),
            }
        }
        let stay = self.stay(group, user);
        Ok(Answer::Member {
            role: target,
            added: current.is_none(),
            joined: time(stay.from),
            changed: time(stay.role_from),
        })
    }

    fn remove(&mut self, group: usize, user: usize) -> Told {
        let acting = self.role_in(group)?;
        let target = self.model.role(group, user).ok_or("member_not_found")?;
        let allowed = match acting {
            Role::Owner => true,
            Role::Admin => self.by == By::User(user) || target == Role::Member,
            Role::Member => self.by == By::User(user),
        };
        if !allowed {
            return Err("forbidden");
        }
        let alone = self.model.members(group).len() == 1;
        if target == Role::Owner && !alone {
            return Err("owner_must_transfer");
        }
        self.stay(group, user).to = Some(self.now);
        self.tell(
            MemberRemoved,
            Place::Group(group),
            None,
            Some(user),
            Some(target),
        );
        if alone {
            self.end_group(group);
        }
        Ok(Answer::Done)
    }

    fn send(&mut self, sender: usize, to: To) -> Told {
        self.acts_as(sender)?;
        self.actor_exists()?;
        match to {
            To::User(receiver) if receiver == sender => return Err("validation_failed"),
            To::User(receiver) => {
                self.exists(sender)?;
                self.exists(receiver)?;
            }
            To::Group(group) => {
                self.exists(sender)?;
                self.role_in(group)?;
                self.model.role(group, sender).ok_or("not_a_member")?;
            }
        }
        let message = self.model.messages.len();
        let place = Place::of(sender, to);
        self.model.messages.push(Sent {
            sender,
            place,
            at: self.now,
            deleted: false,
        });
        self.tell(MessageCreated, place, Some(message), Some(sender), None);
        Ok(Answer::Message {
            seq: self.model.seq(message),
            at: time(self.now),
        })
    }

    fn mark(&mut self, reader: usize, message: usize, up_to: bool) -> Told {
        self.acts_as(reader)?;
        let Sent {
            sender, place, at, ..
        } = self.known(message)?;
        self.exists(reader)?;
        let since = self.model.takes_part_since(place, reader);
        let since = since
            .filter(|_| reader != sender)
            .ok_or("not_a_recipient")?;

        let before = self.model.marks.get(&(reader, message)).copied();
        let seen = *self
            .model
            .marks
            .entry((reader, message))
            .or_insert(self.now);
        let advances = up_to && at > since && !self.said_up_to(reader, message, since);
        if advances {
            for older in self
                .model
                .sent_to(place)
                .into_iter()
                .filter(|m| *m < message)
            {
                let sent = &self.model.messages[older];
                if sent.at > since && sent.sender != reader && !sent.deleted {
                    self.model.marks.entry((reader, older)).or_insert(self.now);
                }
            }
            self.model.up_tos.push(UpTo {
                reader,
                message,
                at: self.now,
            });
            self.tell(MessageSeenUpTo, place, Some(message), Some(reader), None);
        } else if before.is_none() {
            self.tell(MessageSeen, place, Some(message), Some(reader), None);
        }
        Ok(Answer::Seen(time(seen)))
    }

    fn delete_message(&mut self, message: usize) -> Told {
        let Sent { sender, place, .. } = self.known(message)?;
        let admin = match (self.by, place) {
            (By::System, _) => true,
            (By::User(_), Place::Group(group)) => self.role_in(group)?.is_admin(),
            (By::User(_), Place::Pair(..)) => false,
        };
        if !admin && self.by != By::User(sender) {
            return Err("forbidden");
        }
        self.model.messages[message].deleted = true;
        self.tell(MessageDeleted, place, Some(message), Some(sender), None);
        Ok(Answer::Done)
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

    /// Whether the reader has said since it joined that it has seen everything up to this message or
    /// a later one.
    fn said_up_to(&self, reader: usize, message: usize, since: Moment) -> bool {
        let place = self.model.messages[message].place;
        self.model.up_tos.iter().any(|said| {
            said.reader == reader
                && said.at > since
                && said.message >= message
                && self.model.messages[said.message].place == place
        })
    }

    fn stay(&mut self, group: usize, user: usize) -> &mut Stay {
        let mut stays = self.model.stays.iter_mut();
        stays
            .find(|stay| stay.group == group && stay.user == user && stay.to.is_none())
            .expect("a member")
    }

    fn join(&mut self, group: usize, user: usize, role: Role) {
        self.model.stays.push(Stay {
            group,
            user,
            from: self.now,
            to: None,
            role,
            role_from: self.now,
        });
        self.tell(
            MemberAdded,
            Place::Group(group),
            None,
            Some(user),
            Some(role),
        );
    }

    fn set_role(&mut self, group: usize, user: usize, role: Role) {
        let now = self.now;
        let stay = self.stay(group, user);
        (stay.role, stay.role_from) = (role, now);
        self.tell(
            MemberRoleChanged,
            Place::Group(group),
            None,
            Some(user),
            Some(role),
        );
    }

    fn end_group(&mut self, group: usize) {
        self.model.groups[group].deleted = true;
        let now = self.now;
        let members = self
            .model
            .stays
            .iter_mut()
            .filter(|stay| stay.group == group);
        members.for_each(|stay| stay.to = stay.to.or(Some(now)));
        self.tell(GroupDeleted, Place::Group(group), None, None, None);
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
