//! Counting everything anew, beside nodes that run, or with a repair, alone.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::connection::{Alone, Server};
use super::sequencer::Outbox;
use super::{OpenError, PostgresOptions, migrate, queries};
use crate::recount::{Recount, RecountError, Repair};
use crate::rows::QueryError;

type Counted<T> = Result<T, RecountError<OpenError>>;

/// Events that are still in the outbox are part of the log: the tables are ahead of it by them. So the
/// count sees a log in which they have their places already. These views hide the tables of the same
/// names from this connection alone, and are gone when the transaction ends.
const WHOLE_LOG: &str = "\
    CREATE TEMPORARY TABLE chat_tables AS \
    SELECT event_log.id, event_log.log_id, event_log.position, event_log.forgotten FROM event_log; \
    CREATE TEMPORARY TABLE chat_events AS SELECT * FROM event_outbox; \
    CREATE TEMPORARY VIEW whole_events AS \
    SELECT position, kind, conversation_id, message_id, user_id, role, actor_id, at FROM events \
    UNION ALL \
    SELECT (SELECT position FROM chat_tables) + row_number() OVER (ORDER BY id), \
    kind, conversation_id, message_id, user_id, role, actor_id, at FROM chat_events; \
    CREATE TEMPORARY VIEW whole_event_log AS SELECT id, log_id, \
    position + (SELECT count(*) FROM chat_events) AS position, forgotten FROM chat_tables; \
    ALTER VIEW whole_events RENAME TO events; \
    ALTER VIEW whole_event_log RENAME TO event_log";

/// Compares every counter, every place and every time of a mark with what the messages, the members
/// and the log say. `progress` hears how many rows of how many are done.
///
/// It changes nothing, reads one moment, and runs beside any number of nodes.
///
/// # Errors
/// If the database can't be reached, its schema is not that of this version, or it can't be read.
pub fn recount(options: &PostgresOptions, progress: &mut dyn FnMut(u64, u64)) -> Counted<Recount> {
    let mut conn = open(&Server::new(options))?;
    conn.build_transaction()
        .repeatable_read()
        .run(|conn| {
            conn.batch_execute(WHOLE_LOG)?;
            let counted = queries::recount(conn, progress)?;
            // The views must go, and nothing else was written.
            Err::<Recount, _>(Ended::Counted(counted))
        })
        .or_else(|ended| match ended {
            Ended::Counted(counted) => Ok(counted),
            Ended::Failed(error) => Err(error.into()),
        })
}

/// Why the transaction of a count ends.
enum Ended {
    Counted(Recount),
    Failed(QueryError),
}

impl From<QueryError> for Ended {
    fn from(error: QueryError) -> Self {
        Self::Failed(error)
    }
}

impl From<diesel::result::Error> for Ended {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Counts like [`recount`], mends what [can be mended](crate::Difference::is_mendable) and was not
/// counted from something in doubt, and counts once more, in one transaction: a repair that breaks off
/// has changed nothing.
///
/// No node may have the database open meanwhile.
///
/// # Errors
/// As for [`recount`]; besides, if a node has the database open.
pub fn repair(options: &PostgresOptions, progress: &mut dyn FnMut(u64, u64)) -> Counted<Repair> {
    let _alone = Alone::take(options).map_err(RecountError::Open)?;
    let mut conn = open(&Server::alone(options))?;
    let repair = conn.transaction(|conn| {
        let mut outbox = Outbox::default();
        while let (1.., after) = outbox.move_some(conn)? {
            outbox = after;
        }
        queries::repair(conn, progress)
    });
    Ok(repair?)
}

/// A connection that may take its time.
fn open(server: &Server) -> Counted<PgConnection> {
    let mut conn = server.open().map_err(RecountError::Open)?;
    migrate::refuse_other(&mut conn).map_err(RecountError::Open)?;
    conn.batch_execute("SET statement_timeout = 0")
        .map_err(QueryError::from)?;
    Ok(conn)
}
