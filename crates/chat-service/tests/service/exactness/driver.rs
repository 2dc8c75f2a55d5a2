//! The one place where a history calls the service: numbers become ids, answers become those of the
//! model.

use chat_domain::{
    Actor, Content, Conversation, ConversationId, GroupId, GroupName, LoggedEvent, MAX_ID, Member,
    Message, MessageBody, MessageId, MessagePage, PageLimit, Receipt, Recipient, Timestamp, Unseen,
    UserId, Username, Window,
};
use chat_service::{
    CreateGroup, DeleteGroup, DeleteMessage, ListMessages, MarkSeen, MessageSource, PutMember,
    RemoveMember, SendMessage, ServiceError,
};

use super::deeds::{By, Call, Deed, To};
use super::model::{Model, Place};
use super::rules::Answer;
use crate::support::Fixture;

type Result<T> = std::result::Result<T, ServiceError>;

/// The service as one history sees it: users and groups of its own in a store shared with others.
pub(super) struct World<'f> {
    fixture: &'f Fixture,
    /// What the names of this history end in.
    tag: usize,
    users: Vec<UserId>,
    groups: Vec<(GroupId, ConversationId)>,
    messages: Vec<Message>,
    /// How much of the log has been looked at.
    position: i64,
}

impl<'f> World<'f> {
    pub(super) async fn new(fixture: &'f Fixture, tag: usize, users: usize) -> Self {
        let mut ids = Vec::new();
        for user in 0..users {
            ids.push(fixture.user(&username(user, tag)).await);
        }
        Self {
            fixture,
            tag,
            users: ids,
            groups: Vec::new(),
            messages: Vec::new(),
            position: fixture.log_state().position,
        }
    }

    pub(super) fn set_clock(&self, time: Timestamp) {
        self.fixture.clock.set(time.as_micros());
    }

    /// Does it, and keeps the id of what came of it.
    pub(super) async fn call(&mut self, model: &Model, call: &Call) -> Result<Answer> {
        let service = &self.fixture.service;
        let actor = self.actor(call.by);
        Ok(match call.deed {
            Deed::CreateGroup { owner, named_as } => {
                let own = self.groups.len();
                let name = self.group_name(named_as.map_or(own, |other| model.groups[other].name));
                let owner = owner.map(|user| self.user(user));
                let created = service
                    .create_group(actor, CreateGroup { name, owner })
                    .await?;
                let group = created.group;
                self.groups.push((group.id, group.conversation_id));
                let number = |member: &Member| (self.number(member.user_id), member.role);
                Answer::Group {
                    members: created.members.iter().map(number).collect(),
                }
            }
            Deed::DeleteGroup { group } => {
                let group = self.group(group);
                service.delete_group(actor, DeleteGroup { group }).await?;
                Answer::Done
            }
            Deed::Put { group, user, role } => {
                let (group, user) = (self.group(group), self.user(user));
                let command = PutMember { group, user, role };
                let (member, added) = service.put_member(actor, command).await?;
                Answer::Member {
                    role: member.role,
                    added,
                    joined: member.created_at,
                    changed: member.updated_at,
                }
            }
            Deed::Remove { group, user } => {
                let (group, user) = (self.group(group), self.user(user));
                service
                    .remove_member(actor, RemoveMember { group, user })
                    .await?;
                Answer::Done
            }
            Deed::Send { sender, to, text } => {
                let text = text.to_string();
                let command = SendMessage {
                    sender: self.user(sender),
                    recipient: match to {
                        To::Group(group) => Recipient::Group(self.group(group)),
                        To::User(user) => Recipient::User(self.user(user)),
                    },
                    content: Content::Text(MessageBody::parse(text).expect("a body")),
                };
                let message = service.send(actor, command).await?;
                let (seq, at) = (message.seq.get(), message.created_at);
                self.messages.push(message);
                Answer::Message { seq, at }
            }
            Deed::Mark {
                reader,
                message,
                up_to,
            } => {
                let command = MarkSeen {
                    message: self.message(message),
                    reader: self.user(reader),
                    up_to,
                };
                Answer::Seen(service.mark_seen(actor, command).await?.seen_at)
            }
            Deed::DeleteMessage { message } => {
                let message = self.message(message);
                service
                    .delete_message(actor, DeleteMessage { message })
                    .await?;
                Answer::Done
            }
        })
    }

