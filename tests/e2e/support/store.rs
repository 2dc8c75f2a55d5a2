//! A look into the database file from outside, to see that nothing was changed.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Digest {
    #[diesel(sql_type = Text)]
    digest: String,
}

/// What every table holds, in numbers: equal before and after means that nothing was written.
pub(crate) fn digest(database: &Path) -> String {
    let mut connection =
        SqliteConnection::establish(&database.display().to_string()).expect("the database opens");
    let found: Digest = diesel::sql_query(
        "SELECT printf('users %d groups %d members %d conversations %d participants %d/%d \
         messages %d/%d files %d seens %d ranges %d events %d', \
         (SELECT count(*) FROM users), (SELECT count(*) FROM groups WHERE deleted_at IS NULL), \
         (SELECT count(*) FROM group_members), (SELECT count(*) FROM conversations), \
         (SELECT count(*) FROM participants), (SELECT sum(cleared) FROM participants), \
         (SELECT count(*) FROM messages), (SELECT count(deleted_at) FROM messages), \
         (SELECT count(*) FROM files), (SELECT count(*) FROM seens), \
         (SELECT count(*) FROM seen_ranges), (SELECT position FROM event_log)) AS digest",
    )
    .get_result(&mut connection)
    .expect("the tables are there");
    found.digest
}
