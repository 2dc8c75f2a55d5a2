//! An S3 server over a directory of its own, in this process, that can be stopped and started again.
//! It needs nothing else of these tests, so that others can include it.

#![allow(dead_code, reason = "whoever includes it has a use for some of it")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What requests are signed with.
pub(crate) const ACCESS_KEY_ID: &str = "chat";
pub(crate) const SECRET_ACCESS_KEY: &str = "a key for tests";

/// The one bucket.
pub(crate) const BUCKET: &str = "chat-files";

/// How long its port may be somebody else's when it is started again.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server; it stops when this is dropped, and its directory goes.
pub(crate) struct S3Server {
    dir: TempDir,
    address: SocketAddr,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl S3Server {
    /// Starts one on a free port, with an empty bucket.
    pub(crate) fn start() -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join(BUCKET)).unwrap();
        let mut server = Self {
            dir,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            running: None,
        };
        server.start_again();
        server
    }

    /// Starts it on the port that it had, with the objects that it had.
    pub(crate) fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
        let service = service.build();
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = std::sync::mpsc::channel();
        let wanted = self.address;
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            // When it ends, its connections end with it.
            runtime.block_on(async {
                let listener = bind(wanted).await;
                bound.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = serve(&listener, service) => {}
                    _ = stopped => {}
                }
            });
        });
        self.address = address.recv().expect("it listens");
        self.running = Some(Running { stop, thread });
    }

    /// Stops it at once: connections break off, and new ones are refused.
    pub(crate) fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            let _ = stop.send(());
            thread.join().unwrap();
        }
    }

    /// Its URL.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a process has in its environment to use it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT", self.endpoint()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }

    /// The directory of the bucket: an object is a file.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.dir.path().join(BUCKET)
    }

    /// How many multipart uploads were begun and neither completed nor aborted.
    pub(crate) fn open_uploads(&self) -> usize {
        let names = std::fs::read_dir(self.dir.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| is_upload(name)).count()
    }

    /// How many parts of those there are.
    pub(crate) fn open_parts(&self) -> usize {
        let names = std::fs::read_dir(self.dir.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".upload_id-")).count()
    }
}

/// s3s-fs writes down each upload under this name.
fn is_upload(name: &str) -> bool {
    name.starts_with(".upload-") && name.ends_with(".json")
}

/// While it was stopped, somebody else may have been given its port for a while.
async fn bind(wanted: SocketAddr) -> TcpListener {
    let begun = Instant::now();
    loop {
        match TcpListener::bind(wanted).await {
            Ok(listener) => return listener,
            Err(error) if error.kind() != ErrorKind::AddrInUse => panic!("{error}"),
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{wanted}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn serve(listener: &TcpListener, service: S3Service) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let service = service.clone();
        tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            // Clients may go whenever they like.
            let _ = http
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.stop();
    }
}
