//! The port of users.

use chat_domain::ports::{Conflict, StoreResult, Users, UsersRead};
use chat_domain::{
    ConversationId, DeletedUser, DisplayName, ExternalId, FileId, FoundUser, GroupId, NewUser,
    Page, PageLimit, Timestamp, User, UserId,
};
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::result::DatabaseErrorKind::UniqueViolation;
use diesel::result::Error;

use super::facts::Lives;
use super::prepared::{CutDsl, update};
use super::{Conn, Tx, files, locks, one};
use crate::rows::{Place, Queried, QueryError, UserRow};
use crate::schema::{conversations, group_members, users};

/// The user, while it lives.
macro_rules! living {
    ($id:expr) => {
        users::id.eq($id.get()).and(users::deleted_at.is_null())
    };
}

impl UsersRead for Tx<'_> {
    fn user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        self.read(|conn| by_id(conn, id))
    }

    fn any_user(&mut self, id: UserId) -> StoreResult<Option<FoundUser<User>>> {
        self.read(|conn| {
            users::table
                .find(id.get())
                .select(UserRow::as_select())
                .get_result(conn)
                .optional()?
                .map(UserRow::living_or_not)
                .transpose()
        })
    }

    fn user_exists(&mut self, id: UserId) -> StoreResult<bool> {
        let lives = self.known(Lives(id), |conn| lives(conn, id))?;
        Ok(lives.is_some())
    }

    fn user_of(&mut self, external: &ExternalId) -> StoreResult<Option<UserId>> {
        self.read(|conn| {
            let id = users::table
                .filter(users::external_id.eq(external.as_str()))
                .filter(users::deleted_at.is_null())
                .select(users::id)
                .get_result::<i64>(conn)
                .optional()?;
            id.map(user_id).transpose()
        })
    }

    fn users(&mut self, after: Option<UserId>, limit: PageLimit) -> StoreResult<Page<User>> {
        self.read(|conn| {
            let rows = users::table
                .filter(users::id.gt(after.map_or(0, UserId::get)))
                .filter(users::deleted_at.is_null())
                .order(users::id)
                .select(UserRow::as_select())
                .cut(0, limit.get() + 1)
                .load(conn)?;
            let found = rows
                .into_iter()
                .map(User::try_from)
                .collect::<Result<_, _>>()?;
            Ok(Page::cut(found, limit))
        })
    }

    fn memberships(&mut self, user: UserId) -> StoreResult<Vec<(ConversationId, GroupId)>> {
        self.read(|conn| {
            let of_group = conversations::group_id.eq(group_members::group_id.nullable());
            group_members::table
                .inner_join(conversations::table.on(of_group))
                .filter(group_members::user_id.eq(user.get()))
                .order(conversations::id)
                .select((conversations::id, group_members::group_id))
                .load::<(i64, i64)>(conn)?
                .into_iter()
                .map(|(conversation, group)| {
                    let place = Place::row("conversations", conversation);
                    Ok((
                        place.read("id", conversation, ConversationId::parse)?,
                        place.read("group_id", group, GroupId::parse)?,
                    ))
                })
                .collect()
        })
    }

    fn is_avatar(&mut self, file: FileId) -> StoreResult<bool> {
        self.read(|conn| is_avatar(conn, file))
    }

    fn users_shown_by(&mut self, file: FileId) -> StoreResult<Vec<UserId>> {
        self.read(|conn| {
            users::table
                .filter(users::avatar_file_id.eq(file.get()))
                .order(users::id)
                .select(users::id)
                .load::<i64>(conn)?
                .into_iter()
                .map(user_id)
                .collect()
        })
    }
}

