//! A database for each test, copied from one that was migrated once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;

use crate::server::{Inner, Postgres, connect, lock};

/// How long somebody may still be connected to a template.
const PATIENCE: Duration = Duration::from_secs(30);

/// What databases are copied from: it is migrated once per server, when the first test asks.
pub struct Template {
    name: &'static str,
    migrate: fn(&str),
    renew: Option<&'static str>,
}

impl Template {
    /// `migrate` gets the URL of an empty database, and leaves no connection to it open. Of templates with
    /// one name only the first is made.
    #[must_use]
    pub const fn new(name: &'static str, migrate: fn(&str)) -> Self {
        Self {
            name,
            migrate,
            renew: None,
        }
    }

    /// What is executed in each copy: that by which none of them is like another.
    #[must_use]
    pub const fn renewed_by(self, sql: &'static str) -> Self {
        Self {
            renew: Some(sql),
            ..self
        }
    }

    fn database(&self) -> String {
        format!("template_{}", self.name)
    }

    fn make(&self, server: &Inner) {
        let database = self.database();
        let execute = |sql: String| {
            server
                .try_execute(&sql)
                .unwrap_or_else(|error| panic!("{sql}: {error}"));
        };
        // A test may have failed to make it.
        execute(format!(
            "DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)"
        ));
        execute(format!("CREATE DATABASE \"{database}\""));
        (self.migrate)(&server.url(&database));
        // While somebody is connected it can't be copied.
        execute(format!(
            "ALTER DATABASE \"{database}\" ALLOW_CONNECTIONS false"
        ));
        execute(cut_off(&database));
    }
}

/// A database of one test. Dropping it drops the database, whoever is still connected.
pub struct TestDatabase {
    server: Weak<Inner>,
    name: String,
    url: String,
}

impl Postgres {
    /// A new database, with all that `template` has. Tests may ask for theirs at the same time.
    #[must_use]
    pub fn database(&self, template: &Template) -> TestDatabase {
        let server = &self.inner;
        let made = Arc::clone(lock(&server.templates).entry(template.name).or_default());
        made.get_or_init(|| template.make(server));

        let database = TestDatabase::copied(server, &template.database());
        if let Some(sql) = template.renew {
            let renewed = database.connect().batch_execute(sql);
            renewed.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        database
    }
}

impl TestDatabase {
    /// A new database, with all that this one has now; whoever is connected to this one is cut off.
    #[must_use]
    pub fn copy(&self) -> Self {
        let server = self.server.upgrade().expect("the server runs");
        let cut_off = cut_off(&self.name);
        let done = server.try_execute(&cut_off);
        done.unwrap_or_else(|error| panic!("{cut_off}: {error}"));
        Self::copied(&server, &self.name)
    }

    fn copied(server: &Arc<Inner>, from: &str) -> Self {
        let number = server.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("t_{number}");
        let sql = format!("CREATE DATABASE {name} TEMPLATE \"{from}\"");
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = server.try_execute(&sql) {
            let busy = error
                .to_string()
                .contains("is being accessed by other users");
            assert!(busy && Instant::now() < deadline, "{sql}: {error}");
            sleep(Duration::from_millis(20));
        }
        Self {
            server: Arc::downgrade(server),
            url: server.url(&name),
            name,
        }
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What its server calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it, as superuser.
    pub fn execute(&self, sql: &str) {
        use diesel::connection::SimpleConnection as _;

        self.connect()
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A new connection to it, as superuser.
    #[must_use]
    pub fn connect(&self) -> PgConnection {
        connect(&self.url)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // With a server that is gone or was killed, so is what it had.
        let Some(server) = self.server.upgrade().filter(|server| server.runs()) else {
            return;
        };
        let statements = [
            cut_off(&self.name),
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        ];
        for sql in statements {
            if let Err(error) = server.try_execute(&sql) {
                eprintln!("{sql}: {error}");
            }
        }
    }
}

/// What ends all connections to a database, and waits a second for that at most. The server would itself
/// when it copies or drops one, but it looks only every 100 ms whether they are gone.
fn cut_off(database: &str) -> String {
    format!(
        "DO $$ BEGIN
           FOR look IN 1..500 LOOP
             PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}';
             EXIT WHEN NOT FOUND;
             PERFORM pg_sleep(0.002);
             PERFORM pg_stat_clear_snapshot();
           END LOOP;
         END $$"
    )
}
