//! HTTP/1.1 by hand, so that tests can send what no client library would.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::contract::{Place, contract};

/// What stands between the parts of a form.
pub(crate) const BOUNDARY: &str = "----4f1c6a0b";

/// A key as clients of WebSockets send one.
pub(crate) const SOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A part of a form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// A field with a text.
    Text(&'a str, &'a str),
    /// The field `file`: its name, as it stands in the form, and its bytes.
    File(&'a str, &'a [u8]),
}

impl Part<'_> {
    fn head(&self) -> String {
        match self {
            Self::Text(name, _) => {
                format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n")
            }
            Self::File(name, _) => format!(
                "Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 Content-Type: text/plain\r\n\r\n"
            ),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(_, text) => text.as_bytes(),
            Self::File(_, bytes) => bytes,
        }
    }
}

/// A request, as bytes under the test's control.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    breaks_off: bool,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self {
            method,
            target,
            headers: Vec::new(),
            body: Vec::new(),
            breaks_off: false,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// A body of any bytes; its length is declared unless the test declares another.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Nothing comes after what is there, whatever was declared.
    pub(crate) fn breaks_off(mut self) -> Self {
        self.breaks_off = true;
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// A request of the tus protocol.
    pub(crate) fn tus(self) -> Self {
        self.header("Tus-Resumable", "1.0.0")
    }

    /// Bytes that follow the first `offset` ones of an upload.
    pub(crate) fn part(self, offset: usize, bytes: impl Into<Vec<u8>>) -> Self {
        self.tus()
            .header("Upload-Offset", &offset.to_string())
            .header("Content-Type", "application/offset+octet-stream")
            .body(bytes)
    }

    /// Asks for a WebSocket, and hangs up at once.
    pub(crate) fn upgrade(self, key: &str) -> Self {
        self.header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", key)
            .breaks_off()
    }

    /// What every route of the tus protocol, and that of WebSockets, wants of a request, and others don't.
    pub(crate) fn fit_for(self, method: &str, path: &str) -> Self {
        if path == "/ws" {
            return self.upgrade(SOCKET_KEY);
        }
        match (method, path.starts_with("/uploads")) {
            (_, false) => self,
            ("PATCH", _) => self.part(0, "01234"),
            ("POST", _) => self.tus().header("Upload-Length", "10"),
            _ => self.tus(),
        }
    }

    /// A form of these parts.
    pub(crate) fn form(self, parts: &[Part<'_>]) -> Self {
        let mut body = Vec::new();
        for part in parts {
            body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
            body.extend_from_slice(part.head().as_bytes());
            body.extend_from_slice(part.bytes());
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.header("Content-Type", &kind).body(body)
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    /// Its method and target.
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The request as it goes out; `connection` says what becomes of the connection after it.
    pub(super) fn bytes(&self, address: SocketAddr, connection: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.has("Connection") {
            head += &format!("Connection: {connection}\r\n");
        }
        if !self.has("Host") {
            head += &format!("Host: {address}\r\n");
        }
        if !self.body.is_empty() && !self.has("Content-Length") && !self.has("Transfer-Encoding") {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Sends it on a connection of its own and reads the whole answer, which must be one that the
    /// document of the API knows.
    pub(crate) fn send(&self, address: SocketAddr) -> Answer {
        self.send_and_place(address).0
    }

    /// The same to another server, of which the document knows nothing.
    pub(crate) fn send_elsewhere(&self, address: SocketAddr) -> Answer {
        exchange(address, &self.bytes(address, "close")).expect("an answer")
    }

    /// The same, with the place that the answer has in the document.
    pub(crate) fn send_and_place(&self, address: SocketAddr) -> (Answer, Option<Place>) {
        let bytes = self.bytes(address, "close");
        let answer = exchange_and(address, &bytes, self.breaks_off)
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.target));
        let place = contract().check(&self.method, &self.target, &answer);
        (answer, place)
    }
}

/// Sends any bytes and reads the answer to them.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    exchange_and(address, bytes, false)
}

fn exchange_and(address: SocketAddr, bytes: &[u8], end: bool) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    // A server may answer and close before it has read everything; its answer counts.
    let written = stream.write_all(bytes);
    if end {
        stream.shutdown(Shutdown::Write)?;
    }
    read(stream).map_err(|error| written.err().unwrap_or(error))
}

/// The answer on a connection on which a request was begun.
pub(crate) fn read_answer(stream: TcpStream) -> Answer {
    read(stream).expect("an answer")
}

fn read(mut stream: TcpStream) -> std::io::Result<Answer> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut read = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => {
                read.extend_from_slice(&chunk[..n]);
                // A server may linger before it closes; what it had to say is said.
                if Answer::parse(&read).is_some_and(|answer| answer.is_whole()) {
                    break;
                }
            }
            Err(_) if !read.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Answer::parse(&read).ok_or_else(|| {
        let text = String::from_utf8_lossy(&read).into_owned();
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("no HTTP answer: {text:?}"),
        )
    })
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let answer = Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        };
        assert_ne!(
            answer.header("transfer-encoding"),
            Some("chunked"),
            "answers have a length"
        );
        Some(answer)
    }

    /// Whether the body has the length that was declared for it.
    pub(super) fn is_whole(&self) -> bool {
        let declared = self
            .header("content-length")
            .and_then(|length| length.parse().ok());
        declared == Some(self.body.len())
    }

    /// How many bytes of the body are still to come, as far as that was declared.
    pub(super) fn lacks(&self) -> usize {
        let declared = self.header("content-length");
        let declared: usize = declared.and_then(|length| length.parse().ok()).unwrap_or(0);
        declared.saturating_sub(self.body.len())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body in UTF-8")
    }

    /// The body as JSON, `null` when there is none; fails unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// The problem in the body; fails unless status, code and form are those of the contract.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{problem}"
        );
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(
            problem["type"],
            format!("/problems/{}", code.replace('_', "-")),
            "{problem}"
        );
        assert_eq!(
            problem["request_id"].as_str(),
            self.header("x-request-id"),
            "{problem}"
        );
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{problem}"
        );
        assert_eq!(
            problem.get("errors").is_some(),
            code == "validation_failed",
            "{problem}"
        );
        problem
    }

    /// The `(field, code)` pairs of a validation failure, sorted.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let problem = self.problem(400, "validation_failed");
        let text = |fault: &Value, key: &str| fault[key].as_str().expect("a text").to_owned();
        let errors = problem["errors"].as_array().expect("a list of errors");
        let mut faults: Vec<_> = errors
            .iter()
            .map(|fault| (text(fault, "field"), text(fault, "code")))
            .collect();
        faults.sort();
        faults
    }

    /// The targets of the `Link` header by relation.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        let wanted = format!("rel=\"{rel}\"");
        self.header("link")?
            .split(", ")
            .find(|link| link.contains(&wanted))
            .map(|link| {
                let (start, end) = (link.find('<').expect("<"), link.find('>').expect(">"));
                link[start + 1..end].to_owned()
            })
    }
}

/// `(field, code)` pairs in the form and order of [`Answer::faults`].
pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(field, code): &(&str, &str)| ((*field).to_owned(), (*code).to_owned());
    let mut pairs: Vec<_> = expected.iter().map(owned).collect();
    pairs.sort();
    pairs
}
