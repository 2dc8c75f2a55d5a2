//! A client of server-sent events.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::connection::tear;
use super::{Answer, Request};

/// How long something may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open stream.
pub(crate) struct EventStream {
    stream: TcpStream,
    /// Bytes of the body that were not read yet, chunked.
    chunked: Vec<u8>,
    /// Text of the body, up to the last whole block.
    text: Vec<u8>,
    head: String,
}

/// What stands between two empty lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub(crate) id: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) data: String,
    pub(crate) retry: Option<u64>,
    /// Whether it is a comment alone.
    pub(crate) comment: bool,
}

impl Block {
    /// Its data.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("JSON")
    }
}

impl EventStream {
    /// Asks for a stream, or says with which status that was refused, and with which code.
    pub(crate) fn open(address: SocketAddr, request: Request) -> Result<Self, (u16, String)> {
        Self::try_open(address, request).expect("a connection")
    }

    /// The same where nobody may listen.
    pub(crate) fn try_open(
        address: SocketAddr,
        request: Request,
    ) -> io::Result<Result<Self, (u16, String)>> {
        let request = request.header("Accept", "text/event-stream");
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&request.bytes(address, "keep-alive"))?;
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if read_more(&mut stream, &mut read)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        if !head.starts_with("HTTP/1.1 200") {
            while Answer::parse(&read).is_none_or(|answer| !answer.is_whole()) {
                if read_more(&mut stream, &mut read)? == 0 {
                    break;
                }
            }
            let answer = Answer::parse(&read).ok_or(io::ErrorKind::UnexpectedEof)?;
            let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or_default().to_owned();
            return Ok(Err((answer.status, code)));
        }
        Ok(Ok(Self {
            stream,
            chunked: read.split_off(end),
            text: Vec::new(),
            head,
        }))
    }

    /// Its head.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    /// The next block; none at the end, however it comes.
    pub(crate) fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                return Some(parse(&String::from_utf8_lossy(&block)));
            }
            match self.unchunk() {
                Some(true) => {}
                // The last chunk.
                Some(false) => return None,
                None => {
                    let n = read_more(&mut self.stream, &mut self.chunked).unwrap_or(0);
                    if n == 0 {
                        return None;
                    }
                }
            }
        }
    }

    /// The next block with an event; comments are passed over.
    pub(crate) fn event(&mut self) -> Option<Block> {
        loop {
            let block = self.next()?;
            if block.event.is_some() {
                return Some(block);
            }
        }
    }

    /// Is gone in the middle of what comes next, of which so many bytes are read at most.
    pub(crate) fn tear(self, bytes: usize) {
        tear(&self.stream, bytes);
    }

    /// How long it waits for what comes.
    pub(crate) fn wait_at_most(&self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).expect("a timeout");
    }

    /// Takes a chunk to the text; whether there was one with bytes in it.
    fn unchunk(&mut self) -> Option<bool> {
        let line = self.chunked.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&self.chunked[..line]).ok()?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        let whole = line + 2 + length + 2;
        if self.chunked.len() < whole {
            return None;
        }
        let chunk: Vec<u8> = self.chunked.drain(..whole).collect();
        self.text
            .extend_from_slice(&chunk[line + 2..line + 2 + length]);
        Some(length > 0)
    }
}

fn read_more(stream: &mut TcpStream, read: &mut Vec<u8>) -> io::Result<usize> {
    let mut piece = [0; 8 * 1024];
    let n = stream.read(&mut piece)?;
    read.extend_from_slice(&piece[..n]);
    Ok(n)
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("id", id) => block.id = Some(id.to_owned()),
            ("event", kind) => block.event = Some(kind.to_owned()),
            ("data", data) => block.data = data.to_owned(),
            ("retry", time) => block.retry = time.parse().ok(),
            _ => block.comment = line.starts_with(':'),
        }
    }
    block
}
