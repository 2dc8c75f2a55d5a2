//! Rows that tell who has seen what, and what is left unseen.

use chat_domain::{
    GroupId, GroupName, Receipt, Timestamp, Unseen, UnseenDirect, UnseenGroup, UserId, Username,
};
use diesel::prelude::*;

use super::{Place, Queried};

/// A reader, and when it saw the message that was asked about.
#[derive(Queryable)]
pub(crate) struct ReceiptRow {
    user_id: i64,
    seen_at: i64,
}

impl ReceiptRow {
    /// The receipt, found in `table` under this key and the reader's id.
    pub(crate) fn of(self, table: &'static str, key: i64) -> Queried<Receipt> {
        let place = Place::pair(table, key, self.user_id);
        Ok(Receipt {
            user_id: place.read("user_id", self.user_id, UserId::parse)?,
            seen_at: Timestamp::from_micros(self.seen_at),
        })
    }
}

/// A conversation with something unseen: either a group, or a peer.
#[derive(Queryable)]
pub(crate) struct UnseenRow {
    conversation_id: i64,
    count: i64,
    group: Option<(i64, String)>,
    peer: Option<(i64, String)>,
}

impl UnseenRow {
    /// Adds it to the list where it belongs.
    pub(crate) fn add_to(self, unseen: &mut Unseen) -> Queried<()> {
        let place = Place::row("conversations", self.conversation_id);
        match (self.group, self.peer) {
            (Some((id, name)), None) => unseen.groups.push(UnseenGroup {
                group_id: place.read("group_id", id, GroupId::parse)?,
                group_name: GroupName::trusted(name),
                count: self.count,
            }),
            (None, Some((id, name))) => unseen.direct.push(UnseenDirect {
                user_id: Place::row("users", id).read("id", id, UserId::parse)?,
                username: Username::trusted(name),
                count: self.count,
            }),
            _ => return Err(place.broken("group_id", "must stand in place of two users")),
        }
        Ok(())
    }
}
