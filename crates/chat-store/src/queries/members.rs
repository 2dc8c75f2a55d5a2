//! The port of group membership.

use chat_domain::ports::{Members, MembersRead, StoreResult};
use chat_domain::{GroupId, Member, Page, PageLimit, Role, Timestamp, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::facts::RoleIn;
use super::prepared::{CutDsl, update};
use super::{Conn, Tx, one};
use crate::rows::{MemberRow, Place, Queried};
use crate::schema::{group_members, groups};

impl MembersRead for Tx<'_> {
    fn role(&mut self, group: GroupId, user: UserId) -> StoreResult<Option<Role>> {
        self.known(RoleIn(group, user), |conn| {
            let role = group_members::table
                .find((group.get(), user.get()))
                .select(group_members::role)
                .get_result::<String>(conn)
                .optional()?;
            Place::pair("group_members", group.get(), user.get())
                .read_some("role", role, |role| role.parse::<Role>())
        })
    }

    fn member(&mut self, group: GroupId, user: UserId) -> StoreResult<Option<Member>> {
        self.read(|conn| {
            group_members::table
                .find((group.get(), user.get()))
                .select(MemberRow::as_select())
                .get_result(conn)
                .optional()?
                .map(Member::try_from)
                .transpose()
        })
    }

    fn owner(&mut self, group: GroupId) -> StoreResult<Option<UserId>> {
        self.read(|conn| {
            let owner = group_members::table
                .filter(group_members::group_id.eq(group.get()))
                // Not a bound value: only with the constant is the partial index of owners used,
                // and without it every member is looked at.
                .filter(sql::<Bool>("role = 'owner'"))
                .select(group_members::user_id)
                .get_result::<i64>(conn)
                .optional()?;
            Place::row("group_members", group.get()).read_some("user_id", owner, UserId::parse)
        })
    }

    fn members(
        &mut self,
        group: GroupId,
        after: Option<UserId>,
        limit: PageLimit,
    ) -> StoreResult<Page<Member>> {
        self.read(|conn| {
            let rows = group_members::table
                .filter(group_members::group_id.eq(group.get()))
                .filter(group_members::user_id.gt(after.map_or(0, UserId::get)))
                .order(group_members::user_id)
                .select(MemberRow::as_select())
                .cut(0, limit.get() + 1)
                .load(conn)?;
            let found = rows
                .into_iter()
                .map(Member::try_from)
                .collect::<Result<_, _>>()?;
            Ok(Page::cut(found, limit))
        })
    }
}

impl Members for Tx<'_> {
    fn insert_member(&mut self, member: &Member) -> StoreResult<()> {
        self.write(|conn| {
            diesel::insert_into(group_members::table)
                .values((
                    group_members::group_id.eq(member.group_id.get()),
                    group_members::user_id.eq(member.user_id.get()),
                    group_members::role.eq(member.role.as_str()),
                    group_members::created_at.eq(member.created_at.as_micros()),
                    group_members::updated_at.eq(member.updated_at.as_micros()),
                ))
                .execute(conn)?;
            count(conn, member.group_id, 1)
        })
    }

    fn set_role(
        &mut self,
        group: GroupId,
        user: UserId,
        role: Role,
        at: Timestamp,
    ) -> StoreResult<()> {
        self.forget(RoleIn(group, user));
        self.write(|conn| {
            let member = group_members::group_id
                .eq(group.get())
                .and(group_members::user_id.eq(user.get()));
            let changes = (
                group_members::role.eq(role.as_str()),
                group_members::updated_at.eq(at.as_micros()),
            );
            let changed = update(group_members::table, member, changes).execute(conn)?;
            one(changed, format_args!("member {user} of group {group}"))
        })
    }

    fn delete_member(&mut self, group: GroupId, user: UserId) -> StoreResult<()> {
        self.forget(RoleIn(group, user));
        self.write(|conn| {
            let deleted = diesel::delete(group_members::table.find((group.get(), user.get())))
                .execute(conn)?;
            one(deleted, format_args!("member {user} of group {group}"))?;
            count(conn, group, -1)
        })
    }
}

/// Changes the number of members that a living group shows.
fn count(conn: &mut Conn, group: GroupId, change: i64) -> Queried<()> {
    let living = groups::id.eq(group.get()).and(groups::deleted_at.is_null());
    let counted = groups::member_count.eq(groups::member_count + change);
    let changed = update(groups::table, living, counted).execute(conn)?;
    one(changed, format_args!("living group {group}"))
}
