//! A server, from its start to its end.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

use crate::options::Options;
use crate::os::{self, Account, Pid};
use crate::programs::Programs;
use crate::supervisor::Supervisor;

/// How long a server may take to come up or to end, which on a busy machine is far more than a second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// How often a port may turn out to be taken.
const PORTS: usize = 20;

/// A server of this process, on 127.0.0.1. Dropping it ends it and removes its directory.
///
/// Whatever fails panics, with the server's log where that tells why.
pub struct Postgres {
    // The databases of tests know it too, and do not keep it from ending.
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    running: Mutex<Running>,
    pub(crate) dir: PathBuf,
    pub(crate) port: u16,
    pub(crate) account: Account,
    /// Connections to `postgres` that nobody uses right now.
    idle: Mutex<Vec<PgConnection>>,
    /// By name; each is made once.
    pub(crate) templates: Mutex<HashMap<&'static str, Arc<OnceLock<()>>>>,
    pub(crate) databases: AtomicU64,
}

pub(crate) struct Running {
    pub(crate) supervisor: Supervisor,
    pub(crate) server: Option<Pid>,
}

impl Postgres {
    /// The server of all tests of this process, which starts when the first one asks: in about a second.
    ///
    /// `None` where PostgreSQL is missing, which has been said by then: the test is to return. Panics
    /// instead where the variable `TEST_REQUIRE` lists `postgres`.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        // A test that is skipped says so, and not just the first one.
        Programs::find()?;
        SHARED.get_or_init(|| Self::start(&Options::new())).as_ref()
    }

    /// A server for one test. `None` and panics as with [`shared`](Self::shared).
    pub fn start(options: &Options) -> Option<Self> {
        let programs = Programs::find()?;
        let mut supervisor = Supervisor::start(&programs, options);
        let dir = supervisor.dir().to_owned();
        for (name, contents) in options.files() {
            put(&dir, programs.account, name, contents);
        }
        let (port, server) = on_a_free_port(&mut supervisor);
        let running = Running {
            supervisor,
            server: Some(server),
        };
        let inner = Inner {
            running: Mutex::new(running),
            dir,
            port,
            account: programs.account,
            idle: Mutex::default(),
            templates: Mutex::default(),
            databases: AtomicU64::new(0),
        };
        Some(Self {
            inner: Arc::new(inner),
        })
    }

    /// Where a database is reached; `postgres` is always there. It stays the same when the server is
    /// started again.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.inner.url(database)
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.port
    }

    /// Where the server keeps all it has: its `data`, its `log`, and its socket.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        log(&self.inner.dir, 0)
    }

    /// A new connection, as superuser.
    #[must_use]
    pub fn connect(&self, database: &str) -> PgConnection {
        connect(&self.url(database))
    }

    /// Executes statements in the database `postgres`, as superuser; in a transaction if they are several.
    pub fn execute(&self, sql: &str) {
        self.inner
            .try_execute(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Inner {
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn runs(&self) -> bool {
        self.running().server.is_some()
    }

    pub(crate) fn try_execute(&self, sql: &str) -> Result<(), Box<dyn Error>> {
        let idle = lock(&self.idle).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => PgConnection::establish(&self.url("postgres"))?,
        };
        connection.batch_execute(sql)?;
        lock(&self.idle).push(connection);
        Ok(())
    }

    /// Keeps no connection to a server that ends.
    pub(crate) fn hang_up(&self) {
        lock(&self.idle).clear();
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, Running> {
        lock(&self.running)
    }
}

/// A test that failed while it held a lock keeps no other from going on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn connect(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn log(dir: &Path, from: usize) -> String {
    let bytes = fs::read(dir.join("log")).expect("the log is readable");
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}

pub(crate) fn put(dir: &Path, account: Account, name: &str, contents: &[u8]) {
    let path = dir.join("data").join(name);
    account
        .write(&path, contents)
        .unwrap_or_else(|error| panic!("{path:?}: {error}"));
}

/// Whoever takes the port meanwhile, another is tried.
fn on_a_free_port(supervisor: &mut Supervisor) -> (u16, Pid) {
    for _ in 0..PORTS {
        let port = free_port();
        if let Some(server) = start_on(supervisor, port) {
            return (port, server);
        }
    }
    panic!("{PORTS} ports in a row were taken");
}

/// Below the ports that systems give to connections, so that none of those has it when the server starts
/// again.
fn free_port() -> u16 {
    let random = RandomState::new().hash_one(());
    let first = 15_000 + u16::try_from(random % 10_000).expect("it is below 10000");
    (first..32_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a port is free")
}

/// Starts a server, and waits until it takes connections. `None` if the port is taken.
pub(crate) fn start_on(supervisor: &mut Supervisor, port: u16) -> Option<Pid> {
    let before = fs::metadata(supervisor.dir().join("log")).map_or(0, |log| {
        usize::try_from(log.len()).expect("it fits in memory")
    });
    let server = supervisor.start_server(port);
    let dir = supervisor.dir();
    let deadline = Instant::now() + PATIENCE;
    while !is_ready(dir, server) {
        let alive = os::runs(server);
        let log = log(dir, before);
        if !alive && log.contains("Address already in use") {
            return None;
        }
        assert!(alive, "the server ended:\n{log}");
        assert!(
            Instant::now() < deadline,
            "the server does not come up:\n{log}"
        );
        sleep(PAUSE);
    }
    Some(server)
}

/// A server writes into the first line of this file which process it is, and into the eighth what it is at.
/// What a killed one has left there is of another process.
fn is_ready(dir: &Path, server: Pid) -> bool {
    let state = fs::read_to_string(dir.join("data/postmaster.pid")).unwrap_or_default();
    let mut lines = state.lines();
    lines.next() == Some(server.to_string().as_str())
        && lines.nth(6).is_some_and(|line| line.trim() == "ready")
}
