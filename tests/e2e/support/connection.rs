//! A connection that is kept for one request after the other.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{Answer, Request};

/// One connection to a server.
pub(crate) struct Connection {
    stream: TcpStream,
    address: SocketAddr,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self { stream, address })
    }

    /// Sends it and reads the whole answer. An error says nothing of whether it was done.
    pub(crate) fn send(&mut self, request: &Request) -> Result<Answer> {
        self.stream
            .write_all(&request.bytes(self.address, "keep-alive"))?;
        let mut read = Vec::new();
        let mut chunk = [0; 16 * 1024];
        // What has come is looked at again only when it may be all of it.
        let mut wanted = 0;
        loop {
            let n = self.stream.read(&mut chunk)?;
            if n == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof));
            }
            read.extend_from_slice(&chunk[..n]);
            if read.len() < wanted {
                continue;
            }
            match Answer::parse(&read) {
                // It never has a body, and so no length.
                Some(answer) if answer.status == 204 || answer.is_whole() => return Ok(answer),
                Some(answer) => wanted = read.len() + answer.lacks(),
                None => {}
            }
        }
    }

    /// Sends it and is gone in the middle of the answer, of which so many bytes are read at most.
    pub(crate) fn send_and_tear(mut self, request: &Request, bytes: usize) -> Result<()> {
        self.stream
            .write_all(&request.bytes(self.address, "keep-alive"))?;
        tear(&self.stream, bytes);
        Ok(())
    }
}

/// Reads so many bytes of what comes soon, at most, and closes both ways.
pub(super) fn tear(mut stream: &TcpStream, bytes: usize) {
    // Whatever comes of it, nobody is there any more.
    drop(stream.set_read_timeout(Some(Duration::from_millis(100))));
    drop(stream.read(&mut vec![0; bytes]));
    drop(stream.shutdown(std::net::Shutdown::Both));
}
