//! Groups and their members.

use chat_domain::EventKind::{
    GroupCreated, GroupDeleted, MemberAdded, MemberRemoved, MemberRoleChanged,
};
use chat_domain::Role;

use super::super::deeds::By;
use super::super::model::{Group, Place, Stay, time};
use super::{Answer, Doing, Told};

impl Doing<'_> {
    pub(super) fn create_group(&mut self, owner: Option<usize>, named_as: Option<usize>) -> Told {
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

    pub(super) fn delete_group(&mut self, group: usize) -> Told {
        if self.role_in(group)? != Role::Owner {
            return Err("forbidden");
        }
        self.end_group(group);
        Ok(Answer::Done)
    }

    pub(super) fn put(&mut self, group: usize, user: usize, wanted: Option<Role>) -> Told {
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

    pub(super) fn remove(&mut self, group: usize, user: usize) -> Told {
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
}
