//! A server that answers with keys, or does not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::JwksUrl;

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Body(String),
    /// The same, after so long.
    Slowly(Duration, String),
    Status(&'static str),
    Redirect(String),
    /// A body without an end.
    Endless,
    /// A byte at a time.
    Drops,
    /// Later than anybody waits.
    Late,
    /// The connection ends.
    Nothing,
}

/// It listens as long as the tests run.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    answer: Answer,
    heads: Vec<String>,
}

impl Server {
    pub(crate) fn that_answers(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Vec::new();
        let state = Arc::new(Mutex::new(State { answer, heads }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(connection.unwrap(), &shared));
            }
        });
        Self { address, state }
    }

    /// From now on.
    pub(crate) fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// All requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.state.lock().unwrap().heads.clone()
    }

    /// How many came.
    pub(crate) fn asked(&self) -> usize {
        self.heads().len()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where keys are, with what must not be told.
    pub(crate) fn url(&self) -> JwksUrl {
        let url = format!("http://ada:hidden@{}/keys?token=hidden", self.address);
        JwksUrl::parse(&url).unwrap()
    }
}

/// Whoever asked may be gone: that is no failure here.
fn serve(mut connection: TcpStream, state: &Mutex<State>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match connection.read(&mut byte) {
            // Nothing else begins so, TLS for instance.
            Ok(1) if !head.is_empty() || byte == *b"G" => head.push(byte[0]),
            _ => return,
        }
    }
    let answer = {
        let mut state = state.lock().unwrap();
        state.heads.push(String::from_utf8(head).unwrap());
        state.answer.clone()
    };
    let mut write = |text: &str| connection.write_all(text.as_bytes()).is_ok();
    let whole = |status: &str, more: &str, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{more}\r\n{body}"
        )
    };
    let endless = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    match answer {
        Answer::Body(body) => {
            write(&whole("200 OK", "", &body));
        }
        Answer::Slowly(after, body) => {
            thread::sleep(after);
            write(&whole("200 OK", "", &body));
        }
        Answer::Status(status) => {
            write(&whole(status, "", "{}"));
        }
        Answer::Redirect(to) => {
            write(&whole("302 Found", &format!("location: {to}\r\n"), ""));
        }
        Answer::Endless => {
            write(endless);
            while write(&" ".repeat(4096)) {}
        }
        Answer::Drops => {
            write(endless);
            while write(" ") {
                thread::sleep(Duration::from_millis(20));
            }
        }
        Answer::Late => thread::sleep(Duration::from_secs(20)),
        Answer::Nothing => {}
    }
}
