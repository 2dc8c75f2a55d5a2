//! The server that is measured: the production binary over a directory of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::child::Child;

/// The production binary.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    binary: PathBuf,
    /// The programs that run it, with their arguments; none is the rule.
    runner: Vec<String>,
}

impl Server {
    /// The binary that was named. If none was: started by cargo, it is built first, so that what is
    /// measured is what lies in the tree; otherwise the one beside this program.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let binary = match named {
            Some(path) => path.to_path_buf(),
            None => beside()?,
        };
        ensure!(
            binary.is_file(),
            "there is no server {}: build chat-server, or name one with --server",
            binary.display()
        );
        Ok(Self {
            binary,
            runner: Vec::new(),
        })
    }

    /// The same server, run by another program that takes a command line after its own arguments.
    pub(crate) fn under(&self, runner: Vec<String>) -> Self {
        Self {
            binary: self.binary.clone(),
            runner,
        }
    }

    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Starts it over the database in `data`. Its access log is off: it would be written to nowhere.
    pub(crate) fn start(&self, data: &Path) -> Result<Child> {
        let mut command = self.command("serve", data);
        Child::start(command.args(["--listen", "127.0.0.1:0"]))
    }

    /// Has it prove every counter of the database in `data`.
    pub(crate) fn recount(&self, data: &Path) -> Result<()> {
        let counted = self.command("recount", data).output()?;
        ensure!(
            counted.status.success(),
            "the recount found something: {}{}",
            String::from_utf8_lossy(&counted.stdout),
            String::from_utf8_lossy(&counted.stderr)
        );
        Ok(())
    }

    /// A subcommand over the database in `data`, under no setting but the defaults.
    pub(crate) fn command(&self, subcommand: &str, data: &Path) -> Command {
        let mut command = match self.runner.split_first() {
            Some((program, args)) => {
                let mut command = Command::new(program);
                command.args(args).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("CHAT_") {
                command.env_remove(name);
            }
        }
        command
            .env("RUST_LOG", "info,chat_http::access=off")
            .arg(subcommand)
            .arg("--data-dir")
            .arg(data);
        command
    }
}

/// The server beside this program, in the same profile.
fn beside() -> Result<PathBuf> {
    let this = env::current_exe().context("can't tell where this program lies")?;
    let dir = this.parent().context("this program lies nowhere")?;
    if let Some(cargo) = env::var_os("CARGO") {
        build(Path::new(&cargo), dir)?;
    }
    Ok(dir.join(format!("chat-server{}", env::consts::EXE_SUFFIX)))
}

/// Builds the server into the directory `dir` of a profile.
fn build(cargo: &Path, dir: &Path) -> Result<()> {
    let target = dir.parent().context("no target directory")?;
    let profile = if cfg!(debug_assertions) {
        "dev"
    } else {
        "release"
    };
    let built = Command::new(cargo)
        .args(["build", "--package", "chat-server", "--profile", profile])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("can't run {}", cargo.display()))?;
    if !built.success() {
        bail!("chat-server can't be built");
    }
    Ok(())
}
