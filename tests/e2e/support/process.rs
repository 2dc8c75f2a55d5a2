//! The production binary as a process of its own, to be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Where the binary lies.
pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server-under-test");

/// The binary with an environment free of settings.
pub(crate) fn server_command() -> Command {
    server_command_at(Path::new(SERVER))
}

/// The same for a copy of the binary.
pub(crate) fn server_command_at(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHAT_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// What a command that ends by itself has said. One that serves instead fails the test.
pub(crate) fn output(command: &mut Command) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let ended = wait(&mut child);
    if ended.is_none() {
        drop(child.kill());
    }
    let output = child.wait_with_output().expect("its output");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(ended.is_some(), "it does not end: {said}");
    output
}

/// Waits for a process to end, for a while.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(15) {
        if let Some(status) = child.try_wait().expect("its status") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// A running server process; it is killed when dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    // Kept open, or the server's next log line would find a closed pipe.
    log: BufReader<ChildStderr>,
}

impl Process {
    /// Starts on this data folder, and waits for the line that says where it listens.
    pub(crate) fn start(data: &Path) -> Self {
        let mut command = server_command();
        command
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data);
        Self::spawn(&mut command)
    }

    /// Starts as `command` says.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(child.stderr.take().expect("its standard error"));
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            let read = log.read_line(&mut line).expect("its log");
            seen += &line;
            assert_ne!(read, 0, "the server ended: {seen}");
            if let Some((_, rest)) = line.split_once("serves http://") {
                let address = rest.split(' ').next().expect("an address");
                break address.parse().expect("an address");
            }
        };
        Self {
            child,
            address,
            log,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next line of its log that has `text` in it.
    pub(crate) fn logged(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.log.read_line(&mut line).expect("its log");
            assert_ne!(read, 0, "it ended without a word of {text}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Ends it as a power cut would end the process.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.signal();
        self.wait()
    }

    /// Asks it to end.
    pub(crate) fn signal(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(asked.success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        wait(&mut self.child).expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