impl Users for Tx<'_> {
    fn insert_user(&mut self, user: &NewUser) -> StoreResult<User> {
        self.write(|conn| {
            let username_key = user.username.key();
            let external_id = user.external_id.as_ref().map(ExternalId::as_str);
            let id: Option<i64> = diesel::insert_into(users::table)
                .values((
                    users::username.eq(user.username.as_str()),
                    users::username_key.eq(username_key.as_str()),
                    users::email.eq(user.email.as_str()),
                    users::email_key.eq(user.email.key().as_str()),
                    users::display_name.eq(user.display_name.as_ref().map(DisplayName::as_str)),
                    users::external_id.eq(external_id),
                    users::created_at.eq(user.at.as_micros()),
                    users::updated_at.eq(user.at.as_micros()),
                ))
                // Not as an error, which would end the transaction on some backends.
                .on_conflict_do_nothing()
                .returning(users::id)
                .get_result(conn)
                .optional()?;
            let Some(id) = id else {
                let same_name = users::table.filter(users::username_key.eq(username_key.as_str()));
                if select(exists(same_name)).get_result(conn)? {
                    return Err(Conflict::Username.into());
                }
                let same_external = users::table.filter(users::external_id.eq(external_id));
                let taken = select(exists(same_external)).get_result(conn)?;
                return Err(if taken {
                    Conflict::ExternalId
                } else {
                    Conflict::Email
                }
                .into());
            };
            Ok(User {
                id: user_id(id)?,
                username: user.username.clone(),
                email: user.email.clone(),
                display_name: user.display_name.clone(),
                avatar_file_id: None,
                external_id: user.external_id.clone(),
                created_at: user.at,
                updated_at: user.at,
            })
        })
    }

    fn hold_user(&mut self, id: UserId) -> StoreResult<bool> {
        let lives = self.known(Lives(id), |conn| {
            locks::hold_user(conn, id)?;
            lives(conn, id)
        })?;
        Ok(lives.is_some())
    }

    fn lock_user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        self.read(|conn| {
            locks::user(conn, id)?;
            by_id(conn, id)
        })
    }

    fn update_user(&mut self, before: &User, user: &User) -> StoreResult<()> {
        self.write(|conn| {
            refuse_taken(conn, before, user)?;
            if before.avatar_file_id != user.avatar_file_id {
                if let Some(file) = before.avatar_file_id {
                    files::perhaps_unused(conn, file, user.updated_at)?;
                }
                if let Some(file) = user.avatar_file_id {
                    files::used(conn, file)?;
                }
            }
            let (username_key, email_key) = (user.username.key(), user.email.key());
            let now = (
                users::username.eq(user.username.as_str()),
                users::username_key.eq(username_key.as_str()),
                users::email.eq(user.email.as_str()),
                users::email_key.eq(email_key.as_str()),
                users::display_name.eq(user.display_name.as_ref().map(DisplayName::as_str)),
                users::avatar_file_id.eq(user.avatar_file_id.map(FileId::get)),
                users::external_id.eq(user.external_id.as_ref().map(ExternalId::as_str)),
                users::updated_at.eq(user.updated_at.as_micros()),
            );
            let changed = update(users::table, living!(user.id), now)
                .execute(conn)
                .map_err(taken_meanwhile)?;
            one(changed, format_args!("living user {}", user.id))
        })
    }

    fn delete_user(&mut self, user: &User, at: Timestamp) -> StoreResult<()> {
        self.forget(Lives(user.id));
        self.write(|conn| {
            if let Some(file) = user.avatar_file_id {
                files::perhaps_unused(conn, file, at)?;
            }
            let left = DeletedUser { id: user.id }.username();
            // Names have no control characters, so that nobody is ever kept from one by this.
            let key = format!("\u{1}{}", user.id);
            let nothing = (
                users::username.eq(left.as_str()),
                users::username_key.eq(key.as_str()),
                users::email.eq(""),
                users::email_key.eq(key.as_str()),
                users::display_name.eq(None::<String>),
                users::avatar_file_id.eq(None::<i64>),
                users::external_id.eq(None::<String>),
                users::updated_at.eq(at.as_micros()),
                users::deleted_at.eq(at.as_micros()),
            );
            let deleted = update(users::table, living!(user.id), nothing).execute(conn)?;
            one(deleted, format_args!("living user {}", user.id))
        })
    }
}

/// Whether the file is the avatar of a user. Those that were deleted have none.
pub(super) fn is_avatar(conn: &mut Conn, file: FileId) -> Queried<bool> {
    let shown = users::table.filter(users::avatar_file_id.eq(file.get()));
    Ok(select(exists(shown)).get_result(conn)?)
}

fn user_id(id: i64) -> Queried<UserId> {
    Place::row("users", id).read("id", id, UserId::parse)
}

fn by_id(conn: &mut Conn, id: UserId) -> Queried<Option<User>> {
    users::table
        .find(id.get())
        .filter(users::deleted_at.is_null())
        .select(UserRow::as_select())
        .get_result(conn)
        .optional()?
        .map(User::try_from)
        .transpose()
}

fn lives(conn: &mut Conn, id: UserId) -> Queried<Option<()>> {
    let living = users::table
        .find(id.get())
        .filter(users::deleted_at.is_null());
    let lives: bool = select(exists(living)).get_result(conn)?;
    Ok(lives.then_some(()))
}

/// An UPDATE can't leave out what is taken, as an INSERT can: so it is looked for before. One's own name in
/// another spelling is one's own.
fn refuse_taken(conn: &mut Conn, before: &User, user: &User) -> Queried<()> {
    let others = users::id.ne(user.id.get());
    let key = user.username.key();
    if key != before.username.key() {
        let same = users::table.filter(users::username_key.eq(key.as_str()).and(others));
        if select(exists(same)).get_result(conn)? {
            return Err(Conflict::Username.into());
        }
    }
    let key = user.email.key();
    if key != before.email.key() {
        let same = users::table.filter(users::email_key.eq(key.as_str()).and(others));
        if select(exists(same)).get_result(conn)? {
            return Err(Conflict::Email.into());
        }
    }
    if let Some(external) = &user.external_id {
        let same = users::table.filter(users::external_id.eq(external.as_str()).and(others));
        if select(exists(same)).get_result(conn)? {
            return Err(Conflict::ExternalId.into());
        }
    }
    Ok(())
}

/// Another transaction may have taken it since it was looked for: who looks again finds it.
fn taken_meanwhile(error: Error) -> QueryError {
    match error {
        Error::DatabaseError(UniqueViolation, _) => {
            QueryError::Overtaken("a name was taken meanwhile".to_owned())
        }
        other => other.into(),
    }
}
