//! A client of a WebSocket.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::connection::tear;
use serde_json::Value;
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::HandshakeError;
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

/// How long something may take to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open WebSocket.
pub(crate) struct Socket(WebSocket<TcpStream>);

/// How a connection has ended, or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// With this code and reason.
    By(u16, String),
    /// Without a word.
    Broken,
    /// Nothing came in time.
    Silence,
}

impl Socket {
    /// Connects, or says with which status that was refused, and with which code.
    pub(crate) fn connect(
        address: SocketAddr,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, (u16, String)> {
        Self::try_connect(address, target, headers).expect("a connection")
    }

    /// The same where nobody may listen.
    pub(crate) fn try_connect(
        address: SocketAddr,
        target: &str,
        headers: &[(&str, &str)],
    ) -> std::io::Result<Result<Self, (u16, String)>> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut request = format!("ws://{address}{target}")
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            let value: HeaderValue = value.parse().expect("a value");
            request.headers_mut().insert(name, value);
        }
        let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
        match client_with_config(request, stream, Some(config)) {
            Ok((socket, _)) => Ok(Ok(Self(socket))),
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                let body = answer.body().as_deref().unwrap_or_default();
                let problem: Value = serde_json::from_slice(body).unwrap_or_default();
                let code = problem["code"].as_str().unwrap_or_default();
                Ok(Err((answer.status().as_u16(), code.to_owned())))
            }
            Err(failure) => Err(std::io::Error::other(failure.to_string())),
        }
    }

    /// The next message, as JSON; pings are answered on the way.
    pub(crate) fn next(&mut self) -> Result<Value, Closed> {
        let text = self.next_text()?;
        Ok(serde_json::from_str(&text).expect("JSON"))
    }

    /// The same as it came.
    pub(crate) fn next_text(&mut self) -> Result<String, Closed> {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return Ok(text.to_string()),
                Ok(Message::Close(frame)) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (frame.code.into(), frame.reason.to_string())
                    });
                    // What it has to say to that.
                    while self.0.read().is_ok() {}
                    return Err(Closed::By(code, reason));
                }
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Err(Closed::Silence);
                }
                Err(_) => return Err(Closed::Broken),
            }
        }
    }

    /// The next message of this kind; what comes before it is passed over.
    #[track_caller]
    pub(crate) fn next_of(&mut self, kind: &str) -> Value {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let next = self
                .next()
                .unwrap_or_else(|closed| panic!("{kind}: {closed:?}"));
            if next["kind"] == kind {
                return next;
            }
        }
        panic!("no {kind} came")
    }

    /// How it ends, whatever comes before.
    pub(crate) fn end(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.next() {
                return closed;
            }
        }
    }

    /// How long it waits for a message.
    pub(crate) fn wait_at_most(&self, time: Duration) {
        let stream = self.0.get_ref();
        stream.set_read_timeout(Some(time)).expect("a timeout");
    }

    pub(crate) fn say(&mut self, frame: &Value) {
        self.send(Message::text(frame.to_string()));
    }

    /// Sends any message; whether it could be sent shows in what comes.
    pub(crate) fn send(&mut self, message: Message) {
        drop(self.0.send(message));
    }

    /// Is gone in the middle of what comes next, of which so many bytes are read at most.
    pub(crate) fn tear(self, bytes: usize) {
        tear(self.0.get_ref(), bytes);
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: "".into(),
        };
        drop(self.0.close(Some(frame)));
    }

    /// Waits for the answer to a ping.
    pub(crate) fn ping(&mut self, words: &'static str) -> bool {
        self.send(Message::Ping(words.into()));
        loop {
            match self.0.read() {
                Ok(Message::Pong(echo)) => return echo == words.as_bytes(),
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }
}
