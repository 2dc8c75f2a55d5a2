//! The example's files, served as any server of files would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Serves them until the test ends.
pub(super) struct Files(SocketAddr);

const FILES: [(&str, &str, &str); 3] = [
    (
        "/index.html",
        "text/html",
        include_str!("../../../examples/browser/index.html"),
    ),
    (
        "/chat.js",
        "text/javascript",
        include_str!("../../../examples/browser/chat.js"),
    ),
    (
        "/chat.css",
        "text/css",
        include_str!("../../../examples/browser/chat.css"),
    ),
];

impl Files {
    pub(super) fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || answer(stream));
            }
        });
        Self(address)
    }

    /// Where pages of it come from.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.0)
    }
}

fn answer(mut stream: TcpStream) {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    while !read.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(n) if n > 0 => read.extend_from_slice(&piece[..n]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&read);
    let path = head.split([' ', '?']).nth(1).unwrap_or_default();
    let answer = match FILES.iter().find(|(name, ..)| *name == path) {
        Some((_, kind, text)) => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{text}",
            text.len()
        ),
        None => {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        }
    };
    // Whoever has gone needs no answer.
    drop(stream.write_all(answer.as_bytes()));
}
