//! What the operating system is asked for: other processes, and whose they and their files are.

#[cfg(not(unix))]
pub(crate) use elsewhere::*;
#[cfg(unix)]
pub(crate) use unix::*;

/// As the system numbers processes.
pub(crate) type Pid = i32;

#[cfg(unix)]
mod unix {
    use std::fs::{OpenOptions, read_dir, read_to_string};
    use std::io::Write as _;
    use std::os::unix::fs::{OpenOptionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;
    use std::process::Command;

    pub(crate) use rustix::process::Signal;

    use super::Pid;

    /// Who runs a server: PostgreSQL refuses to run as root.
    #[derive(Clone, Copy)]
    pub(crate) enum Account {
        /// Whoever runs this process.
        Same,
        /// As root: the user `postgres`, which its packages create.
        Other { user: u32, group: u32 },
    }

    impl Account {
        pub(crate) fn find() -> Option<Self> {
            if !rustix::process::geteuid().is_root() {
                return Some(Self::Same);
            }
            let users = read_to_string("/etc/passwd").ok()?;
            let line = users.lines().find(|line| line.starts_with("postgres:"))?;
            let mut ids = line.split(':').skip(2).map(|id| id.parse().ok());
            let (user, group) = (ids.next()??, ids.next()??);
            Some(Self::Other { user, group })
        }

        /// Has `command` run as this user, and not be told of what a terminal tells this process.
        pub(crate) fn run_apart(self, command: &mut Command) {
            if let Self::Other { user, group } = self {
                command.uid(user).gid(group);
            }
            command.process_group(0);
        }

        /// Writes a file that only this user reads.
        pub(crate) fn write(self, path: &Path, contents: &[u8]) -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(path)?.write_all(contents)?;
            match self {
                Self::Same => Ok(()),
                Self::Other { user, group } => chown(path, Some(user), Some(group)),
            }
        }
    }

    /// What may still be written where `dir` is; nothing if there is no such place.
    pub(crate) fn free_bytes(dir: &Path) -> u64 {
        rustix::fs::statvfs(dir).map_or(0, |system| system.f_bavail * system.f_frsize)
    }

    /// A process that ended meanwhile needs no signal.
    pub(crate) fn signal(pid: Pid, signal: Signal) {
        let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
        match rustix::process::kill_process(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => panic!("process {pid:?} can't be signalled: {error}"),
        }
    }

    /// A process, as the system sees it.
    struct Process {
        pid: Pid,
        parent: Pid,
        state: char,
    }

    impl Process {
        /// Parses the line of `/proc/<pid>/stat`: the name is in parentheses and may hold any.
        fn parse(line: &str) -> Option<Self> {
            let (before, after) = line.rsplit_once(')')?;
            let mut after = after.split_whitespace();
            Some(Self {
                pid: before.split_whitespace().next()?.parse().ok()?,
                state: after.next()?.chars().next()?,
                parent: after.next()?.parse().ok()?,
            })
        }

        fn find(pid: Pid) -> Option<Self> {
            if !Path::new("/proc/self/stat").exists() {
                return Self::all().into_iter().find(|one| one.pid == pid);
            }
            Self::parse(&read_to_string(format!("/proc/{pid}/stat")).ok()?)
        }

        fn all() -> Vec<Self> {
            if Path::new("/proc/self/stat").exists() {
                let entries = read_dir("/proc").expect("/proc is readable");
                return entries
                    .filter_map(Result::ok)
                    .filter_map(|entry| read_to_string(entry.path().join("stat")).ok())
                    .filter_map(|line| Self::parse(&line))
                    .collect();
            }
            let output = Command::new("ps")
                .args(["-A", "-o", "pid=", "-o", "state=", "-o", "ppid="])
                .output()
                .expect("ps runs");
            let table = String::from_utf8_lossy(&output.stdout);
            // Nearly the same line.
            table
                .lines()
                .filter_map(|line| line.trim_start().split_once(' '))
                .filter_map(|(pid, after)| Self::parse(&format!("{pid} (ps) {after}")))
                .collect()
        }
    }

    /// Whether a process runs. One that ended does not, though nobody has asked for its status yet.
    pub(crate) fn runs(pid: Pid) -> bool {
        Process::find(pid).is_some_and(|one| !matches!(one.state, 'Z' | 'X'))
    }

    /// Whether a process was stopped by a signal, or is gone.
    pub(crate) fn stands_still(pid: Pid) -> bool {
        Process::find(pid).is_none_or(|one| matches!(one.state, 'T' | 'Z' | 'X'))
    }

    pub(crate) fn children(pid: Pid) -> Vec<Pid> {
        let all = Process::all().into_iter();
        all.filter(|one| one.parent == pid)
            .map(|one| one.pid)
            .collect()
    }
}

/// Nothing is started here, as no programs are found.
#[cfg(not(unix))]
mod elsewhere {
    use std::path::Path;
    use std::process::Command;

    use super::Pid;

    #[derive(Clone, Copy)]
    pub(crate) enum Account {}

    impl Account {
        pub(crate) fn find() -> Option<Self> {
            None
        }

        pub(crate) fn run_apart(self, _: &mut Command) {
            match self {}
        }

        pub(crate) fn write(self, _: &Path, _: &[u8]) -> std::io::Result<()> {
            match self {}
        }
    }

    pub(crate) fn free_bytes(_: &Path) -> u64 {
        0
    }

    #[allow(
        clippy::upper_case_acronyms,
        reason = "as signals are called elsewhere"
    )]
    pub(crate) enum Signal {
        INT,
        KILL,
        QUIT,
        STOP,
    }

    pub(crate) fn signal(_: Pid, _: Signal) {}

    pub(crate) fn runs(_: Pid) -> bool {
        false
    }

    pub(crate) fn stands_still(_: Pid) -> bool {
        true
    }

    pub(crate) fn children(_: Pid) -> Vec<Pid> {
        Vec::new()
    }
}
