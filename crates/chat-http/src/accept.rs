//! From a socket to what requests come over: counted, and with TLS if the server speaks it.

use std::net::SocketAddr;

use actix_web::rt::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::addresses::Addresses;
use crate::guard::{Counted, Guarded, Io};
use crate::h2::Patience;
use crate::pace::{Pace, in_time};
use crate::{Metrics, tls};

/// How connections become what requests come over.
#[derive(Clone)]
pub(crate) struct Accepting {
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) addresses: Addresses,
    pub(crate) metrics: Metrics,
    pub(crate) patience: Patience,
}

/// A connection, by what is spoken over it.
pub(crate) enum Connection {
    Http1(Guarded),
    Http2(Box<TlsStream<TcpStream>>, Counted),
}

impl Accepting {
    /// The connection, and where it comes from; none if there are too many from there, or its peer does not
    /// speak as it should. Nothing is told of that: anyone could fill the log with it.
    pub(crate) async fn accept(&self, io: TcpStream) -> Option<(Connection, Option<SocketAddr>)> {
        let peer = io.peer_addr().ok();
        let counted = Counted {
            _place: self.addresses.enter(peer.map(|peer| peer.ip()))?,
            _connected: self.metrics.connected(),
        };
        // Answers are written whole, so there is nothing to wait for; without it they only come later.
        let _ = io.set_nodelay(true);
        let Patience { head, idle } = self.patience;
        let guarded = |io, counted| {
            let guarded = Guarded::new(io, Pace::new(idle, head), counted);
            Connection::Http1(guarded)
        };
        let Some(tls) = &self.tls else {
            return Some((guarded(Io::Plain(io), counted), peer));
        };
        let io = Box::new(in_time(head, tls.accept(io)).await?.ok()?);
        let connection = match io.get_ref().1.alpn_protocol() {
            Some(tls::HTTP_2) => Connection::Http2(io, counted),
            _ => guarded(Io::Tls(io), counted),
        };
        Some((connection, peer))
    }
}
