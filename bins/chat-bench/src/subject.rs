//! The server under measurement: one that is started, stopped, copied and killed, or one that runs already.

use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use url::Url;

use crate::child::Child;
use crate::client::{Client, Target};
use crate::server::Server;

/// How long an address that does not answer is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server over a database of its own, below a temporary directory.
pub(crate) struct Own {
    pub(crate) server: Server,
    pub(crate) data: PathBuf,
    child: Option<Child>,
}

impl Own {
    /// Starts it over the database in `data`, which is made if it is missing.
    pub(crate) fn start(server: &Server, data: PathBuf) -> Result<Self> {
        let child = server.start(&data)?;
        Ok(Self {
            server: server.clone(),
            data,
            child: Some(child),
        })
    }

    pub(crate) fn target(&self) -> Result<Target> {
        let child = self.child.as_ref().context("the server is stopped")?;
        Ok(child.target())
    }

    /// Stops it, and starts it again; between the two, `what` is done to its files.
    pub(crate) fn restart<T>(&mut self, what: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        self.stop()?;
        let done = what(&self.data)?;
        self.child = Some(self.server.start(&self.data)?);
        Ok(done)
    }

    /// Stops it as SIGTERM does.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.child.take().map_or(Ok(()), Child::stop)
    }

    /// Ends it as a crash would, and starts it again.
    pub(crate) fn crash(&mut self) -> Result<()> {
        self.child.take().map_or(Ok(()), Child::kill)?;
        self.child = Some(self.server.start(&self.data)?);
        Ok(())
    }
}

/// Where a server that runs already is reached.
pub(crate) fn remote(url: &Url) -> Result<Target> {
    let (host, port) = (
        url.host_str().context("a URL without host")?,
        url.port_or_known_default().context("a URL without port")?,
    );
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (bare, port)
        .to_socket_addrs()
        .with_context(|| format!("{host} is not found"))?;
    // A name may have several, such as one of each kind, and the server may listen at one of them.
    let mut last = Err(anyhow!("{host} has no address"));
    for address in addresses {
        last = TcpStream::connect_timeout(&address, PATIENCE)
            .map(|_| address)
            .with_context(|| format!("can't connect to {address}"));
        if last.is_ok() {
            break;
        }
    }
    Ok(Target {
        address: last?,
        host: format!("{host}:{port}"),
        pid: None,
    })
}

/// The bytes of all files in a directory and below it.
pub(crate) fn size(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += match found.is_dir() {
            true => size(&entry.path())?,
            false => found.len(),
        };
    }
    Ok(bytes)
}

/// Copies the files of a stopped server.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// A directory for everything of a run; it goes when this does.
pub(crate) fn scratch() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("chat-bench-")
        .tempdir()
        .context("can't make a temporary directory")
}

/// One answer, which must be 200, outside of any load.
pub(crate) fn fetch(target: &Target, path: &str, user: Option<i64>) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut client = Client::connect(target).await?;
        client.request().get(path, user);
        let answer = client.exchange().await?;
        answer.expect(200)?;
        Ok(answer.body.to_vec())
    })
}
