//! A server that runs as a process of its own, until it is stopped, killed or dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Target;

/// What a server says when it serves; its address follows.
pub(crate) const SERVES: &str = "serves http://";

/// How long a server may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(30);

/// The process.
pub(crate) struct Child {
    process: Process,
    address: SocketAddr,
}

impl Child {
    /// Starts it, and waits for the line in its log that says where it serves.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().display().to_string();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {name}"))?;
        let log = process.stderr.take().context("its log")?;
        let (lines, said) = channel();
        // Read to the end, or it would wait for room in the pipe.
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                drop(lines.send(line));
            }
        });
        let address = address(&said);
        let mut child = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        // From here on it is killed if anything fails.
        child.address = address.with_context(|| format!("{name} does not serve"))?;
        Ok(child)
    }

    pub(crate) fn target(&self) -> Target {
        Target {
            address: self.address,
            host: self.address.to_string(),
            pid: Some(self.pid()),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .context("can't run kill")?;
        ensure!(asked.success(), "the server can't be asked to end");
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the server does not end")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The address in the first line that tells one; otherwise what was said instead.
fn address(said: &Receiver<String>) -> Result<SocketAddr> {
    let mut log = Vec::new();
    for line in said {
        if let Some((_, rest)) = line.split_once(SERVES) {
            let address = rest.split_whitespace().next().unwrap_or_default();
            return address.parse().context("no address");
        }
        log.push(line);
    }
    bail!("{}", log.join("\n"))
}
