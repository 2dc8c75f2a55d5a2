//! Connections to the server, and what has to be set on each.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chat_domain::ports::StoreError;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::{ConnectionError, ConnectionResult, QueryResult};
use diesel::sql_types::{BigInt, Bool};

use super::open::one_line;
use super::{OpenError, PostgresOptions};

/// After one failed to connect, others don't try for so long: what they would wait for is known.
const DOWN: Duration = Duration::from_millis(250);

/// The advisory lock that every connection of a node shares, and that one who must be alone holds.
const NODES: i64 = 0x6368_6174_6e6f_6465;

/// Why a node is refused while somebody is alone with the database.
pub(super) const HELD: &str = "a repair or a move has the database for itself";

const IN_ENGLISH: &str = "SELECT set_config('lc_messages', 'C', false) \
    WHERE current_setting('lc_messages') !~ '^(C|POSIX|en)'";

/// The oldest version with `pg_snapshot`; as the server tells it.
const OLDEST: i64 = 130_000;

/// Where connections are made, and how.
pub(super) struct Server {
    url: String,
    set_up: String,
    /// Whether its connections are those of a node, of which there may be many.
    shared: bool,
    /// When connecting failed last, and why.
    down: Mutex<Option<(Instant, String)>>,
}

impl Server {
    pub(super) fn new(options: &PostgresOptions) -> Self {
        let millis = |timeout: Duration| timeout.as_millis();
        Self {
            url: with_defaults(&options.url, options.connect_timeout),
            // What is durable is what was said to be stored. A server set to more than this keeps it.
            set_up: format!(
                "SET lock_timeout = {}; \
                 SET statement_timeout = {}; \
                 SET idle_in_transaction_session_timeout = '30s'; \
                 SET default_transaction_isolation = 'read committed'; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off'",
                millis(options.lock_timeout),
                millis(options.statement_timeout),
            ),
            shared: true,
            down: Mutex::new(None),
        }
    }

    /// The same for one who is alone with the database, and holds it by [`Alone`].
    pub(super) fn alone(options: &PostgresOptions) -> Self {
        Self {
            shared: false,
            ..Self::new(options)
        }
    }

    /// A connection, set up.
    pub(super) fn connect(&self) -> ConnectionResult<PgConnection> {
        let mut conn = PgConnection::establish(&self.url)?;
        // For the messages by which failures are told apart. A role that may not say so gets them in
        // the server's language, and more is then run again than has to be.
        drop(conn.batch_execute(IN_ENGLISH));
        conn.batch_execute(&self.set_up)
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        if self.shared && !share(&mut conn).map_err(ConnectionError::CouldntSetupConfiguration)? {
            return Err(ConnectionError::BadConnection(HELD.to_owned()));
        }
        Ok(conn)
    }

    /// The same for a job, which is told at once when somebody else has just failed to.
    pub(super) fn connect_soon(&self) -> Result<PgConnection, StoreError> {
        let lock = || self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, cause)) = &*lock()
            && when.elapsed() < DOWN
        {
            return Err(StoreError::Unavailable(cause.clone()));
        }
        match self.connect() {
            Ok(conn) => {
                if lock().take().is_some() {
                    log::info!("PostgreSQL can be reached again");
                }
                Ok(conn)
            }
            Err(error) => {
                let cause = one_line(&error.to_string());
                let before = lock().replace((Instant::now(), cause.clone()));
                // Once for the whole time that it is away.
                if before.is_none() {
                    log::error!("PostgreSQL can't be reached: {cause}");
                }
                Err(StoreError::Unavailable(cause))
            }
        }
    }

    /// The first connection, to a server that must be fit.
    pub(super) fn open(&self) -> Result<PgConnection, OpenError> {
        let mut conn = self
            .connect()
            .map_err(|error| OpenError::of_connecting(&error))?;
        let state = state(&mut conn).map_err(|e| OpenError::Database(one_line(&e.to_string())))?;
        state.refuse_unfit()?;
        Ok(conn)
    }
}

/// The right to be alone with the database: there is no node, and none comes until it is dropped.
pub(super) struct Alone(PgConnection);

