//! What a server is started with.

/// How a private server is set up. Settings given here win over what every server is started with.
///
/// ```
/// use chat_testing::{Options, Postgres};
///
/// let options = Options::new()
///     .fsync(true)
///     .setting("max_connections", "20");
/// let Some(server) = Postgres::start(&options) else { return };
/// server.execute("CHECKPOINT");
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    fsync: bool,
    settings: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
}

impl Options {
    /// What every server is started with: 400 connections, 64 MB of shared buffers, nothing flushed to
    /// the disk, and no other address than 127.0.0.1.
    #[must_use]
    pub fn new() -> Self {
        let mut options = Self {
            fsync: false,
            settings: Vec::new(),
            files: Vec::new(),
        };
        let settings = [
            ("listen_addresses", "127.0.0.1"),
            ("fsync", "off"),
            // It may lie in memory.
            ("max_wal_size", "256MB"),
            ("max_connections", "400"),
            ("shared_buffers", "64MB"),
            // In the data directory, so that a killed server leaves nothing elsewhere; and containers
            // often have a /dev/shm too small for it.
            ("dynamic_shared_memory_type", "mmap"),
        ];
        for (name, value) in settings {
            options = options.setting(name, value);
        }
        options
    }

    /// Whether what is committed is flushed to the disk. Of a server that is killed it is kept either
    /// way: only a machine that loses power would lose it.
    ///
    /// Where nothing is flushed, all the server has lies in memory (`/dev/shm`) if there is room, unless
    /// `TMPDIR` says where.
    #[must_use]
    pub fn fsync(mut self, on: bool) -> Self {
        self.fsync = on;
        self.setting("fsync", if on { "on" } else { "off" })
    }

    /// Sets what `postgresql.conf` calls `name`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push(format!("{name}={value}"));
        self
    }

    /// Puts a file into the data directory before the server starts, such as `server.key`: the
    /// server's own, and nobody else reads it.
    #[must_use]
    pub fn file(mut self, name: &str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.to_owned(), contents.into()));
        self
    }

    pub(crate) fn flushes(&self) -> bool {
        self.fsync
    }

    /// Each as `name=value`, and the last of a name wins.
    pub(crate) fn settings(&self) -> &[String] {
        &self.settings
    }

    pub(crate) fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
