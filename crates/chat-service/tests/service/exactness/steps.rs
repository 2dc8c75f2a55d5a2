//! Random steps. They name nothing: a step picks by number among what fits when its turn comes, so that
//! a history stays a sensible one when steps before are left out while a failure is made smaller.

use chat_domain::Role;
use proptest::prelude::*;
use proptest::sample::select;

use super::deeds::{By, Call, Deed, To};
use super::model::{Model, Place};

/// A choice by number among what fits; an odd one among everything, and what does not exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    number: u8,
    odd: bool,
}

/// Who acts: whoever it is fit for, the system, or anyone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Fitting(u8),
    System,
    Anyone(u8),
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
}

/// Steps that send much, read much, and come and go often.
pub(super) fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..=most)
}

fn step() -> impl Strategy<Value = Step> {
    let verb = prop_oneof![
        6 => Just(Verb::SendDirect),
        18 => Just(Verb::SendToGroup),
        8 => Just(Verb::See),
        8 => Just(Verb::SeeUpTo),
        5 => Just(Verb::DeleteMessage),
        8 => Just(Verb::Join),
        7 => Just(Verb::Leave),
        2 => Just(Verb::Remove),
        6 => select(&Role::ALL[..]).prop_map(Verb::Grant),
        2 => Just(Verb::CreateGroup),
        1 => Just(Verb::DeleteGroup),
    ];
    let by = prop_oneof![
        12 => any::<u8>().prop_map(Whose::Fitting),
        3 => Just(Whose::System),
        2 => any::<u8>().prop_map(Whose::Anyone),
    ];
    (verb, pick(), pick(), pick(), by).prop_map(|(verb, group, user, message, by)| Step {
        verb,
        group,
        user,
        message,
        by,
    })
}

fn pick() -> impl Strategy<Value = Pick> {
    let odd = prop::bool::weighted(0.1);
    (any::<u8>(), odd).prop_map(|(number, odd)| Pick { number, odd })
}

impl Pick {
    /// One of `fitting`; an odd one is any number up to `all`, which names nothing.
    fn of(self, fitting: &[usize], all: usize) -> usize {
        let number = usize::from(self.number);
        if self.odd || fitting.is_empty() {
            number % (all + 1)
        } else {
            fitting[number % fitting.len()]
        }
    }
}

impl Whose {
    fn of(self, fitting: &[usize], users: usize) -> By {
        match self {
            Self::System => By::System,
            Self::Fitting(number) => By::User(Pick { number, odd: false }.of(fitting, users)),
            Self::Anyone(number) => By::User(Pick { number, odd: true }.of(fitting, users)),
        }
    }
}

impl Step {
    /// The call that this step is, as things stand.
    pub(super) fn call(self, model: &Model) -> Call {
        let group = self.group.of(&model.living_groups(), model.groups.len());
        let members: Vec<usize> = model.members(group).iter().map(|m| m.user).collect();
        let (deed, fitting) = match self.verb {
            Verb::SendDirect => {
                let everyone: Vec<_> = (0..model.users).collect();
                let sender = self.user.of(&everyone, model.users);
                let others: Vec<_> = (0..model.users).filter(|user| *user != sender).collect();
                let to = To::User(self.message.of(&others, model.users));
                (Deed::Send { sender, to }, vec![sender])
            }
            Verb::SendToGroup => {
                let sender = self.user.of(&members, model.users);
                let to = To::Group(group);
                (Deed::Send { sender, to }, vec![sender])
            }
            Verb::See => self.mark(model, false),
            Verb::SeeUpTo => self.mark(model, true),
            Verb::DeleteMessage => self.delete_message(model),
            Verb::Join => {
                let away = (0..model.users).filter(|user| !members.contains(user));
                let user = self.user.of(&away.collect::<Vec<_>>(), model.users);
                self.put(model, group, user, None)
            }
            Verb::Grant(role) => {
                let user = self.user.of(&members, model.users);
                self.put(model, group, user, Some(role))
            }
            Verb::Leave => {
                let user = self.user.of(&members, model.users);
                (Deed::Remove { group, user }, vec![user])
            }
            Verb::Remove => {
                let user = self.user.of(&members, model.users);
                (Deed::Remove { group, user }, admins(model, group))
            }
            Verb::CreateGroup => self.create_group(model),
            Verb::DeleteGroup => (Deed::DeleteGroup { group }, owners(model, group)),
        };
        Call {
            by: self.by.of(&fitting, model.users),
            deed,
        }
    }

    /// Of a living message, by one who takes part where it stands and did not send it.
    fn mark(self, model: &Model, up_to: bool) -> (Deed, Vec<usize>) {
        let message = self.message.of(&newest_first(model), model.messages.len());
        let sent = model.messages.get(message);
        let is_reader = |user: &usize| {
            sent.is_some_and(|sent| {
                sent.sender != *user && model.takes_part_since(sent.place, *user).is_some()
            })
        };
        let readers: Vec<_> = (0..model.users).filter(is_reader).collect();
        let reader = self.user.of(&readers, model.users);
        let deed = Deed::Mark {
            reader,
            message,
            up_to,
        };
        (deed, vec![reader])
    }

    fn delete_message(self, model: &Model) -> (Deed, Vec<usize>) {
        let message = self.message.of(&newest_first(model), model.messages.len());
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
        let user = self.user.of(&everyone, model.users);
        let all: Vec<_> = (0..model.groups.len()).collect();
        let named_as = self.message.number % 4 == 3 || self.group.odd;
        let deed = Deed::CreateGroup {
            owner: (self.message.number % 2 == 1).then_some(user),
            named_as: (named_as && !all.is_empty())
                .then(|| all[usize::from(self.group.number) % all.len()]),
        };
        (deed, vec![user])
    }
}

/// Every message that can be read.
fn newest_first(model: &Model) -> Vec<usize> {
    let all = (0..model.messages.len()).rev();
    all.filter(|message| model.readable(*message)).collect()
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
