//! A keep-alive HTTP/1.1 connection that costs as little as it can: it shares the machine with what it
//! measures.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// More header fields than any answer that is measured has.
const MOST_HEADERS: usize = 32;

/// How long an answer may take: a server that never answers should not be waited for in silence.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 60 });

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
}

/// What came back.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Request<'_> {
    /// Asks for `path`, as `user` or as the system.
    pub(crate) fn get(&mut self, path: &str, user: Option<i64>) {
        self.head("GET", path, user);
        self.bytes.extend_from_slice(b"\r\n");
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
        let stream = timeout(PATIENCE, TcpStream::connect(target.address))
            .await
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            .with_context(|| format!("can't connect to {}", target.address))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: target.host.clone(),
            request: Vec::new(),
            answer: Vec::with_capacity(64 * 1024),
        })
    }

    /// The request to be sent next.
    pub(crate) fn request(&mut self) -> Request<'_> {
        Request {
            host: &self.host,
            bytes: &mut self.request,
        }
    }

    /// Sends the request, and reads the whole answer.
    pub(crate) async fn exchange(&mut self) -> Result<Answer<'_>> {
        let (status, body) = timeout(PATIENCE, self.converse())
            .await
            .with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))??;
        Ok(Answer {
            status,
            body: &self.answer[body..],
        })
    }

    /// The status, and where in what was read the body begins.
    async fn converse(&mut self) -> Result<(u16, usize)> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (status, body, end) = loop {
            self.read().await?;
            if let Some(head) = head(&self.answer)? {
                break head;
            }
        };
        while self.answer.len() < end {
            self.read().await?;
        }
        ensure!(self.answer.len() == end, "more came than one answer");
        Ok((status, body))
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.answer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// The status, where the body begins, and where it ends; none while the head is not whole.
fn head(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(body) = head.parse(bytes).context("no HTTP answer")? else {
        return Ok(None);
    };
    let length = head
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    let status = head.code.context("an answer without a status")?;
    Ok(Some((status, body, body + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-LENGTH: 2\r\nX: y\r\n\r\n{}";
        let body = whole.len() - 2;
        assert_eq!(head(whole).unwrap(), Some((201, body, whole.len())));
        for cut in 0..body {
            assert_eq!(head(&whole[..cut]).unwrap(), None, "{cut}");
        }
    }

    #[test]
    fn who_never_answers_is_not_waited_for_in_silence() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target {
            address: listener.local_addr().unwrap(),
            host: "localhost".to_owned(),
            pid: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let error = runtime.block_on(async {
            let mut client = Client::connect(&target).await.unwrap();
            client.request().get("/", None);
            client.exchange().await.err().unwrap()
        });
        assert!(
            error.to_string().starts_with("no answer within"),
            "{error:#}"
        );
    }

    #[test]
    fn what_can_not_be_measured_is_refused() {
        for bad in [
            &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            b"SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            assert!(head(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
