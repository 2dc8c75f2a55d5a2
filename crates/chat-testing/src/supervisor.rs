//! The shell that stands by a server, and ends it when this process is gone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::options::Options;
use crate::os::{self, Pid};
use crate::programs::Programs;

/// The longest path of a socket is 107 bytes, and the directory's own name and the socket's come on top.
const LONGEST_PARENT: usize = 70;

/// What has to be free in memory for a server to lie there, of which it takes some hundred megabytes.
const ROOM: u64 = 2 << 30;

/// Statics are not dropped, and a killed process drops nothing at all. So that a server ends with it all
/// the same, the shell holds one end of a pipe, and this process the other.
pub(crate) struct Supervisor {
    shell: Child,
    answers: BufReader<ChildStdout>,
    dir: PathBuf,
}

impl Supervisor {
    /// Makes a directory with a new data directory in it.
    pub(crate) fn start(programs: &Programs, options: &Options) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("supervisor.sh"), "postgres-for-tests"])
            .arg(&programs.bin)
            .arg(parent(options))
            .args(options.settings().iter().flat_map(|one| ["-c", one]))
            .current_dir("/")
            // Nothing of `PGDATA` and the like. The zone is given so that initdb does not search for it.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([("LC_ALL", "C"), ("TZ", "UTC")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Not ours: who reads that to its end would wait for the shell.
            .stderr(Stdio::null());
        programs.account.run_apart(&mut command);
        let mut shell = command.spawn().expect("sh starts");
        let answers = BufReader::new(shell.stdout.take().expect("stdout is piped"));
        let mut supervisor = Self {
            shell,
            answers,
            dir: PathBuf::new(),
        };
        let answer = supervisor.answer();
        let Some(dir) = answer.strip_prefix("ready ") else {
            panic!("PostgreSQL has no data directory: {answer}");
        };
        supervisor.dir = PathBuf::from(dir);
        supervisor
    }

    /// Holds all that the server keeps: `data`, `log`, and its socket.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts a server; the one before has ended, or is about to.
    pub(crate) fn start_server(&mut self, port: u16) -> Pid {
        let stdin = self.shell.stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{port}").expect("the shell reads");
        let answer = self.answer();
        answer.parse().expect("a process id")
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the shell writes");
        line.trim_end().to_owned()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        if let Err(error) = self.shell.wait() {
            eprintln!("a PostgreSQL server may be left in {:?}: {error}", self.dir);
        }
    }
}

/// A database is made of hundreds of files. A file system on a disk takes a few times as long to make and
/// to remove them, even if none is flushed.
fn parent(options: &Options) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let any = std::env::var_os("TMPDIR").is_none() && !options.flushes();
    if any && os::free_bytes(memory) >= ROOM {
        return memory.to_owned();
    }
    let usual = std::env::temp_dir();
    if usual.as_os_str().len() > LONGEST_PARENT {
        return PathBuf::from("/tmp");
    }
    usual
}
