//! Random steps. They name nothing: a step picks among what fits when its turn comes, so that a history
//! stays a sensible one when steps before are left out while a failure is made smaller.

use chat_domain::Role;
use proptest::prelude::*;
use proptest::sample::select;

use super::deeds::{By, Call, Deed, To};
use super::model::{Model, Place};

/// A choice among what fits; an odd one among everything, and what does not exist.
///
/// Whatever can be chosen stands somewhere on a ring, and the next one from a spot on is taken. So the
/// choice mostly stays the same when there is more or less to choose from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    spot: u16,
    odd: bool,
}

/// Who acts: whoever it is fit for, the system, or anyone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Fitting(u16),
    System,
    Anyone(u16),
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    SendDirect,
    SendToGroup,
    See,
    SeeUpTo,
    DeleteMessage,
    Join,
    Leave,
    Remove,
    Grant(Role),
    CreateGroup,
    DeleteGroup,
}

/// One step: a verb, and the picks of which it takes what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    verb: Verb,
    group: Pick,
    user: Pick,
    message: Pick,
    by: Whose,
    text: u16,
}

/// Steps that send much, read much, and come and go often.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let verb = prop_oneof![
        6 => Just(Verb::SendDirect),
        18 => Just(Verb::SendToGroup),
        10 => Just(Verb::See),
        8 => Just(Verb::SeeUpTo),
        5 => Just(Verb::DeleteMessage),
        8 => Just(Verb::Join),
        7 => Just(Verb::Leave),
        4 => Just(Verb::Remove),
        6 => select(&Role::ALL[..]).prop_map(Verb::Grant),
        2 => Just(Verb::CreateGroup),
        1 => Just(Verb::DeleteGroup),
    ];
    let by = prop_oneof![
        12 => any::<u16>().prop_map(Whose::Fitting),
        3 => Just(Whose::System),
        2 => any::<u16>().prop_map(Whose::Anyone),
    ];
    // A message keeps its spot while a failure is made smaller.
    let text = any::<u16>().no_shrink();
    (verb, pick(), pick(), pick(), by, text).prop_map(|(verb, group, user, message, by, text)| {
        Step {
            verb,
            group,
            user,
            message,
            by,
            text,
        }
    })
}

fn pick() -> impl Strategy<Value = Pick> {
    let odd = prop::bool::weighted(0.1);
    (any::<u16>(), odd).prop_map(|(spot, odd)| Pick { spot, odd })
}

impl Pick {
    /// One of `fitting`, each of which stands where `on_ring` says; an odd one is any number up to `all`, which
    /// names nothing.
    fn of(self, fitting: &[usize], all: usize, on_ring: impl Fn(usize) -> u16) -> usize {
        let next = |item: &&usize| on_ring(**item).wrapping_sub(self.spot);
        match fitting.iter().min_by_key(next) {
            Some(item) if !self.odd => *item,
            _ => usize::from(self.spot) % (all + 1),
        }
    }

    fn user(self, fitting: &[usize], model: &Model) -> usize {
        self.of(fitting, model.users, spread)
    }

    fn group(self, model: &Model) -> usize {
        self.of(&model.living_groups(), model.groups.len(), spread)
    }

    fn message(self, model: &Model) -> usize {
        let all = model.messages.len();
        let readable: Vec<_> = (0..all)
            .filter(|message| model.readable(*message))
            .collect();
        self.of(&readable, all, |message| model.messages[message].text)
    }
}

/// Where the user or group of a number stands: the first five at nearly the same distances.
fn spread(number: usize) -> u16 {
    u16::try_from(number)
        .unwrap_or(u16::MAX)
        .wrapping_mul(25_856)
}

impl Whose {
    fn of(self, fitting: &[usize], model: &Model) -> By {
        let (spot, odd) = match self {
            Self::System => return By::System,
            Self::Fitting(spot) => (spot, false),
            Self::Anyone(spot) => (spot, true),
        };
        By::User(Pick { spot, odd }.user(fitting, model))
    }
}

