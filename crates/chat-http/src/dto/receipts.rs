//! Read receipts and unseen counts on the wire.

use chat_domain::{MessageId, Receipt, Unseen, UnseenDirect, UnseenGroup, UserId};
use chat_service::{MarkSeen, Seen};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::fields::{Fields, WireInt, given, int, rules};
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /messages/:id/seen`; `user_id` names the actor.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkMessage {
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
    #[validate(skip)]
    up_to: Option<bool>,
}

impl Fields for MarkMessage {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.user_id)
    }
}

impl MarkMessage {
    pub(crate) fn parse(self, message: MessageId) -> Result<MarkSeen, Problem> {
        Ok(MarkSeen {
            message,
            reader: given("user_id", self.user_id, int(UserId::parse))?,
            up_to: self.up_to.unwrap_or(false),
        })
    }
}

/// A message as seen by one reader.
#[derive(Serialize)]
pub(crate) struct SeenJson {
    message_id: i64,
    user_id: i64,
    seen_at: WireTime,
}

impl From<Seen> for SeenJson {
    fn from(seen: Seen) -> Self {
        Self {
            message_id: seen.message_id.get(),
            user_id: seen.user_id.get(),
            seen_at: WireTime(seen.seen_at),
        }
    }
}

/// One reader of a message.
#[derive(Serialize)]
pub(crate) struct ReceiptJson {
    user_id: i64,
    seen_at: WireTime,
}

impl From<&Receipt> for ReceiptJson {
    fn from(receipt: &Receipt) -> Self {
        Self {
            user_id: receipt.user_id.get(),
            seen_at: WireTime(receipt.seen_at),
        }
    }
}

/// What a user has not seen.
#[derive(Serialize)]
pub(crate) struct UnseenJson<'a> {
    direct_messages: Vec<DirectJson<'a>>,
    group_messages: Vec<GroupJson<'a>>,
    total: i64,
}

#[derive(Serialize)]
struct DirectJson<'a> {
    user_id: i64,
    username: &'a str,
    unseen_count: i64,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    group_id: i64,
    group_name: &'a str,
    unseen_count: i64,
}

impl<'a> From<&'a Unseen> for UnseenJson<'a> {
    fn from(unseen: &'a Unseen) -> Self {
        Self {
            direct_messages: unseen.direct.iter().map(DirectJson::from).collect(),
            group_messages: unseen.groups.iter().map(GroupJson::from).collect(),
            total: unseen.total(),
        }
    }
}

impl<'a> From<&'a UnseenDirect> for DirectJson<'a> {
    fn from(unseen: &'a UnseenDirect) -> Self {
        Self {
            user_id: unseen.user_id.get(),
            username: unseen.username.as_str(),
            unseen_count: unseen.count,
        }
    }
}

impl<'a> From<&'a UnseenGroup> for GroupJson<'a> {
    fn from(unseen: &'a UnseenGroup) -> Self {
        Self {
            group_id: unseen.group_id.get(),
            group_name: unseen.group_name.as_str(),
            unseen_count: unseen.count,
        }
    }
}
