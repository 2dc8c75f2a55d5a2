//! A request whose body is still on its way, and may never arrive.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::{Answer, Request};

/// A request on a connection of its own, of which only a part was sent.
pub(crate) struct Begun(TcpStream);

impl Begun {
    /// Sends what there is of it.
    pub(crate) fn of(request: &Request, address: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(address).expect("it listens");
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).expect("a connection");
        let bytes = request.bytes(address, "close");
        stream.write_all(&bytes).expect("it is taken");
        Self(stream)
    }

    /// Sends more of the body, unless the server is gone.
    pub(crate) fn more(&mut self, bytes: &[u8]) {
        drop(self.0.write_all(bytes));
    }

    /// The answer; none if the connection breaks first.
    pub(crate) fn answer(mut self) -> Option<Answer> {
        let mut read = Vec::new();
        drop(self.0.read_to_end(&mut read));
        Answer::parse(&read)
    }

    /// Ends it as a client that ends does: what it sent arrives, and nobody waits for an answer.
    pub(crate) fn hang_up(self) {
        drop(self.0.shutdown(Shutdown::Both));
    }

    /// Cuts the connection: what did not arrive yet may never do so.
    pub(crate) fn cut(self) {
        let socket = SockRef::from(&self.0);
        let at_once = Some(Duration::ZERO);
        socket.set_linger(at_once).expect("a connection");
    }
}