impl Step {
    /// The call that this step is, as things stand.
    pub(super) fn call(self, model: &Model) -> Call {
        let group = self.group.group(model);
        let members: Vec<usize> = model.members(group).iter().map(|m| m.user).collect();
        let (deed, fitting) = match self.verb {
            Verb::SendDirect => {
                let everyone: Vec<_> = (0..model.users).collect();
                let sender = self.user.user(&everyone, model);
                let others: Vec<_> = (0..model.users).filter(|user| *user != sender).collect();
                let to = To::User(self.message.user(&others, model));
                (self.send(sender, to), vec![sender])
            }
            Verb::SendToGroup => {
                let sender = self.user.user(&members, model);
                let to = To::Group(group);
                (self.send(sender, to), vec![sender])
            }
            Verb::See => self.mark(model, false),
            Verb::SeeUpTo => self.mark(model, true),
            Verb::DeleteMessage => self.delete_message(model),
            Verb::Join => {
                let away = (0..model.users).filter(|user| !members.contains(user));
                let user = self.user.user(&away.collect::<Vec<_>>(), model);
                self.put(model, group, user, None)
            }
            Verb::Grant(role) => {
                let user = self.user.user(&members, model);
                self.put(model, group, user, Some(role))
            }
            Verb::Leave => {
                let user = self.user.user(&members, model);
                (Deed::Remove { group, user }, vec![user])
            }
            Verb::Remove => {
                // Any member tries, so that plain ones and admins among each other are refused.
                let user = self.user.user(&members, model);
                (Deed::Remove { group, user }, members)
            }
            Verb::CreateGroup => self.create_group(model),
            Verb::DeleteGroup => (Deed::DeleteGroup { group }, owners(model, group)),
        };
        Call {
            by: self.by.of(&fitting, model),
            deed,
        }
    }

    fn send(self, sender: usize, to: To) -> Deed {
        let text = self.text;
        Deed::Send { sender, to, text }
    }

    /// Of a living message, by one who takes part where it stands and did not send it.
    fn mark(self, model: &Model, up_to: bool) -> (Deed, Vec<usize>) {
        let message = self.message.message(model);
        let sent = model.messages.get(message);
        let is_reader = |user: &usize| {
            sent.is_some_and(|sent| {
                sent.sender != *user && model.takes_part_since(sent.place, *user).is_some()
            })
        };
        let readers: Vec<_> = (0..model.users).filter(is_reader).collect();
        let reader = self.user.user(&readers, model);
        let deed = Deed::Mark {
            reader,
            message,
            up_to,
        };
        (deed, vec![reader])
    }

    fn delete_message(self, model: &Model) -> (Deed, Vec<usize>) {
        let message = self.message.message(model);
        let mut fitting = Vec::new();
        if let Some(sent) = model.messages.get(message) {
            fitting.push(sent.sender);
            if let Place::Group(group) = sent.place {
                fitting.extend(admins(model, group));
            }
        }
        (Deed::DeleteMessage { message }, fitting)
    }

    fn put(
        self,
        model: &Model,
        group: usize,
        user: usize,
        role: Option<Role>,
    ) -> (Deed, Vec<usize>) {
        let fitting = match role {
            None | Some(Role::Member) => admins(model, group),
            Some(_) => owners(model, group),
        };
        (Deed::Put { group, user, role }, fitting)
    }

    /// Some name the owner, and some ask for the name of another group.
    fn create_group(self, model: &Model) -> (Deed, Vec<usize>) {
        let everyone: Vec<_> = (0..model.users).collect();
        let user = self.user.user(&everyone, model);
        let other = usize::from(self.group.spot) % model.groups.len().max(1);
        let named_as = (self.text % 4 == 3 && other < model.groups.len()).then_some(other);
        let owner = (self.text % 2 == 1).then_some(user);
        let deed = Deed::CreateGroup { owner, named_as };
        (deed, vec![user])
    }
}

fn admins(model: &Model, group: usize) -> Vec<usize> {
    let members = model.members(group).into_iter();
    members
        .filter(|m| m.role.is_admin())
        .map(|m| m.user)
        .collect()
}

fn owners(model: &Model, group: usize) -> Vec<usize> {
    let members = model.members(group).into_iter();
    members
        .filter(|m| m.role == Role::Owner)
        .map(|m| m.user)
        .collect()
}
