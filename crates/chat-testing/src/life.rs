//! A private server is stopped, killed, and started again.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::os::{self, Pid, Signal};
use crate::server::{PATIENCE, PAUSE, Postgres, put, start_on};

/// How long whoever has the port of a stopped server may keep it.
const TAKEN: Duration = Duration::from_secs(10);

/// These take the server for themselves, which nobody has of the [shared](Postgres::shared) one. Clients
/// go on by the URLs that they were given.
///
/// ```
/// # use chat_testing::{Options, Postgres};
/// let Some(mut server) = Postgres::start(&Options::new()) else { return };
/// server.execute("CREATE TABLE notes (body text NOT NULL)");
/// server.kill();
/// server.start_again();
/// server.execute("INSERT INTO notes VALUES ('still there')");
/// ```
impl Postgres {
    /// Stops it as an operator does: clients are cut off, what was committed is written down.
    pub fn stop(&mut self) {
        let server = self.take();
        os::signal(server, Signal::INT);
        wait_until(|| !os::runs(server));
    }

    /// Kills all its processes at once, as the machine's end would, but for what the system has buffered
    /// for the disk.
    pub fn kill(&mut self) {
        let server = self.take();
        // Stopped, so that it has no more children than are seen.
        os::signal(server, Signal::STOP);
        wait_until(|| os::stands_still(server));
        let mut all = os::children(server);
        all.push(server);
        for &process in &all {
            os::signal(process, Signal::KILL);
        }
        // A server does not start while one of them has the shared memory.
        wait_until(|| !all.iter().any(|&process| os::runs(process)));
    }

    /// Starts it after it was stopped or killed, on the same port and with all it had. Returns when it
    /// takes connections.
    pub fn start_again(&mut self) {
        let mut running = self.inner.running();
        assert!(running.server.is_none(), "the server still runs");
        let deadline = Instant::now() + TAKEN;
        running.server = loop {
            let server = start_on(&mut running.supervisor, self.inner.port);
            if server.is_some() {
                break server;
            }
            assert!(Instant::now() < deadline, "its port stays taken");
            sleep(PAUSE);
        };
    }

    /// Has it quit without a word to its clients or into its files, and starts it again: it has to recover
    /// as after a crash.
    pub fn restart_immediately(&mut self) {
        let server = self.take();
        os::signal(server, Signal::QUIT);
        wait_until(|| !os::runs(server));
        self.start_again();
    }

    /// Puts a file into the data directory, as [`Options::file`](crate::Options::file) does.
    pub fn put(&self, name: &str, contents: &[u8]) {
        put(&self.inner.dir, self.inner.account, name, contents);
    }

    /// From here on it does not run.
    fn take(&mut self) -> Pid {
        self.inner.hang_up();
        let server = self.inner.running().server.take();
        server.expect("the server runs")
    }
}

fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "the server does not end");
        sleep(PAUSE);
    }
}
