//! `chat-server serve`: composes store, service and transport, runs until a signal, and drains.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::Server;
use anyhow::{Context, Result, anyhow};
use chat_domain::ports::SystemClock;
use chat_http::{Authenticate, HttpOptions, Metrics, RateLimits, Tls};
use chat_service::ChatService;
use socket2::SockRef;

use crate::{AnyStore, Config, Seams, database, files, sweep, tokens};

/// Everything composed and bound, not yet running.
pub struct App {
    /// The transport; it answers while it is awaited.
    pub server: Server,
    /// The address it is bound to, with the port the system chose if 0 was asked for.
    pub address: SocketAddr,
    /// The use cases, whose uploads and readers are to be stopped when the transport is.
    pub service: ChatService,
    /// The store, to be closed when the transport has stopped.
    pub store: AnyStore,
}

/// Binds the address, opens the store and brings it up to date, and puts service and transport
/// over it. Runs inside an actix system.
///
/// # Errors
/// One sentence that says what to do: an address that can't be bound, a folder that can't be
/// written, a key for tokens that is none, a database that can't be opened, a place without any of its files.
pub async fn compose(config: &Config) -> Result<App> {
    compose_over(config, Seams::default()).await
}

/// The same with the service over what stands at the [`Seams`].
///
/// # Errors
/// As for [`compose`].
pub async fn compose_over(config: &Config, seams: Seams) -> Result<App> {
    let listener = bind(&config.listen)?;
    let address = listener.local_addr()?;
    let tokens = match &config.tokens {
        Some(settings) => Some((tokens::open(settings).await?, settings)),
        None => None,
    };
    let tls = match &config.tls {
        Some(files) => Some(Tls::open(&files.cert, &files.key).context("can't speak TLS")?),
        None => None,
    };
    let store = database::open(config)?;
    let blobs = files::open(config)?;
    let service = ChatService::new((seams.store)(store.port()), Arc::new(SystemClock))
        .keeping_answers(config.idempotency_ttl)
        .keeping_files(files::options(config, (seams.blobs)(blobs)));
    let service = match &store {
        // Its writer commits in groups by itself.
        AnyStore::Sqlite(_) => service,
        AnyStore::Postgres(_) => service.sending_together(),
    };
    files::find(config, &service).await?;
    sweep::answers(service.clone(), config.idempotency_ttl);
    sweep::files(service.clone(), config.file_grace);
    if let Some(kept_for) = config.event_retention {
        sweep::events(service.clone(), kept_for);
    }
    let options = HttpOptions {
        insecure_open: config.insecure_open,
        authenticate: tokens.map(|(verifier, settings)| {
            let tokens = tokens::ask(verifier, settings, service.clone());
            Arc::new(tokens) as Arc<dyn Authenticate>
        }),
        rate_limits: config.rate_limit.map(RateLimits::new),
        tls,
        trusted_proxies: config.trusted_proxies.clone(),
        cors_origins: config.cors_origins.clone(),
        metrics: Metrics::with([store.measured()]),
        ..HttpOptions::default()
    };
    let server = chat_http::server(listener, service.clone(), options)?;
    Ok(App {
        server,
        address,
        service,
        store,
    })
}

/// Serves until SIGTERM or SIGINT; then nothing new is accepted, requests under way finish, parts of
/// uploads keep what they have brought, those who follow what happens are sent to come back, and what the writer was given is stored. A second signal waits
/// for no request any more.
pub(crate) fn run(config: &Config, seams: Seams) -> Result<()> {
    actix_web::rt::System::new().block_on(async {
        let mut signals = Signals::install().context("can't listen for signals")?;
        let composed = tokio::select! {
            composed = compose_over(config, seams) => composed,
            // Nothing was served yet.
            () = signals.next() => return Ok(()),
        };
        let App {
            server,
            address,
            service,
            store,
        } = composed?;
        log::info!(
            "chat-server {} serves {}://{address} from {}, files in {}, in {}",
            env!("CARGO_PKG_VERSION"),
            if config.tls.is_some() {
                "https"
            } else {
                "http"
            },
            config.database,
            config.files,
            match &config.tokens {
                Some(_) => "token mode: whoever comes must show a token",
                None => "open mode: whoever reaches it may act as any user",
            },
        );
        let handle = server.handle();
        let hurry = async move {
            signals.next().await;
            log::info!("stopping: requests under way finish, nothing new is accepted");
            drop(handle.stop(true));
            service.stop_uploads();
            service.stop_readers();
            signals.next().await;
        };
        // The server itself listens to nobody any more once it is stopping.
        let served = tokio::select! {
            served = server => served,
            () = hurry => Ok(()),
        };
        store.close();
        log::info!("stopped");
        served.context("the server ended")
    })
}

/// How many connections may wait to be accepted; the default of 128 is little for a burst.
const BACKLOG: i32 = 1_024;

fn bind(addresses: &[SocketAddr]) -> Result<TcpListener> {
    let listener = TcpListener::bind(addresses).map_err(|error| {
        let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let advice = match error.kind() {
            ErrorKind::AddrInUse => "end the program that does, or choose another",
            ErrorKind::AddrNotAvailable => "this machine has no such address; choose another",
            ErrorKind::PermissionDenied => "this user may not; choose a port from 1024 on",
            _ => "choose another",
        };
        anyhow!(
            "can't listen on {} ({error}): {advice} with --listen",
            all.join(", ")
        )
    })?;
    SockRef::from(&listener).listen(BACKLOG)?;
    Ok(listener)
}

/// What asks the process to end.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What asks the process to end.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn install() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
