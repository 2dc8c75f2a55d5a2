//! Read receipts and unseen counts on the wire.

use chat_domain::{MessageId, Receipt, Unseen, UnseenDirect, UnseenGroup, UserId};
use chat_service::{MarkSeen, Seen};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::fields::{Fields, WireInt, given, int, rules};
use crate::openapi::Id;
use crate::problem::Problem;
use crate::time::WireTime;

/// The body of `POST /messages/:id/seen`; `user_id` names the actor.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkMessage {
    /// The reader; it may be left out when `X-User-Id` names it.
    #[schema(value_type = Option<Id>)]
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
    /// Whether everything before it, since the reader joined, is marked too.
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
#[derive(Serialize, ToSchema)]
#[schema(as = Seen)]
pub(crate) struct SeenJson {
    #[schema(value_type = Id)]
    message_id: i64,
    #[schema(value_type = Id)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptJson {
    #[schema(value_type = Id)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = Unseen)]
pub(crate) struct UnseenJson<'a> {
    /// By peer, latest message first; none with nothing unseen.
    direct_messages: Vec<DirectJson<'a>>,
    /// By group, latest message first; none with nothing unseen.
    group_messages: Vec<GroupJson<'a>>,
    /// The sum of all counts.
    #[schema(minimum = 0)]
    total: i64,
}

/// Unseen messages of a direct conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = UnseenDirect)]
struct DirectJson<'a> {
    #[schema(value_type = Id)]
    user_id: i64,
    username: &'a str,
    #[schema(minimum = 1)]
    unseen_count: i64,
}

/// Unseen messages of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = UnseenGroup)]
struct GroupJson<'a> {
    #[schema(value_type = Id)]
    group_id: i64,
    group_name: &'a str,
    #[schema(minimum = 1)]
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
