//! The port of users.

use chat_domain::ports::{Conflict, StoreResult, Users, UsersRead};
use chat_domain::{NewUser, Page, PageLimit, User, UserId};
use diesel::dsl::{exists, select};
use diesel::prelude::*;

use super::Tx;
use super::facts::Lives;
use super::prepared::CutDsl;
use crate::rows::{Place, UserRow};
use crate::schema::users;

impl UsersRead for Tx<'_> {
    fn user(&mut self, id: UserId) -> StoreResult<Option<User>> {
        self.read(|conn| {
            users::table
                .find(id.get())
                .filter(users::deleted_at.is_null())
                .select(UserRow::as_select())
                .get_result(conn)
                .optional()?
                .map(User::try_from)
                .transpose()
        })
    }

    fn user_exists(&mut self, id: UserId) -> StoreResult<bool> {
        let lives = self.known(Lives(id), |conn| {
            let living = users::table
                .find(id.get())
                .filter(users::deleted_at.is_null());
            let lives: bool = select(exists(living)).get_result(conn)?;
            Ok(lives.then_some(()))
        })?;
        Ok(lives.is_some())
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
}

impl Users for Tx<'_> {
    fn insert_user(&mut self, user: &NewUser) -> StoreResult<User> {
        self.write(|conn| {
            let username_key = user.username.key();
            let id: Option<i64> = diesel::insert_into(users::table)
                .values((
                    users::username.eq(user.username.as_str()),
                    users::username_key.eq(username_key.as_str()),
                    users::email.eq(user.email.as_str()),
                    users::email_key.eq(user.email.key().as_str()),
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
                let taken = select(exists(same_name)).get_result(conn)?;
                return Err(if taken {
                    Conflict::Username
                } else {
                    Conflict::Email
                }
                .into());
            };
            Ok(User {
                id: Place::row("users", id).read("id", id, UserId::parse)?,
                username: user.username.clone(),
                email: user.email.clone(),
                created_at: user.at,
                updated_at: user.at,
            })
        })
    }
}
