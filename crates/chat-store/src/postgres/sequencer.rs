//! The sequencer: moves committed events from the outbox into the log, and gives them their places.
//!
//! Every node has one, and they take their turns by the row of the log's head. A writer draws the id of
//! an event while it holds the row of what it changes, so that the ids of a conversation's events are in
//! the order of its commits; an event is seen only when the one before it is committed. So moving what is
//! there in the order of ids, and one round after the other, keeps the order of every conversation, and
//! nothing can come in below what was read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use chat_domain::ports::StoreError;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::BigInt;

use super::errors;
use super::worker::Shared;

/// How many events a round moves at the most.
const ROUND: i64 = 2_000;

/// How long a node that has nothing of its own waits before it looks for what others have left.
const IDLE: Duration = Duration::from_secs(1);

/// How long it gathers between two rounds while nobody waits for the log: a round costs a commit.
const GATHER: Duration = Duration::from_millis(2);

/// A thread's sequencer.
pub(super) struct Sequencer {
    shared: Arc<Shared>,
    conn: Option<(PgConnection, Outbox)>,
}

impl Sequencer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, conn: None }
    }

    /// Works until the log is closed, and empties the outbox once more then.
    pub(super) fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut failing = false;
        loop {
            let wanted = shared.log.wait(IDLE);
            let done = catch_unwind(AssertUnwindSafe(|| self.empty()));
            match done.unwrap_or_else(|_| Err(diesel::result::Error::RollbackTransaction)) {
                Ok(()) => {
                    if std::mem::take(&mut failing) {
                        log::info!("events get their places in the log again");
                    }
                    shared.log.reached(wanted.commits);
                }
                Err(error) => {
                    self.conn = None;
                    let error = errors::of_database(&error).error;
                    if !std::mem::replace(&mut failing, true) {
                        log::warn!("events wait for their places in the log: {error}");
                    }
                    shared.log.failed(error);
                    shared.log.pause(IDLE / 4);
                }
            }
            if wanted.closed {
                return;
            }
            if !wanted.urgent {
                shared.log.pause(GATHER);
            }
        }
    }

    /// Moves everything that is committed now.
    fn empty(&mut self) -> QueryResult<()> {
        let (conn, outbox) = match &mut self.conn {
            Some(open) => open,
            None => {
                let conn = self
                    .shared
                    .server
                    .connect_soon()
                    .map_err(|error| unconnected(&error))?;
                self.conn.insert((conn, Outbox::default()))
            }
        };
        loop {
            let moved = outbox.round(conn)?;
            self.shared.stats.sequenced(moved);
            if moved > 0 {
                self.shared.watcher.tell();
            }
            if moved < ROUND {
                return Ok(());
            }
        }
    }
}

fn unconnected(error: &StoreError) -> diesel::result::Error {
    use diesel::result::{DatabaseErrorKind, Error};

    Error::DatabaseError(
        DatabaseErrorKind::UnableToSendCommand,
        Box::new(error.to_string()),
    )
}

/// What is known of the outbox by one connection.
///
/// Rows that were moved stay in the index until nobody could see them any more, and a round that began at
/// the lowest id would walk over them all. So it begins above `empty`: nothing is there any more and
/// nothing can come. That is known of an id when every transaction that could have drawn one as low has
/// ended. How many ids have been drawn since proves nothing: a slow transaction would be passed by, and
/// the next one of its conversation would come before it.
///
/// A server that has crashed may draw the same ids again. Every connection ends by that, and a new one
/// begins with nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outbox {
    empty: i64,
    /// The last id that was drawn when the last round looked.
    drawn: i64,
    watched: Option<Watched>,
}

/// An id, and the number of a transaction that began after it was drawn. A writer has its number before
/// it draws: it holds a row by then. So who has drawn one as low has a lower number.
#[derive(Clone, Copy, Debug)]
struct Watched {
    id: i64,
    before: i64,
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    position: i64,
    /// The last id that was drawn.
    #[diesel(sql_type = BigInt)]
    drawn: i64,
}

#[derive(QueryableByName)]
struct Round {
    #[diesel(sql_type = BigInt)]
    moved: i64,
    /// The number of the oldest transaction that went on when the round looked.
    #[diesel(sql_type = BigInt)]
    oldest: i64,
    /// The round's own number.
    #[diesel(sql_type = BigInt)]
    own: i64,
}

