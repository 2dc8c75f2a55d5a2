//! The server: workers, limits and timeouts around the routes.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service,
    map_config,
};
use actix_web::Error;
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use chat_service::ChatService;
use futures_util::future::LocalBoxFuture;
use tokio::sync::OnceCell;

use crate::accept::{Accepting, Connection};
use crate::addresses::Addresses;
use crate::guard::Guarded;
use crate::h2::{self, Patience};
use crate::routes::{Shared, app_of_many};
use crate::{Authenticate, Metrics, Origin, RateLimits, Tls, TrustedProxies, expect};

/// How long requests under way may take to finish after the server was told to stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// How long a peer may go on sending after an answer that closes the connection: it may have to
/// send before it reads.
const LINGER: Duration = Duration::from_secs(1);

/// The most workers that a server can have.
const MOST_WORKERS: usize = 512;

/// How the server runs. The timeouts and limits suit a server on the open network; they hold for
/// [`server`], and of them only `body_timeout` for [`app`]. A timeout of zero is none.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Lets in requests for hosts and from origins that are no loopback names. Without
    /// authentication that is everyone who can reach the address.
    pub insecure_open: bool,
    /// Who tells whom a request is from. Without one the server runs in open mode: whoever reaches it may
    /// act as anyone.
    pub authenticate: Option<Arc<dyn Authenticate>>,
    /// How often actors and addresses may ask; as often as they like when not given.
    pub rate_limits: Option<RateLimits>,
    /// The proxies whose word for where a request comes from counts; none by default.
    pub trusted_proxies: TrustedProxies,
    /// The origins whose pages may read the answers; by default none but the server's own.
    pub cors_origins: Vec<Origin>,
    /// How many threads serve requests; as many as there are cores when not given.
    pub workers: Option<usize>,
    /// How many connections each worker holds; others wait to be accepted. 25,000 by default.
    pub connections_per_worker: usize,
    /// How many connections there may be from one address, besides those from this machine and from trusted
    /// proxies; one more is closed at once. An IPv6 address counts by its first 64 bits. 1,000 by default.
    pub connections_per_address: usize,
    /// The certificate that is shown; without one the server speaks HTTP/1.1 in clear text.
    pub tls: Option<Tls>,
    /// How long the head of a request may take to arrive, 5 s by default. Afterwards the first one
    /// of a connection is answered with 408; at later ones the connection just ends.
    pub head_timeout: Duration,
    /// How long the body of a request may take to arrive; 408 afterwards. 30 s by default.
    pub body_timeout: Duration,
    /// How long a connection may be idle between requests, or leave an answer unread. 75 s by
    /// default.
    pub idle_timeout: Duration,
    /// How many bytes of bodies and answers are held in memory at once, over all connections; what goes beyond
    /// it is refused with 503. 256 MiB by default.
    pub most_memory: usize,
    /// What `GET /metrics` tells. All workers of a server count into the same; a server whose store
    /// should be told of is given one that knows it.
    pub metrics: Metrics,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            insecure_open: false,
            authenticate: None,
            rate_limits: None,
            trusted_proxies: TrustedProxies::default(),
            cors_origins: Vec::new(),
            workers: None,
            connections_per_worker: 25_000,
            connections_per_address: 1_000,
            tls: None,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            most_memory: 256 * 1024 * 1024,
            metrics: Metrics::default(),
        }
    }
}

/// A server of `service` on `listener`. It runs once it is awaited or spawned; its handle stops
/// it, and requests under way then have 10 s to finish. It leaves signals to the host.
///
/// # Errors
/// When the listener can't be taken over.
pub fn server(
    listener: TcpListener,
    service: ChatService,
    options: HttpOptions,
) -> io::Result<Server> {
    let mut server = Server::build()
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .max_concurrent_connections(options.connections_per_worker);
    if let Some(workers) = options.workers {
        server = server.workers(workers.clamp(1, MOST_WORKERS));
    }
    let address = listener.local_addr()?;
    let stop = server.graceful_shutdown_signal();
    let shared = Shared::new(&options);
    let proxies = options.trusted_proxies.clone();
    let addresses = Addresses::new(options.connections_per_address, proxies);
    let worker = move || {
        let (head, idle) = (options.head_timeout, options.idle_timeout);
        let app = app_of_many(service.clone(), &options, &shared)
            .into_factory()
            .map_err(|error: Error| error.error_response());
        let app = one_of(map_config(app, |()| AppConfig::default()));
        let (asking, serving) = (app.clone(), app.clone());
        let (stop, stop_h2) = (stop.clone(), stop.clone());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(keep_alive(idle))
            .client_request_timeout(head)
            .client_disconnect_timeout(LINGER)
            .local_addr(address)
            .on_connect_ext(|io: &Guarded, data| {
                data.insert(Rc::clone(io.pace()));
            })
            .expect(fn_factory(move || {
                let app = asking();
                async move {
                    let app = app.await?;
                    let begin = move |request| {
                        let app = Rc::clone(&app);
                        async move { expect::begin(&*app, request).await }
                    };
                    Ok::<_, ()>(fn_service(begin))
                }
            }))
            .finish(fn_factory(move || {
                let app = app();
                async move {
                    let app = app.await?;
                    Ok::<_, ()>(fn_service(move |request| expect::go_on(&*app, request)))
                }
            }));
        let accepting = Accepting {
            tls: options.tls.as_ref().map(Tls::acceptor),
            addresses: addresses.clone(),
            metrics: options.metrics.clone(),
            patience: Patience { head, idle },
        };
        let http = Rc::new(http);
        fn_factory(move || {
            let (http, serving) = (Rc::clone(&http), serving());
            let (accepting, stop) = (accepting.clone(), stop_h2.clone());
            async move {
                let http = Rc::new(http.new_service(()).await?);
                let app = serving.await?;
                Ok::<_, ()>(fn_service(move |io: TcpStream| {
                    let (http, app) = (Rc::clone(&http), Rc::clone(&app));
                    let (accepting, stop) = (accepting.clone(), stop.clone());
                    async move {
                        let Some((connection, peer)) = accepting.accept(io).await else {
                            return Ok::<_, DispatchError>(());
                        };
                        match connection {
                            Connection::Http1(io) => http.call((io, Protocol::Http1, peer)).await?,
                            Connection::Http2(io, counted) => {
                                let stop = async move { stop.notified().await };
                                h2::serve(io, app, peer, accepting.patience, stop).await;
                                drop(counted);
                            }
                        }
                        Ok(())
                    }
                }))
            }
        })
    };
    Ok(server.listen("chat-http", listener, worker)?.run())
}

/// One service of the factory, for all who ask.
fn one_of<F>(
    factory: F,
) -> impl Fn() -> LocalBoxFuture<'static, Result<Rc<F::Service>, F::InitError>> + Clone
where
    F: ServiceFactory<Request, Config = (), Service: 'static, InitError: 'static> + 'static,
{
    let made = Rc::new((factory, OnceCell::new()));
    move || {
        let made = Rc::clone(&made);
        Box::pin(async move {
            let (factory, service) = &*made;
            let make = async || factory.new_service(()).await.map(Rc::new);
            service.get_or_try_init(make).await.cloned()
        })
    }
}

/// Whether connections go on after an answer. How long they may is for the [`Pace`] alone: the
/// dispatcher's own timer would be set anew for each request.
fn keep_alive(idle: Duration) -> KeepAlive {
    if idle.is_zero() {
        KeepAlive::Disabled
    } else {
        KeepAlive::Os
    }
}
