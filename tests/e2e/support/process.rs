//! The production binary as a process of its own, to be killed.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Data;

/// Where the binary lies.
pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server-under-test");

/// Where the one lies that acknowledges too early.
pub(crate) const EARLY_ACK: &str = env!("CARGO_BIN_EXE_chat-server-early-ack");

/// Where the one lies that ends at a step of what it does with files.
pub(crate) const DIES: &str = env!("CARGO_BIN_EXE_chat-server-dies");

/// Where the one lies whose store has a known capacity.
pub(crate) const SLOW: &str = env!("CARGO_BIN_EXE_chat-server-slow");

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
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let ended = wait(&mut child);
    if ended.is_none() {
        drop(child.kill());
    }
    let output = Output {
        status: child.wait().expect("its status"),
        stdout: stdout.join().expect("its output"),
        stderr: stderr.join().expect("its output"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(ended.is_some(), "it does not end: {said}");
    output
}

/// Reads while the process runs: it waits for room when nobody reads what it says.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe.expect("a pipe");
    std::thread::spawn(move || {
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).expect("what it says");
        said
    })
}

/// Waits for a process to end, for a while.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
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
    // Read by a thread all the while: a server waits for room when nobody reads what it says.
    log: Mutex<Receiver<String>>,
}

impl Process {
    /// Starts on this data, and waits for the line that says where it listens.
    pub(crate) fn start(data: &Data) -> Self {
        Self::start_at(Path::new(SERVER), data)
    }

    /// The same with another binary.
    pub(crate) fn start_at(binary: &Path, data: &Data) -> Self {
        let mut command = server_command_at(binary);
        Self::spawn(data.of(command.args(["--listen", "127.0.0.1:0"])))
    }

    /// Starts as `command` says.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::try_spawn(command).unwrap_or_else(|said| panic!("the server ended: {said}"))
    }

    /// The same, where it may end before it listens; what it has said then.
    pub(crate) fn try_spawn(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        let (lines, log) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Nobody may be left to look at it.
                drop(lines.send(line.expect("its log")));
            }
        });
        let mut seen = String::new();
        let address = loop {
            let Ok(line) = log.recv() else {
                child.wait().expect("it ends");
                return Err(seen);
            };
            seen = seen + &line + "\n";
            let served = ["serves http://", "serves https://"];
            if let Some((_, rest)) = served.iter().find_map(|serves| line.split_once(serves)) {
                let address = rest.split(' ').next().expect("an address");
                break address.parse().expect("an address");
            }
        };
        Ok(Self {
            child,
            address,
            log: Mutex::new(log),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next line of its log that has `text` in it.
    pub(crate) fn logged(&self, text: &str) -> String {
        let log = self.log.lock().expect("its log");
        let found = log.iter().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("it ended without a word of {text}"))
    }

    /// Ends it as a power cut would end the process.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// The same of one that another one takes the place of.
    pub(crate) fn kill_now(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.signal();
        self.wait()
    }

    /// The same; what it has logged since it said where it listens.
    pub(crate) fn terminate_and_read(mut self) -> String {
        self.signal();
        let ended = wait(&mut self.child).expect("it ends");
        assert!(ended.success());
        let lines: Vec<String> = self.log.lock().expect("its log").iter().collect();
        lines.join("\n")
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

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_some()
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