impl Outbox {
    /// Moves some events, in a transaction of its own, and says how many.
    pub(super) fn round(&mut self, conn: &mut PgConnection) -> QueryResult<i64> {
        AnsiTransactionManager::begin_transaction_sql(
            conn,
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        )?;
        match self.move_some(conn) {
            Ok((moved, after)) => {
                AnsiTransactionManager::commit_transaction(conn)?;
                *self = after;
                Ok(moved)
            }
            Err(error) => {
                // The first failure is the one to tell.
                drop(AnsiTransactionManager::rollback_transaction(conn));
                Err(error)
            }
        }
    }

    /// Moves some events inside the transaction of the caller; what is known of the outbox if that is
    /// committed.
    pub(super) fn move_some(self, conn: &mut PgConnection) -> QueryResult<(i64, Self)> {
        // A statement of its own: the next must see what was committed before the head was free.
        let head: Head = diesel::sql_query(
            "SELECT position, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END \
             FROM event_outbox_id_seq) AS drawn FROM event_log WHERE id = 1 FOR UPDATE",
        )
        .get_result(conn)?;
        let round: Round = diesel::sql_query(
            "WITH q AS (SELECT id FROM event_outbox WHERE id > $2 ORDER BY id LIMIT $3), \
             d AS (DELETE FROM event_outbox o USING q WHERE o.id = q.id RETURNING o.*), \
             i AS (INSERT INTO events \
                   (position, kind, conversation_id, message_id, user_id, role, actor_id, at) \
                   SELECT $1 + row_number() OVER (ORDER BY id), \
                   kind, conversation_id, message_id, user_id, role, actor_id, at \
                   FROM d RETURNING 1) \
             SELECT (SELECT count(*) FROM i) AS moved, \
             pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest, \
             pg_current_xact_id()::text::bigint AS own",
        )
        .bind::<BigInt, _>(head.position)
        .bind::<BigInt, _>(self.empty)
        .bind::<BigInt, _>(ROUND)
        .get_result(conn)?;
        if round.moved > 0 {
            diesel::sql_query("UPDATE event_log SET position = $1 WHERE id = 1")
                .bind::<BigInt, _>(head.position + round.moved)
                .execute(conn)?;
        }
        Ok((round.moved, self.after(&head, &round)))
    }

    /// What a round has shown.
    fn after(self, head: &Head, round: &Round) -> Self {
        let watched = self.watched.unwrap_or(Watched {
            id: self.drawn,
            before: round.own,
        });
        // All who could have drawn that id had ended before this round looked, and it took all there was.
        let passed = round.moved < ROUND && round.oldest >= watched.before;
        Self {
            empty: if passed {
                self.empty.max(watched.id)
            } else {
                self.empty
            },
            drawn: head.drawn,
            watched: (!passed).then_some(watched),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(drawn: i64) -> Head {
        Head { position: 0, drawn }
    }

    fn round(own: i64, oldest: i64) -> Round {
        Round {
            moved: 1,
            oldest,
            own,
        }
    }

    #[test]
    fn an_id_is_passed_when_nobody_can_have_drawn_a_lower_one() {
        // Nothing is known before the first round, in which 50 was the last id drawn.
        let outbox = Outbox::default().after(&head(50), &round(10, 10));
        assert_eq!(outbox.empty, 0);
        // Alone: whoever had drawn up to 50 had a number below 11.
        let outbox = outbox.after(&head(60), &round(11, 11));
        assert_eq!(outbox.empty, 50);
        // 9 goes on, and may have drawn any up to 60.
        let outbox = outbox.after(&head(70), &round(12, 9));
        assert_eq!(outbox.empty, 50);
        let outbox = outbox.after(&head(80), &round(13, 12));
        assert_eq!(outbox.empty, 60);
    }

    #[test]
    fn a_round_that_left_some_passes_nothing() {
        let outbox = Outbox::default().after(&head(5_000), &round(10, 10));
        let full = Round {
            moved: ROUND,
            ..round(11, 11)
        };
        let outbox = outbox.after(&head(5_000), &full);
        assert_eq!(outbox.empty, 0);
        let outbox = outbox.after(&head(5_000), &round(12, 12));
        assert_eq!(outbox.empty, 5_000);
    }
}
