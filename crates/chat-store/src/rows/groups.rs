//! Rows of `groups` and `group_members`.

use chat_domain::{ConversationId, Group, GroupId, GroupName, Member, Timestamp, UserId};
use diesel::prelude::*;

use super::{Place, Queried, QueryError};
use crate::schema::{group_members, groups};

#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
pub(crate) struct GroupRow {
    id: i64,
    name: String,
    member_count: i64,
    created_at: i64,
    updated_at: i64,
}

impl GroupRow {
    /// The group whose conversation has this id.
    pub(crate) fn with_conversation(self, conversation_id: i64) -> Queried<Group> {
        let place = Place::row("groups", self.id);
        Ok(Group {
            id: place.read("id", self.id, GroupId::parse)?,
            conversation_id: Place::row("conversations", conversation_id).read(
                "id",
                conversation_id,
                ConversationId::parse,
            )?,
            name: GroupName::trusted(self.name),
            member_count: self.member_count,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = group_members)]
pub(crate) struct MemberRow {
    group_id: i64,
    user_id: i64,
    role: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<MemberRow> for Member {
    type Error = QueryError;

    fn try_from(row: MemberRow) -> Result<Self, QueryError> {
        let place = Place::pair("group_members", row.group_id, row.user_id);
        Ok(Self {
            group_id: place.read("group_id", row.group_id, GroupId::parse)?,
            user_id: place.read("user_id", row.user_id, UserId::parse)?,
            role: place.read("role", row.role.as_str(), str::parse)?,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
