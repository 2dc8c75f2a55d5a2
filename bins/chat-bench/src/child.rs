//! A server that runs as a process of its own, until it is stopped, killed or dropped.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child as Process, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Target;
use crate::progress;

/// What a server says when it serves; its address follows.
pub(crate) const SERVES: &str = "serves http://";

/// How long a server may take to serve, or to end after it was asked to.
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
                if is_trouble(&line) {
                    progress::step(format_args!("the server says: {line}"));
                }
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

/// Whether a line of a log tells why something will fail here.
fn is_trouble(line: &str) -> bool {
    line.contains(" ERROR ")
}

/// The address in the first line that tells one; otherwise what was said instead.
fn address(said: &Receiver<String>) -> Result<SocketAddr> {
    let mut log = Vec::new();
    while let Ok(line) = said.recv_timeout(PATIENCE) {
        if let Some((_, rest)) = line.split_once(SERVES) {
            let address = rest.split_whitespace().next().unwrap_or_default();
            return address.parse().context("no address");
        }
        log.push(line);
    }
    bail!("it does not tell an address, but: {:?}", log.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_among_other_lines() {
        let (lines, said) = channel();
        for line in [
            "migration 1 was run",
            "it serves http://127.0.0.1:80 from x",
        ] {
            lines.send(line.to_owned()).unwrap();
        }
        assert_eq!(address(&said).unwrap().port(), 80);
    }

    #[test]
    fn what_is_said_instead_of_an_address_is_told() {
        let (lines, said) = channel();
        lines.send("the port is in use".to_owned()).unwrap();
        drop(lines);
        let error = address(&said).unwrap_err().to_string();
        assert!(error.contains("the port is in use"), "{error}");
    }

    #[test]
    fn only_trouble_is_passed_on() {
        assert!(is_trouble(
            "[2026-11-22T10:00:00Z ERROR chat_store] disk full"
        ));
        assert!(!is_trouble("[2026-11-22T10:00:00Z WARN  chat_store] slow"));
    }
}