/// How long one who would be alone waits for nodes that are just ending: a server sees the end of a
/// connection a little later.
const ENDING: Duration = Duration::from_secs(2);

impl Alone {
    pub(super) fn take(options: &PostgresOptions) -> Result<Self, OpenError> {
        let mut conn = Server::alone(options).open()?;
        let begun = Instant::now();
        loop {
            let taken = diesel::select(pg_try_advisory_lock(NODES)).get_result(&mut conn);
            match taken {
                Ok(true) => return Ok(Self(conn)),
                Ok(false) if begun.elapsed() > ENDING => return Err(OpenError::InUse),
                Ok(false) => thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(OpenError::Database(one_line(&error.to_string()))),
            }
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // At once, and not only when the server has seen the connection end.
        let given_back = diesel::select(pg_advisory_unlock(NODES)).execute(&mut self.0);
        if let Err(error) = given_back {
            log::debug!("a lock ends with its connection: {error}");
        }
    }
}

diesel::define_sql_function! {
    /// Takes a lock for oneself until the connection ends, if nobody has it.
    fn pg_try_advisory_lock(key: BigInt) -> Bool;
}

diesel::define_sql_function! {
    /// Gives back a lock that this connection has.
    fn pg_advisory_unlock(key: BigInt) -> Bool;
}

diesel::define_sql_function! {
    /// The same with others who share it.
    fn pg_try_advisory_lock_shared(key: BigInt) -> Bool;
}

fn share(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(pg_try_advisory_lock_shared(NODES)).get_result(conn)
}

/// The URL with what libpq is told unless it says so itself: to give up on a server that is silent.
fn with_defaults(url: &str, connect_timeout: Duration) -> String {
    let defaults = [
        ("connect_timeout", connect_timeout.as_secs().to_string()),
        ("tcp_user_timeout", "10000".to_owned()),
        ("keepalives_idle", "10".to_owned()),
        ("keepalives_interval", "5".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("fallback_application_name", "chat-server".to_owned()),
    ];
    let mut whole = url.to_owned();
    for (name, value) in defaults {
        if !url.contains(&format!("{name}=")) {
            whole.push(if whole.contains('?') { '&' } else { '?' });
            whole.push_str(&format!("{name}={value}"));
        }
    }
    whole
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    encoding: String,
    #[diesel(sql_type = Bool)]
    standby: bool,
}

fn state(conn: &mut PgConnection) -> QueryResult<State> {
    diesel::sql_query(
        "SELECT current_setting('server_version_num')::bigint AS version, \
         current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby",
    )
    .get_result(conn)
}

impl State {
    fn refuse_unfit(&self) -> Result<(), OpenError> {
        let problem = if self.version < OLDEST {
            "PostgreSQL 13 or a later version is needed: update the server"
        } else if self.encoding != "UTF8" {
            "the database's encoding must be UTF8: make it anew with ENCODING 'UTF8' TEMPLATE template0"
        } else if self.standby {
            "the server is a standby, which can't be written: give the URL of its primary"
        } else {
            return Ok(());
        };
        Err(OpenError::Unfit(problem.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_url_says_goes_first() {
        let url = with_defaults("postgres://h/d?connect_timeout=9", Duration::from_secs(5));
        assert!(
            url.starts_with("postgres://h/d?connect_timeout=9&tcp_user_timeout=10000&"),
            "{url}"
        );
        assert_eq!(url.matches("connect_timeout").count(), 1);
        let url = with_defaults("postgres://h/d", Duration::from_secs(5));
        assert!(
            url.starts_with("postgres://h/d?connect_timeout=5&"),
            "{url}"
        );
    }

    #[test]
    fn a_server_that_is_not_fit_is_told_so() {
        let fit = || State {
            version: 150_000,
            encoding: "UTF8".to_owned(),
            standby: false,
        };
        assert!(fit().refuse_unfit().is_ok());
        let old = State {
            version: 120_020,
            ..fit()
        };
        let latin = State {
            encoding: "LATIN1".to_owned(),
            ..fit()
        };
        let standby = State {
            standby: true,
            ..fit()
        };
        for (state, word) in [(old, "13"), (latin, "UTF8"), (standby, "primary")] {
            let error = state.refuse_unfit().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
