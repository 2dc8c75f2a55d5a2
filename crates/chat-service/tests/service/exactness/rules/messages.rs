//! Messages and who has seen them.

use chat_domain::EventKind::{MessageCreated, MessageDeleted, MessageSeen, MessageSeenUpTo};

use super::super::deeds::{By, To};
use super::super::model::{Moment, Place, Sent, UpTo, time};
use super::{Answer, Doing, Told};

impl Doing<'_> {
    pub(super) fn send(&mut self, sender: usize, to: To, text: u16) -> Told {
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
            text,
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

    pub(super) fn mark(&mut self, reader: usize, message: usize, up_to: bool) -> Told {
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

    pub(super) fn delete_message(&mut self, message: usize) -> Told {
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
}
