//! A keep-alive HTTP/1.1 connection that costs as little as it can: it shares the machine with what it
//! measures.

use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::web::{Buf, Bytes};
use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::content::Content;
use crate::interrupt;

/// More header fields than any answer that is measured has.
const MOST_HEADERS: usize = 32;

/// How long an answer may take: a server that never answers should not be waited for in silence.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take when a file goes with it, on a disk that is slow and asked by many.
const PATIENCE_WITH_FILES: Duration = Duration::from_secs(600);

/// The status that says that no request came.
const REQUEST_TIMEOUT: u16 = 408;

/// How much of an answer that is not held is read at once.
const PIECE: usize = 256 * 1024;

/// What separates the parts of a form.
const BOUNDARY: &str = "--------------------------chat-bench";

/// Where requests go.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// The value of `Host`.
    pub(crate) host: String,
    /// The process, if it is one of this machine and ours to look at.
    pub(crate) pid: Option<u32>,
}

/// A request as its bytes; the buffer is used again for the next.
pub(crate) struct Request<'a> {
    host: &'a str,
    bytes: &'a mut Vec<u8>,
    file: &'a mut Option<Sent>,
    wanted: &'a mut Option<Content>,
}

/// The rest of a request with a file, which is shared and not copied.
struct Sent {
    rest: Bytes,
    end: String,
}

/// What came back.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    address: SocketAddr,
    host: String,
    /// How long an answer may take without a file.
    patience: Duration,
    /// Whether nothing was answered yet.
    unused: bool,
    request: Vec<u8>,
    file: Option<Sent>,
    wanted: Option<Content>,
    answer: Vec<u8>,
}