    pub(super) async fn unseen(&self, user: usize) -> Result<Unseen> {
        let user = self.user(user);
        self.fixture.service.unseen(Actor::User(user), user).await
    }

    pub(super) async fn receipts(&self, message: usize) -> Result<Vec<Receipt>> {
        let (id, limit) = (self.message(message), PageLimit::default());
        let service = &self.fixture.service;
        let page = service.receipts(Actor::System, id, None, limit).await?;
        Ok(page.items)
    }

    /// A group's members, and how many it says it has.
    pub(super) async fn members(&self, group: usize) -> Result<(Vec<Member>, i64)> {
        let (id, limit) = (self.group(group), PageLimit::default());
        let service = &self.fixture.service;
        let page = service.members(Actor::System, id, None, limit).await?;
        let group = service.group(Actor::System, id).await?;
        Ok((page.items, group.member_count))
    }

    /// The messages of a place, oldest first.
    pub(super) async fn timeline(&self, place: Place) -> Result<MessagePage<Message>> {
        let source = match place {
            Place::Group(group) => MessageSource::Group(self.group(group)),
            Place::Pair(one, other) => MessageSource::Direct {
                user: self.user(one),
                peer: self.user(other),
            },
        };
        let command = ListMessages {
            source,
            window: Window::Newest,
            limit: PageLimit::parse(PageLimit::MAX).expect("a limit"),
        };
        let service = &self.fixture.service;
        service.messages(Actor::System, command).await
    }

    /// The conversation of a place, as it is stored; none before its first message.
    pub(super) fn conversation(&self, place: Place) -> Option<Conversation> {
        let id = self.conversation_id(place)?;
        self.fixture.look(move |tx| tx.conversation(id))
    }

    /// What the log has got since it was last asked.
    pub(super) fn news(&mut self) -> Vec<LoggedEvent> {
        let after = self.position;
        let news = self.fixture.look(move |tx| tx.events(after, 100));
        self.position = news.last().map_or(after, |last| last.position);
        news
    }

    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// What the answer to a send was.
    pub(super) fn sent(&self, message: usize) -> &Message {
        &self.messages[message]
    }

    pub(super) fn conversation_id(&self, place: Place) -> Option<ConversationId> {
        match place {
            Place::Group(group) => self
                .groups
                .get(group)
                .map(|(_, conversation)| *conversation),
            Place::Pair(one, other) => {
                let pair = [self.user(one), self.user(other)];
                let there = |message: &&Message| {
                    matches!(message.recipient, Recipient::User(to)
                        if pair.contains(&to) && pair.contains(&message.sender_id))
                };
                let first = self.messages.iter().find(there)?;
                Some(first.conversation_id)
            }
        }
    }

    pub(super) fn group_name(&self, group: usize) -> GroupName {
        GroupName::parse(format!("group {group} of {}", self.tag)).expect("a name")
    }

    pub(super) fn username(&self, user: usize) -> Username {
        Username::parse(username(user, self.tag)).expect("a name")
    }

    /// A user's number; one that is none for a user of another history.
    pub(super) fn number(&self, id: UserId) -> usize {
        let mut users = self.users.iter();
        users.position(|user| *user == id).unwrap_or(usize::MAX)
    }

    pub(super) fn user(&self, user: usize) -> UserId {
        let missing = || UserId::parse(MAX_ID).expect("an id");
        self.users.get(user).copied().unwrap_or_else(missing)
    }

    pub(super) fn group(&self, group: usize) -> GroupId {
        let missing = || GroupId::parse(MAX_ID).expect("an id");
        self.groups.get(group).map_or_else(missing, |(id, _)| *id)
    }

    pub(super) fn message(&self, message: usize) -> MessageId {
        let missing = || MessageId::parse(MAX_ID).expect("an id");
        self.messages.get(message).map_or_else(missing, |m| m.id)
    }

    fn actor(&self, by: By) -> Actor {
        match by {
            By::System => Actor::System,
            By::User(user) => Actor::User(self.user(user)),
        }
    }
}

fn username(user: usize, tag: usize) -> String {
    format!("user{user}-{tag}")
}
