//! Messages on the wire.

use actix_web::http::header::EntityTag;
use chat_domain::{
    Caption, Content, DirectPair, Fault, FileId, GroupId, Invalid, Message, MessageBody,
    MessageKind, Recipient, UserId,
};
use chat_service::SendMessage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::files::FileJson;
use crate::etag::{self, Tagged};
use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::openapi::{Id, MessageKindName};
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /messages`; `sender_id` names the actor.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = one_recipient, skip_on_field_errors = false))]
#[validate(schema(function = to_another, skip_on_field_errors = false))]
#[validate(schema(function = fit_content, skip_on_field_errors = false))]
#[validate(schema(function = fit_file, skip_on_field_errors = false))]
pub(crate) struct CreateMessage {
    #[validate(required, custom(function = rules::id))]
    sender_id: Option<WireInt>,
    #[validate(custom(function = rules::id))]
    receiver_id: Option<WireInt>,
    #[validate(custom(function = rules::id))]
    group_id: Option<WireInt>,
    #[validate(required, custom(function = rules::message_kind))]
    r#type: Option<String>,
    /// Its rules follow from the type.
    #[validate(skip)]
    content: Option<String>,
    #[validate(custom(function = rules::id))]
    file_id: Option<WireInt>,
}

impl Fields for CreateMessage {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.sender_id)
    }
}

impl CreateMessage {
    pub(crate) fn parse(self) -> Result<SendMessage, Problem> {
        Ok(SendMessage {
            sender: given("sender_id", self.sender_id, int(UserId::parse))?,
            recipient: recipient(self.group_id, self.receiver_id)?,
            content: self.content()?,
        })
    }

    fn kind(&self) -> Option<MessageKind> {
        self.r#type.as_deref().and_then(|name| name.parse().ok())
    }

    /// The words under a file; none is what an empty caption means.
    fn caption(&self) -> Option<&str> {
        self.content.as_deref().filter(|text| !text.is_empty())
    }

    fn content(self) -> Result<Content<FileId>, Problem> {
        let kind = given("type", self.r#type.as_deref(), parse_kind)?;
        if kind == MessageKind::Text {
            return given("content", self.content, MessageBody::parse).map(Content::Text);
        }
        let caption = perhaps("content", self.caption(), Caption::parse)?;
        let file = given("file_id", self.file_id, int(FileId::parse))?;
        Ok(match kind {
            MessageKind::Image => Content::Image { file, caption },
            _ => Content::File { file, caption },
        })
    }
}

/// Whom a message is for; that one of both is named is a rule of its own.
pub(super) fn recipient(
    group: Option<WireInt>,
    receiver: Option<WireInt>,
) -> Result<Recipient, Problem> {
    match group {
        Some(_) => given("group_id", group, int(GroupId::parse)).map(Recipient::Group),
        None => given("receiver_id", receiver, int(UserId::parse)).map(Recipient::User),
    }
}

pub(super) fn parse_kind(name: &str) -> Result<MessageKind, Invalid> {
    name.parse()
        .map_err(|error: chat_domain::UnknownMessageKind| {
            Invalid::new(Fault::Format, error.to_string())
        })
}

fn one_recipient(message: &CreateMessage) -> Result<(), ValidationError> {
    one_of_both(message.group_id, message.receiver_id)
}

fn to_another(message: &CreateMessage) -> Result<(), ValidationError> {
    two_users(message.sender_id, message.receiver_id)
}

fn fit_content(message: &CreateMessage) -> Result<(), ValidationError> {
    let checked = match (message.kind(), &message.content) {
        (Some(MessageKind::Text), None) => {
            return Err(rules::between(&["content"], "required", rules::REQUIRED));
        }
        (Some(MessageKind::Text), Some(text)) => MessageBody::check(text),
        (Some(_), Some(_)) => message.caption().map_or(Ok(()), Caption::check),
        _ => Ok(()),
    };
    checked.map_err(|invalid| rules::between(&["content"], invalid.fault.as_str(), invalid.message))
}

fn fit_file(message: &CreateMessage) -> Result<(), ValidationError> {
    match (message.kind(), message.file_id) {
        (Some(MessageKind::Text), Some(_)) => Err(rules::between(
            &["file_id"],
            "conflict",
            "can't be sent with a text",
        )),
        (Some(MessageKind::Image | MessageKind::File), None) => {
            Err(rules::between(&["file_id"], "required", rules::REQUIRED))
        }
        _ => Ok(()),
    }
}

/// Messages are a group's or a direct conversation's: exactly one of the two is named.
pub(super) fn one_of_both(
    group: Option<WireInt>,
    receiver: Option<WireInt>,
) -> Result<(), ValidationError> {
    let both = ["group_id", "receiver_id"];
    match (group, receiver) {
        (None, None) => Err(rules::between(
            &both,
            "required",
            "is required: exactly one of group_id and receiver_id",
        )),
        (Some(_), Some(_)) => Err(rules::between(
            &both,
            "conflict",
            "must be the only one of group_id and receiver_id",
        )),
        _ => Ok(()),
    }
}

/// A direct conversation has two users.
pub(super) fn two_users(
    sender: Option<WireInt>,
    receiver: Option<WireInt>,
) -> Result<(), ValidationError> {
    let id = |value: Option<WireInt>| value.and_then(|WireInt(n)| UserId::parse(n).ok());
    let (Some(sender), Some(receiver)) = (id(sender), id(receiver)) else {
        return Ok(());
    };
    DirectPair::parse(sender, receiver)
        .map(drop)
        .map_err(|invalid| {
            rules::between(&["receiver_id"], invalid.fault.as_str(), invalid.message)
        })
}

/// A message; `receiver_id` or `group_id` says which kind of conversation it stands in.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageJson<'a> {
    #[schema(value_type = Id)]
    id: i64,
    #[schema(value_type = Id)]
    conversation_id: i64,
    /// Its place in the conversation: 1, 2, 3 … without gaps.
    #[schema(value_type = Id)]
    seq: i64,
    #[schema(value_type = Id)]
    sender_id: i64,
    /// Whom it was sent to, if it is a direct message.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_id: Option<i64>,
    /// The group it was sent to, if it is no direct message.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<i64>,
    #[schema(value_type = MessageKindName)]
    r#type: &'static str,
    /// The text, or the caption of a file if it has one.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    /// The file of an image or file message.
    #[schema(value_type = Id, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<i64>,
    #[schema(value_type = FileJson, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileJson<'a>>,
    created_at: WireTime,
    updated_at: WireTime,
}

impl<'a> From<&'a Message> for MessageJson<'a> {
    fn from(message: &'a Message) -> Self {
        let (receiver_id, group_id) = match message.recipient {
            Recipient::User(user) => (Some(user.get()), None),
            Recipient::Group(group) => (None, Some(group.get())),
        };
        let file = message.content.file();
        Self {
            id: message.id.get(),
            conversation_id: message.conversation_id.get(),
            seq: message.seq.get(),
            sender_id: message.sender_id.get(),
            receiver_id,
            group_id,
            r#type: message.content.kind().as_str(),
            content: message.content.text(),
            file_id: file.map(|file| file.id.get()),
            file: file.map(FileJson::from),
            created_at: WireTime(message.created_at),
            updated_at: WireTime(message.updated_at),
        }
    }
}

impl Tagged for Message {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        etag::of(&MessageJson::from(self)).map(Some)
    }
}
