//! What else may happen in groups and to users while messages are sent: one of each kind after the other, so that
//! every kind of event is among what readers are told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::readers::{Dice, THE_END};
use super::writers::{World, Writer};

impl World {
    /// Lets members, groups and users come, change and go until it is told to stop.
    pub(super) fn change(&self, address: SocketAddr, stop: &AtomicBool) -> Writer {
        let mut writer = Writer::new(address, "mover");
        let mut dice = Dice::new(7);
        for round in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match round % 8 {
                6 => self.group_that_passes(&mut writer, &mut dice, round),
                7 => self.user_that_passes(&mut writer, &mut dice, round),
                deed => self.change_once(&mut writer, &mut dice, deed, round),
            }
            sleep(Duration::from_millis(5));
        }
        writer
    }

    fn change_once(&self, writer: &mut Writer, dice: &mut Dice, deed: u64, round: u64) {
        let user = self.any(dice);
        let (group, owner) = self.groups[dice.below(self.groups.len() as u64) as usize];
        if user == owner {
            return;
        }
        let members = format!("/groups/{group}/members");
        let member = json!({"user_id": user});
        match deed {
            0 | 1 => writer.ask(Some(owner), "POST", &members, &member),
            2 => {
                let role = ["admin", "member"][dice.below(2) as usize];
                let member = json!({"user_id": user, "role": role});
                writer.ask(Some(owner), "POST", &members, &member)
            }
            3 => {
                // Taken out, or leaving by itself.
                let by = [owner, user][dice.below(2) as usize];
                let member = format!("{members}/{user}");
                writer.ask(Some(by), "DELETE", &member, &Value::Null)
            }
            4 => {
                let name = json!({"name": format!("group {group} in round {round}")});
                writer.ask(Some(owner), "PATCH", &format!("/groups/{group}"), &name)
            }
            _ => {
                let name = json!({"display_name": format!("in round {round}")});
                writer.ask(Some(user), "PATCH", &format!("/users/{user}"), &name)
            }
        };
    }

    /// A group that is made, handed over, left by who made it, and deleted.
    fn group_that_passes(&self, writer: &mut Writer, dice: &mut Dice, round: u64) {
        let (maker, heir) = (self.any(dice), self.any(dice));
        if maker == heir {
            return;
        }
        let name = json!({"name": format!("passing {round}")});
        let group = writer.make(Some(maker), "/groups", &name);
        let path = format!("/groups/{group}");
        let members = format!("{path}/members");
        writer.ask(Some(maker), "POST", &members, &json!({"user_id": heir}));
        writer.send(maker, "group_id", group, &format!("farewell {round}"));
        let owner = json!({"user_id": heir, "role": "owner"});
        writer.ask(Some(maker), "POST", &members, &owner);
        writer.ask(
            Some(maker),
            "DELETE",
            &format!("{members}/{maker}"),
            &Value::Null,
        );
        writer.send(heir, "group_id", group, &format!("alone {round}"));
        writer.ask(Some(heir), "DELETE", &path, &Value::Null);
    }

    /// A user who comes, says something, is called otherwise and goes. Nobody reads as it.
    fn user_that_passes(&self, writer: &mut Writer, dice: &mut Dice, round: u64) {
        let name = format!("passing-{round}");
        let new = json!({"username": name, "email": format!("{name}@example.org")});
        let user = writer.make(None, "/users", &new);
        let (group, owner) = self.groups[dice.below(self.groups.len() as u64) as usize];
        let members = format!("/groups/{group}/members");
        writer.ask(Some(owner), "POST", &members, &json!({"user_id": user}));
        writer.send(user, "group_id", group, &format!("hello from {name}"));
        writer.send(
            user,
            "receiver_id",
            self.any(dice),
            &format!("psst from {name}"),
        );
        let path = format!("/users/{user}");
        let name = json!({"display_name": name});
        writer.ask(Some(user), "PATCH", &path, &name);
        writer.ask(Some(user), "DELETE", &path, &Value::Null);
    }

    /// Brings everybody together at last, and says that it is the end: the last event that anybody is told.
    pub(super) fn end(&self, address: SocketAddr) -> Writer {
        let mut writer = Writer::new(address, "last");
        let owner = self.users[0];
        let (group, _) = writer.group("the end", &self.users);
        writer.send(owner, "group_id", group, THE_END);
        writer
    }
}
