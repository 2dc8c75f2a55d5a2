//! Rows of `users`.

use chat_domain::{EmailAddress, Timestamp, User, UserId, Username};
use diesel::prelude::*;

use super::{Place, QueryError};
use crate::schema::users;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: i64,
    username: String,
    email: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<UserRow> for User {
    type Error = QueryError;

    fn try_from(row: UserRow) -> Result<Self, QueryError> {
        Ok(Self {
            id: Place::row("users", row.id).read("id", row.id, UserId::parse)?,
            username: Username::trusted(row.username),
            email: EmailAddress::trusted(row.email),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
