//! The port of groups.

use chat_domain::ports::{Conflict, Groups, GroupsRead, StoreResult};
use chat_domain::{ConversationId, Group, GroupId, NewGroup, Timestamp};
use diesel::prelude::*;

use super::prepared::update;
use super::{Tx, one, releases};
use crate::rows::{GroupRow, Place};
use crate::schema::{conversations, group_members, groups, participants};

impl GroupsRead for Tx<'_> {
    fn group(&mut self, id: GroupId) -> StoreResult<Option<Group>> {
        self.read(|conn| {
            groups::table
                .inner_join(
                    conversations::table.on(conversations::group_id.eq(groups::id.nullable())),
                )
                .filter(groups::id.eq(id.get()))
                .filter(groups::deleted_at.is_null())
                .select((GroupRow::as_select(), conversations::id))
                .get_result::<(GroupRow, i64)>(conn)
                .optional()?
                .map(|(group, conversation)| group.with_conversation(conversation))
                .transpose()
        })
    }
}

impl Groups for Tx<'_> {
    fn insert_group(&mut self, group: &NewGroup) -> StoreResult<Group> {
        self.write(|conn| {
            let at = group.at.as_micros();
            let id: Option<i64> = diesel::insert_into(groups::table)
                .values((
                    groups::name.eq(group.name.as_str()),
                    groups::name_key.eq(group.name.key().as_str()),
                    groups::created_at.eq(at),
                    groups::updated_at.eq(at),
                ))
                // Not as an error, which would end the transaction on some backends.
                .on_conflict_do_nothing()
                .returning(groups::id)
                .get_result(conn)
                .optional()?;
            let id = id.ok_or(Conflict::GroupName)?;
            let conversation: i64 = diesel::insert_into(conversations::table)
                .values((
                    conversations::group_id.eq(id),
                    conversations::created_at.eq(at),
                ))
                .returning(conversations::id)
                .get_result(conn)?;
            Ok(Group {
                id: Place::row("groups", id).read("id", id, GroupId::parse)?,
                conversation_id: Place::row("conversations", conversation).read(
                    "id",
                    conversation,
                    ConversationId::parse,
                )?,
                name: group.name.clone(),
                member_count: 0,
                created_at: group.at,
                updated_at: group.at,
            })
        })
    }

    fn delete_group(&mut self, group: &Group, at: Timestamp) -> StoreResult<()> {
        self.forget_group(group.id);
        self.write(|conn| {
            let living = groups::id
                .eq(group.id.get())
                .and(groups::deleted_at.is_null());
            let gone = (
                groups::deleted_at.eq(at.as_micros()),
                groups::member_count.eq(0),
            );
            let deleted = update(groups::table, living, gone).execute(conn)?;
            one(deleted, format_args!("living group {}", group.id))?;
            releases::begin(conn, group.conversation_id, at)?;
            let conversation = group.conversation_id.get();
            diesel::delete(group_members::table.filter(group_members::group_id.eq(group.id.get())))
                .execute(conn)?;
            diesel::delete(
                participants::table.filter(participants::conversation_id.eq(conversation)),
            )
            .execute(conn)?;
            Ok(())
        })
    }
}
