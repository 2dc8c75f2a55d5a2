//! The port of groups.

use chat_domain::ports::{Conflict, Groups, GroupsRead, StoreResult};
use chat_domain::{
    ConversationId, Group, GroupId, GroupName, NewGroup, Page, PageLimit, Timestamp, UserId,
};
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::prepared::{CutDsl, update};
use super::{Tx, one, releases, taken_meanwhile};
use crate::rows::{GroupRow, Place, Queried};
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

    fn any_group_of(&mut self, conversation: ConversationId) -> StoreResult<Option<Group>> {
        self.read(|conn| {
            conversations::table
                .inner_join(groups::table.on(groups::id.nullable().eq(conversations::group_id)))
                .filter(conversations::id.eq(conversation.get()))
                .select((GroupRow::as_select(), conversations::id))
                .get_result::<(GroupRow, i64)>(conn)
                .optional()?
                .map(|(group, conversation)| group.with_conversation(conversation))
                .transpose()
        })
    }

    fn groups(&mut self, after: Option<GroupId>, limit: PageLimit) -> StoreResult<Page<Group>> {
        self.read(|conn| {
            let rows = groups::table
                .inner_join(
                    conversations::table.on(conversations::group_id.eq(groups::id.nullable())),
                )
                .filter(groups::id.gt(after.map_or(0, GroupId::get)))
                .filter(groups::deleted_at.is_null())
                .order(groups::id)
                .select((GroupRow::as_select(), conversations::id))
                .cut(0, limit.get() + 1)
                .load(conn)?;
            page(rows, limit)
        })
    }

    fn groups_of(
        &mut self,
        user: UserId,
        after: Option<GroupId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Group>> {
        self.read(|conn| {
            // Of a deleted group nobody is a member.
            let rows = group_members::table
                .inner_join(groups::table.on(groups::id.eq(group_members::group_id)))
                .inner_join(
                    conversations::table
                        .on(conversations::group_id.eq(group_members::group_id.nullable())),
                )
                .filter(group_members::user_id.eq(user.get()))
                .filter(group_members::group_id.gt(after.map_or(0, GroupId::get)))
                .order(group_members::group_id)
                .select((GroupRow::as_select(), conversations::id))
                .cut(0, limit.get() + 1)
                .load(conn)?;
            page(rows, limit)
        })
    }
}

fn page(rows: Vec<(GroupRow, i64)>, limit: PageLimit) -> Queried<Page<Group>> {
    let found = rows
        .into_iter()
        .map(|(group, conversation)| group.with_conversation(conversation))
        .collect::<Result<_, _>>()?;
    Ok(Page::cut(found, limit))
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

    fn rename_group(&mut self, id: GroupId, name: &GroupName, at: Timestamp) -> StoreResult<()> {
        self.write(|conn| {
            let living = groups::id.eq(id.get()).and(groups::deleted_at.is_null());
            let key = name.key();
            // An UPDATE can't leave out what is taken, as an INSERT can. The group's own name in another
            // spelling is its own.
            let same = groups::table
                .filter(groups::name_key.eq(key.as_str()))
                .filter(groups::deleted_at.is_null())
                .filter(groups::id.ne(id.get()));
            if select(exists(same)).get_result(conn)? {
                return Err(Conflict::GroupName.into());
            }
            let named = (
                groups::name.eq(name.as_str()),
                groups::name_key.eq(key.as_str()),
                groups::updated_at.eq(at.as_micros()),
            );
            let renamed = update(groups::table, living, named)
                .execute(conn)
                .map_err(taken_meanwhile)?;
            one(renamed, format_args!("living group {id}"))
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