impl Request<'_> {
    /// Asks for `path`, as `user` or as the system.
    pub(crate) fn get(&mut self, path: &str, user: Option<i64>) {
        self.head("GET", path, user);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Asks for `path`, whose content must be this. It is compared while it comes, and not held.
    pub(crate) fn get_content(&mut self, path: &str, user: Option<i64>, content: Content) {
        self.get(path, user);
        *self.wanted = Some(content);
    }

    /// Asks for `path` to be deleted.
    pub(crate) fn delete(&mut self, path: &str, user: Option<i64>) {
        self.head("DELETE", path, user);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Sends a form with a file to `path`. Of the content only the first bytes are copied.
    pub(crate) fn post_file(&mut self, path: &str, user: Option<i64>, content: &Content) {
        let begin = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        self.head("POST", path, user);
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        self.field("Content-Type", &form);
        let length = begin.len() + content.len() + end.len();
        self.field("Content-Length", &length);
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(begin.as_bytes());
        self.bytes.extend_from_slice(content.mark());
        let rest = content.rest();
        *self.file = Some(Sent { rest, end });
    }

    /// Sends JSON to `path`, as `user`, as whom the body names, or as the system.
    pub(crate) fn post(&mut self, path: &str, user: Option<i64>, body: &[u8]) {
        self.post_under(None, path, user, body);
    }

    /// The same under an `Idempotency-Key`, if one is given.
    pub(crate) fn post_under(
        &mut self,
        key: Option<&str>,
        path: &str,
        user: Option<i64>,
        body: &[u8],
    ) {
        self.head("POST", path, user);
        if let Some(key) = key {
            self.field("Idempotency-Key", &key);
        }
        self.field("Content-Type", &"application/json");
        self.field("Content-Length", &body.len());
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(body);
    }

    fn head(&mut self, method: &str, path: &str, user: Option<i64>) {
        self.bytes.clear();
        (*self.file, *self.wanted) = (None, None);
        for part in [method, " ", path, " HTTP/1.1\r\n"] {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        let host = self.host;
        self.field("Host", &host);
        if let Some(user) = user {
            self.field("X-User-Id", &user);
        }
    }

    fn field(&mut self, name: &str, value: &dyn std::fmt::Display) {
        // Writing into memory does not fail.
        drop(write!(self.bytes, "{name}: {value}\r\n"));
    }
}

impl Answer<'_> {
    /// Fails unless the status is this one, and says what came instead.
    pub(crate) fn expect(&self, status: u16) -> Result<()> {
        ensure!(
            self.status == status,
            "answered {} instead of {status}: {}",
            self.status,
            String::from_utf8_lossy(self.body)
        );
        Ok(())
    }
}

impl Client {
    pub(crate) async fn connect(target: &Target) -> Result<Self> {
        Ok(Self {
            stream: connect(target.address).await?,
            address: target.address,
            host: target.host.clone(),
            patience: PATIENCE,
            unused: true,
            request: Vec::new(),
            file: None,
            wanted: None,
            answer: Vec::with_capacity(64 * 1024),
        })
    }

    /// The request to be sent next.
    pub(crate) fn request(&mut self) -> Request<'_> {
        Request {
            host: &self.host,
            bytes: &mut self.request,
            file: &mut self.file,
            wanted: &mut self.wanted,
        }
    }

    /// Sends the request, and reads the whole answer.
    pub(crate) async fn exchange(&mut self) -> Result<Answer<'_>> {
        let mut answered = self.converse_in_time().await?;
        if self.unused && answered.0 == REQUEST_TIMEOUT {
            // The server has waited long enough for a first request, and said so before this one came.
            self.stream = connect(self.address).await?;
            answered = self.converse_in_time().await?;
        }
        self.unused = false;
        let (status, body) = answered;
        Ok(Answer {
            status,
            body: &self.answer[body..],
        })
    }

    async fn converse_in_time(&mut self) -> Result<(u16, usize)> {
        let patience = match (&self.file, &self.wanted) {
            (None, None) => self.patience,
            _ => PATIENCE_WITH_FILES,
        };
        timeout(patience, self.converse())
            .await
            .with_context(|| format!("no answer within {} s", patience.as_secs()))?
    }

    /// The status, and where in what was read the body begins, unless it was not to be held.
    async fn converse(&mut self) -> Result<(u16, usize)> {
        let (status, body, end) = match self.send().await {
            Ok(()) => self.read_head().await?,
            // Why the server has ended the connection may lie there to be read.
            Err(error) if self.unused && error.is::<io::Error>() => match self.read_head().await {
                Ok(head) if head.0 == REQUEST_TIMEOUT => head,
                _ => return Err(error),
            },
            Err(error) => return Err(error),
        };
        if status == 200
            && let Some(wanted) = self.wanted.take()
        {
            self.compare(&wanted, (body, end)).await?;
            return Ok((status, self.answer.len()));
        }
        while self.answer.len() < end {
            self.read().await?;
        }
        ensure!(self.answer.len() == end, "more came than one answer");
        Ok((status, body))
    }

    async fn read_head(&mut self) -> Result<(u16, usize, usize)> {
        self.answer.clear();
        loop {
            self.read().await?;
            if let Some(head) = head(&self.answer)? {
                return Ok(head);
            }
        }
    }

    async fn send(&mut self) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(self.stream.write_all(&self.request).await?);
        };
        let form = Buf::chain(&file.rest[..], file.end.as_bytes());
        let mut bytes = Buf::chain(&self.request[..], form);
        while bytes.has_remaining() {
            interrupt::check()?;
            // All three in one, as far as there is room for them.
            let sent = self.stream.write_buf(&mut bytes).await?;
            ensure!(sent > 0, "the server closed the connection");
        }
        Ok(())
    }

    /// Reads the body, which lies there and in what comes, and fails unless it is the content.
    async fn compare(&mut self, wanted: &Content, (body, end): (usize, usize)) -> Result<()> {
        ensure!(
            end - body == wanted.len(),
            "content of {} bytes came instead of {}",
            end - body,
            wanted.len()
        );
        wanted.check(0, &self.answer[body..])?;
        let mut came = self.answer.len() - body;
        self.answer.reserve(PIECE);
        while came < wanted.len() {
            interrupt::check()?;
            self.answer.clear();
            self.read().await?;
            wanted.check(came, &self.answer)?;
            came += self.answer.len();
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.answer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
        .with_context(|| format!("can't connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The status, where the body begins, and where it ends; none while the head is not whole.
fn head(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = head.parse(bytes).context("no HTTP answer")? else {
        return Ok(None);
    };
    let status = head.code.context("an answer without a status")?;
    let length = head
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = match length {
        // It never has a body.
        None if status == 204 => 0,
        length => {
            let length = length.context("an answer without a length")?;
            std::str::from_utf8(length.value)?.parse()?
        }
    };
    Ok(Some((status, body, body + length)))
}

#[cfg(test)]
mod tests;
