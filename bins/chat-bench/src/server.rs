//! The server under load: the production layers over a file, with the batch size under control.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, mpsc};

use anyhow::{Context, Result};
use chat_domain::ports::SystemClock;
use chat_http::HttpOptions;
use chat_service::ChatService;
use chat_store::{SqliteOptions, SqliteStore};

/// Starts a server over the file `path`, on a thread that runs until the process ends.
/// `max_batch` limits how many writes share one commit.
pub(crate) fn start(path: &Path, max_batch: Option<usize>) -> Result<SocketAddr> {
    let options = SqliteOptions::new(path);
    let options = match max_batch {
        Some(most) => options.max_batch(most),
        None => options,
    };
    let store = Arc::new(SqliteStore::open(&options)?);
    let service = ChatService::new(store, Arc::new(SystemClock));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (started, start) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            match chat_http::server(listener, service, HttpOptions::default()) {
                Ok(server) => {
                    drop(started.send(Ok(())));
                    server.await
                }
                Err(error) => {
                    drop(started.send(Err(error)));
                    Ok(())
                }
            }
        })
    });
    start.recv().context("the server's thread ended")??;
    Ok(address)
}
