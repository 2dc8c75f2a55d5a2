//! Rows of `users`.

use chat_domain::{
    DeletedUser, DisplayName, EmailAddress, ExternalId, FileId, FoundUser, Timestamp, User, UserId,
    Username,
};
use diesel::prelude::*;

use super::{Place, Queried, QueryError};
use crate::schema::users;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: i64,
    username: String,
    email: String,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    display_name: Option<String>,
    avatar_file_id: Option<i64>,
    external_id: Option<String>,
}

impl UserRow {
    /// The user, or what is left of it.
    pub(crate) fn living_or_not(self) -> Queried<FoundUser<User>> {
        if self.deleted_at.is_none() {
            return self.try_into().map(FoundUser::Living);
        }
        let id = Place::row("users", self.id).read("id", self.id, UserId::parse)?;
        Ok(FoundUser::Deleted(DeletedUser { id }))
    }
}

/// Of a user that is known to live.
impl TryFrom<UserRow> for User {
    type Error = QueryError;

    fn try_from(row: UserRow) -> Result<Self, QueryError> {
        let place = Place::row("users", row.id);
        Ok(Self {
            id: place.read("id", row.id, UserId::parse)?,
            username: Username::trusted(row.username),
            email: EmailAddress::trusted(row.email),
            display_name: row.display_name.map(DisplayName::trusted),
            avatar_file_id: place.read_some("avatar_file_id", row.avatar_file_id, FileId::parse)?,
            external_id: row.external_id.map(ExternalId::trusted),
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}
