//! Pages of rows, as a move reads and writes them.

use diesel::connection::SimpleConnection;
use diesel::dsl::{count_star, exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::super::{Conn, given};
use crate::moving::ends::{Read, Write};
use crate::moving::note::{CREATE, Note, TABLE, chat_move};
use crate::moving::tables::{self, Key, Page, Table, with_tables};
use crate::schema::event_log;

/// How many rows are read and written at once: twelve columns of these are 24,000 values in a
/// statement, where SQLite takes 32,766 and PostgreSQL 65,535.
const PAGE: i64 = 2_000;

/// The rows above a key in the order of the key, by the index that the key has.
macro_rules! above {
    ($table:ident, $query:expr, $after:expr; $one:ident) => {
        match &*$after.0 {
            [one] => $query.filter(crate::schema::$table::$one.gt(*one)),
            _ => $query,
        }
    };
    ($table:ident, $query:expr, $after:expr; $one:ident, $two:ident) => {
        match &*$after.0 {
            [one, two] => $query.filter(
                sql::<Bool>(concat!(
                    "(",
                    stringify!($one),
                    ", ",
                    stringify!($two),
                    ") > ("
                ))
                .bind::<BigInt, _>(*one)
                .sql(", ")
                .bind::<BigInt, _>(*two)
                .sql(")"),
            ),
            _ => $query,
        }
    };
    ($table:ident, $query:expr, $after:expr; $one:ident, $two:ident, $three:ident) => {
        match &*$after.0 {
            [one, two, three] => $query.filter(
                sql::<Bool>(concat!(
                    "(",
                    stringify!($one),
                    ", ",
                    stringify!($two),
                    ", ",
                    stringify!($three),
                    ") > ("
                ))
                .bind::<BigInt, _>(*one)
                .sql(", ")
                .bind::<BigInt, _>(*two)
                .sql(", ")
                .bind::<BigInt, _>(*three)
                .sql(")"),
            ),
            _ => $query,
        }
    };
}

macro_rules! define {
    ($($Table:ident $table:ident ($($key:ident),+) { $($column:ident: $kind:ty,)+ })+) => {
        fn rows(conn: &mut Conn, table: Table) -> QueryResult<i64> {
            match table {
                $(Table::$Table => crate::schema::$table::table
                    .select(count_star())
                    .get_result(conn),)+
            }
        }

        fn page(conn: &mut Conn, table: Table, after: Option<&Key>) -> QueryResult<Page> {
            match table {
                $(Table::$Table => {
                    use crate::schema::$table::dsl;

                    let mut query = dsl::$table
                        .select(tables::$table::Row::as_select())
                        .order(($(dsl::$key,)+))
                        .limit(PAGE)
                        .into_boxed();
                    if let Some(after) = after {
                        query = above!($table, query, after; $($key),+);
                    }
                    query.load(conn).map(Page::$Table)
                })+
            }
        }

        fn last_key(conn: &mut Conn, table: Table) -> QueryResult<Option<Key>> {
            match table {
                $(Table::$Table => {
                    use crate::schema::$table::dsl;

                    // Nothing but the key, which the tables of older versions have too.
                    let last = dsl::$table
                        .select(($(dsl::$key,)+))
                        .order(($(dsl::$key.desc(),)+))
                        .first(conn)
                        .optional()?;
                    Ok(last.map(|($($key,)+)| Key(vec![$($key),+])))
                })+
            }
        }

        fn put(conn: &mut Conn, page: &Page) -> QueryResult<usize> {
            match page {
                $(Page::$Table(rows) => diesel::insert_into(crate::schema::$table::table)
                    .values(rows)
                    .execute(conn),)+
            }
        }

        fn put_one(conn: &mut Conn, page: &Page, index: usize) -> QueryResult<usize> {
            match page {
                $(Page::$Table(rows) => match rows.get(index) {
                    Some(row) => diesel::insert_into(crate::schema::$table::table)
                        .values(row)
                        .execute(conn),
                    None => Ok(0),
                })+
            }
        }
    };
}

with_tables!(define);

impl Read for Conn {
    fn rows(&mut self, table: Table) -> QueryResult<u64> {
        Ok(u64::try_from(rows(self, table)?).unwrap_or_default())
    }

    fn page(&mut self, table: Table, after: Option<&Key>) -> QueryResult<Page> {
        page(self, table, after)
    }

    fn last_given(&mut self, table: Table) -> QueryResult<i64> {
        match table {
            Table::Events => given::last_position(self),
            table if table.gives() || table == Table::IdempotencyKeys => {
                // Somebody may have given an id by hand, and the next one comes after it all the same.
                let there = last_key(self, table)?.and_then(|key| key.0.first().copied());
                let given = given::last_of(self, table.name())?;
                Ok(there.map_or(given, |there| there.max(given)))
            }
            _ => Ok(0),
        }
    }

    fn log(&mut self) -> QueryResult<Option<(String, i64)>> {
        if !given::has_table(self, Table::EventLog.name())? {
            return Ok(None);
        }
        event_log::table
            .find(1)
            .select((event_log::log_id, event_log::position))
            .first(self)
            .optional()
    }
}

impl Write for Conn {
    fn last_key(&mut self, table: Table) -> QueryResult<Option<Key>> {
        last_key(self, table)
    }

    fn put(&mut self, page: &Page) -> QueryResult<()> {
        put(self, page).map(drop)
    }

    fn put_one(&mut self, page: &Page, index: usize) -> QueryResult<()> {
        put_one(self, page, index).map(drop)
    }

    fn clear_log(&mut self) -> QueryResult<()> {
        diesel::delete(event_log::table).execute(self).map(drop)
    }

    fn give_after(&mut self, table: Table, last: i64) -> QueryResult<()> {
        given::go_on_after(self, table.name(), last)
    }

    fn note(&mut self) -> QueryResult<Option<Note>> {
        if !given::has_table(self, TABLE)? {
            return Ok(None);
        }
        let note = chat_move::table.find(1).select(Note::as_select());
        note.first(self).map(Some)
    }

    fn write_note(&mut self, note: &Note) -> QueryResult<()> {
        self.batch_execute(CREATE)?;
        diesel::insert_into(chat_move::table)
            .values(note)
            .execute(self)
            .map(drop)
    }

    fn drop_note(&mut self) -> QueryResult<()> {
        self.batch_execute("DROP TABLE chat_move")
    }

    fn occupied(&mut self) -> QueryResult<Option<Table>> {
        for table in Table::ALL {
            if !given::has_table(self, table.name())? {
                continue;
            }
            let occupied = match table {
                Table::EventLog => {
                    // Nothing but what tables of older versions have too.
                    let begun = event_log::table
                        .filter(event_log::position.ne(0))
                        .select(event_log::id);
                    diesel::select(exists(begun)).get_result(self)?
                }
                table => last_key(self, table)?.is_some(),
            };
            if occupied {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }
}
