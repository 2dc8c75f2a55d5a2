//! A reader on a WebSocket that costs little: what measures shares the machine with what is measured.

use std::io::ErrorKind;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::Target;

/// How long it may take to be connected: thousands come at the same time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The least room for what is read at once.
const ROOM: usize = 16 * 1024;

/// One connection.
pub(super) struct Reader {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// A frame that has come whole.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    opcode: u8,
    /// Where its payload begins and ends.
    payload: (usize, usize),
}

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;

impl Reader {
    /// Connects to the path.
    pub(super) async fn connect(target: &Target, path: &str) -> Result<Self> {
        timeout(PATIENCE, Self::shake_hands(target, path))
            .await
            .context("no connection in time")?
    }

    async fn shake_hands(target: &Target, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        let mut reader = Self {
            stream,
            bytes: Vec::new(),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            target.host
        );
        reader.stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some(end) = memchr::memmem::find(&reader.bytes, b"\r\n\r\n") {
                let head = &reader.bytes[..end];
                ensure!(
                    head.starts_with(b"HTTP/1.1 101"),
                    "no WebSocket: {}",
                    String::from_utf8_lossy(&reader.bytes)
                );
                reader.bytes.drain(..end + 4);
                return Ok(reader);
            }
            reader.fill().await?;
        }
    }

    /// Reads once from the connection, and gives each text that is whole then to `each`.
    pub(super) async fn read(&mut self, mut each: impl FnMut(&[u8])) -> Result<()> {
        let mut pongs = Vec::new();
        let mut done = 0;
        while let Some(frame) = frame(&self.bytes[done..])? {
            let payload = &self.bytes[done + frame.payload.0..done + frame.payload.1];
            match frame.opcode {
                TEXT => each(payload),
                PING => pongs.extend(pong(payload)),
                CLOSE => bail!("the server closed the connection"),
                _ => {}
            }
            done += frame.payload.1;
        }
        self.bytes.drain(..done);
        if self.bytes.is_empty() && self.bytes.capacity() > ROOM {
            self.bytes = Vec::new();
        }
        if !pongs.is_empty() {
            self.stream.write_all(&pongs).await?;
        }
        if done == 0 {
            self.fill().await?;
        }
        Ok(())
    }

    /// Waits without a buffer, so that who is idle costs little here too.
    async fn fill(&mut self) -> Result<()> {
        loop {
            self.stream.readable().await?;
            self.bytes.reserve(ROOM);
            match self.stream.try_read_buf(&mut self.bytes) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads the first text, which says that from now on nothing is missed; what came behind it is left.
    pub(super) async fn begin(&mut self) -> Result<()> {
        loop {
            if let Some(first) = frame(&self.bytes)? {
                let text = &self.bytes[first.payload.0..first.payload.1];
                let ready = memchr::memmem::find(text, b"\"ready\"").is_some();
                ensure!(ready, "not ready: {}", String::from_utf8_lossy(text));
                self.bytes.drain(..first.payload.1);
                return Ok(());
            }
            self.fill().await?;
        }
    }
}

/// The first frame of a server, which has no mask, if it is whole.
fn frame(bytes: &[u8]) -> Result<Option<Frame>> {
    let (Some(first), Some(second)) = (bytes.first(), bytes.get(1)) else {
        return Ok(None);
    };
    ensure!(
        first & 0x80 != 0 && second & 0x80 == 0,
        "frames of a server are whole and have no mask"
    );
    let (length, head) = match second {
        126 => match bytes.get(2..4) {
            Some(two) => (usize::from(u16::from_be_bytes(two.try_into()?)), 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(eight) => (usize::try_from(u64::from_be_bytes(eight.try_into()?))?, 10),
            None => return Ok(None),
        },
        short => (usize::from(*short), 2),
    };
    let payload = (head, head + length);
    let opcode = first & 0x0F;
    Ok((bytes.len() >= payload.1).then_some(Frame { opcode, payload }))
}

/// The answer to a ping, with a mask of nothing.
fn pong(words: &[u8]) -> Vec<u8> {
    let length = u8::try_from(words.len()).unwrap_or(125);
    [&[0x8A, 0x80 | length, 0, 0, 0, 0], words].concat()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn framed(opcode: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![0x80 | opcode];
        match length {
            0..=125 => bytes.push(length as u8),
            126..=65_535 => {
                bytes.push(126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes
    }

    #[rstest]
    #[case(0, 2)]
    #[case(125, 2)]
    #[case(126, 4)]
    #[case(65_535, 4)]
    #[case(65_536, 10)]
    fn a_frame_is_found_once_it_is_whole(#[case] length: usize, #[case] head: usize) {
        let mut bytes = framed(TEXT, length);
        let found = Frame {
            opcode: TEXT,
            payload: (head, head + length),
        };
        for missing in 1..bytes.len().min(20) {
            assert_eq!(frame(&bytes[..bytes.len() - missing]).unwrap(), None);
        }
        assert_eq!(frame(&bytes).unwrap(), Some(found));
        bytes.extend(framed(PING, 1));
        let rest = frame(&bytes[head + length..]).unwrap().unwrap();
        assert_eq!(rest.opcode, PING);
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        frame(&[0x01, 0]).unwrap_err();
        frame(&[0x81, 0x80, 0, 0, 0, 0]).unwrap_err();
    }

    #[test]
    fn a_pong_has_the_words_of_its_ping() {
        assert_eq!(pong(b"hi"), [0x8A, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }
}
