//! The socket of a connection, which gives up on a peer that keeps it waiting.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Instant, Sleep, sleep_until};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use tokio_rustls::server::TlsStream;

use crate::addresses::Place;
use crate::metrics::Connected;
use crate::pace::Pace;

/// A socket as it is, or with TLS over it.
pub(crate) enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Does the same with either.
macro_rules! either {
    ($io:expr, $socket:ident => $does:expr) => {
        match $io {
            Io::Plain($socket) => $does,
            Io::Tls($socket) => $does,
        }
    };
}

/// A socket that fails once its [`Pace`] is past a deadline. The dispatcher then drops it without
/// a word: there is nobody to tell.
pub(crate) struct Guarded {
    io: Io,
    pace: Rc<Pace>,
    alarm: Pin<Box<Sleep>>,
    _counted: Counted,
}

/// That the connection is one of those that there are, and of those from its address.
pub(crate) struct Counted {
    pub(crate) _connected: Connected,
    pub(crate) _place: Place,
}

impl Guarded {
    pub(crate) fn new(io: Io, pace: Rc<Pace>, counted: Counted) -> Self {
        Self {
            io,
            pace,
            alarm: Box::pin(sleep_until(Instant::now())),
            _counted: counted,
        }
    }

    pub(crate) fn pace(&self) -> &Rc<Pace> {
        &self.pace
    }

    /// Waits for the deadline beside what is waited for anyway.
    fn watch<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let Some(deadline) = self.pace.deadline() else {
            return Poll::Pending;
        };
        // Deadlines mostly move away. An alarm that stays behind rings once for nothing, which
        // costs less than to set it again for every request.
        if deadline < self.alarm.deadline() {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = either!(&mut this.io, io => Pin::new(io).poll_read(cx, buffer));
        if read.is_pending() {
            return this.watch(cx);
        }
        if buffer.filled().len() > before {
            this.pace.read();
        } else if buffer.remaining() > 0 {
            this.pace.leaves();
        }
        read
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = either!(&mut this.io, io => Pin::new(io).poll_write(cx, bytes));
        if written.is_pending() {
            this.pace.stalls();
            return this.watch(cx);
        }
        this.pace.wrote();
        // An answer may be the last that happens for long: nothing is read after it before the
        // alarm rings, so it is set here.
        match this.watch(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => written,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut self.get_mut().io, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(&mut self.get_mut().io, io => Pin::new(io).poll_shutdown(cx))
    }
}
