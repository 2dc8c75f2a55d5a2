//! A user's list of conversations on the wire.

use chat_domain::{FoundUser, Overview, User, VisibleUser, With};
use serde::Serialize;
use utoipa::ToSchema;

use super::groups::GroupJson;
use super::messages::MessageJson;
use super::users::FoundUserJson;
use crate::openapi::{ConversationKindName, Id, RoleName};

/// Where a client begins.
#[derive(Serialize, ToSchema)]
#[schema(as = Sync)]
pub(crate) struct SyncJson<'a> {
    /// From where on to read what happens.
    pub(crate) cursor: String,
    /// The conversations, by id; the system has none.
    pub(crate) conversations: Vec<OverviewJson<'a>>,
}

/// A conversation as its user sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
pub(crate) struct OverviewJson<'a> {
    #[schema(value_type = Id)]
    conversation_id: i64,
    #[schema(value_type = ConversationKindName)]
    kind: &'static str,
    /// The other user, if it is direct.
    #[schema(value_type = FoundUserJson, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<FoundUserJson<'a>>,
    /// The group, if it is one.
    #[schema(value_type = GroupJson, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<GroupJson<'a>>,
    /// The user's own role in it.
    #[schema(value_type = RoleName, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// The place of its latest message, deleted ones included: all of this is as of that. What is read of
    /// messages up to here is old.
    #[schema(minimum = 0)]
    last_seq: i64,
    /// Its latest message that was not deleted.
    #[schema(value_type = MessageJson, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<MessageJson<'a>>,
    #[schema(minimum = 0)]
    unseen_count: i64,
}

/// The other user of a direct conversation, as others see it.
pub(crate) struct Shown {
    overview: Overview,
    peer: Option<FoundUser<VisibleUser>>,
}

impl From<Overview> for Shown {
    fn from(overview: Overview) -> Self {
        let peer = match &overview.with {
            With::User(user) => Some(user.clone().map(User::seen_by_others)),
            With::Group { .. } => None,
        };
        Self { overview, peer }
    }
}

impl OverviewJson<'_> {
    /// By what the list goes.
    pub(crate) fn id(&self) -> i64 {
        self.conversation_id
    }
}

impl<'a> From<&'a Shown> for OverviewJson<'a> {
    fn from(shown: &'a Shown) -> Self {
        let Shown { overview, peer } = shown;
        let (kind, group, role) = match &overview.with {
            With::User(_) => ("direct", None, None),
            With::Group { group, role } => ("group", Some(group.into()), Some(role.as_str())),
        };
        Self {
            conversation_id: overview.conversation_id.get(),
            kind,
            peer: peer.as_ref().map(FoundUserJson::from),
            group,
            role,
            last_seq: overview.last_seq.get(),
            last_message: overview.last_message.as_ref().map(MessageJson::from),
            unseen_count: overview.unseen_count,
        }
    }
}
