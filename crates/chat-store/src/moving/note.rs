//! What the target says about a move while it is under way.
//!
//! It stands in a table of the move's own, [`TABLE`]. As long as that is there, nothing else opens the
//! database: what it has is not all.

use diesel::prelude::*;
use diesel::result::QueryResult;

use super::MoveError;
use super::ends::Read;
use super::tables::Table;

/// The table, which only a database has that is being moved into.
pub(crate) const TABLE: &str = "chat_move";

/// What makes it, on every backend.
pub(crate) const CREATE: &str = "CREATE TABLE chat_move (\
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1), log_id TEXT NOT NULL, position BIGINT NOT NULL, \
    contents TEXT NOT NULL)";

diesel::table! {
    /// One row, while there is a move.
    chat_move (id) {
        id -> BigInt,
        log_id -> Text,
        position -> BigInt,
        contents -> Text,
    }
}

/// Which source it is, and what it had when the move was begun.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = chat_move)]
pub(crate) struct Note {
    id: i64,
    log_id: String,
    position: i64,
    /// Of each table how many rows it had, and the last id that it gave.
    contents: String,
}

impl Note {
    /// What the source has now.
    pub(crate) fn of(
        source: &mut dyn Read,
        log_id: &str,
        position: i64,
    ) -> QueryResult<(Self, u64)> {
        let (mut contents, mut all) = (Vec::new(), 0);
        for table in Table::ALL {
            let rows = source.rows(table)?;
            let given = source.last_given(table)?;
            contents.push(format!("{} {rows}/{given}", table.name()));
            all += rows;
        }
        let note = Self {
            id: 1,
            log_id: log_id.to_owned(),
            position,
            contents: contents.join(", "),
        };
        Ok((note, all))
    }

    /// Whether it is of this log, up to this position.
    pub(crate) fn is_of(&self, log_id: &str, position: i64) -> bool {
        self.log_id == log_id && self.position == position
    }

    /// Refuses to go on from `now` where this was begun.
    pub(crate) fn go_on(&self, now: &Self) -> Result<(), MoveError> {
        if self.log_id != now.log_id {
            return Err(MoveError::OtherSource {
                log_id: self.log_id.clone(),
            });
        }
        if self.position != now.position {
            return Err(MoveError::SourceChanged(format!(
                "its log was at {}, and is at {}",
                self.position, now.position
            )));
        }
        let changed = self
            .contents
            .split(", ")
            .zip(now.contents.split(", "))
            .find(|(then, now)| then != now);
        match changed {
            None if self.contents == now.contents => Ok(()),
            None => Err(MoveError::SourceChanged("it has other tables".to_owned())),
            Some((then, now)) => Err(MoveError::SourceChanged(format!(
                "of rows and of ids {then} were there, now {now}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(log_id: &str, position: i64, contents: &str) -> Note {
        Note {
            id: 1,
            log_id: log_id.to_owned(),
            position,
            contents: contents.to_owned(),
        }
    }

    #[test]
    fn a_move_goes_on_from_what_it_was_begun_with_alone() {
        let begun = note("a", 7, "users 3/4, groups 1/1");
        assert!(begun.go_on(&begun.clone()).is_ok());
        let refused = |now: Note| begun.go_on(&now).unwrap_err().to_string();
        let other = refused(note("b", 7, "users 3/4, groups 1/1"));
        assert!(other.contains("of the log a"), "{other}");
        let later = refused(note("a", 9, "users 3/4, groups 1/1"));
        assert!(later.contains("was at 7, and is at 9"), "{later}");
        let more = refused(note("a", 7, "users 4/5, groups 1/1"));
        assert!(
            more.contains("users 3/4 were there, now users 4/5"),
            "{more}"
        );
        assert!(refused(note("a", 7, "users 3/4")).contains("other tables"));
    }
}
