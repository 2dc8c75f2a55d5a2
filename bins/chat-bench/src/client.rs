//! A keep-alive HTTP/1.1 connection that costs as little as the load can.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends JSON and fails unless something was created.
    pub(crate) async fn post(&mut self, path: &str, user: Option<usize>, body: &str) -> Result<()> {
        let user = user.map_or_else(String::new, |user| format!("X-User-Id: {user}\r\n"));
        self.request.clear();
        self.request.extend_from_slice(
            format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 {user}Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        self.exchange(201).await.map(drop)
    }

    /// The body of what is found.
    pub(crate) async fn get(&mut self, path: &str) -> Result<String> {
        self.request.clear();
        self.request.extend_from_slice(
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
        );
        let body = self.exchange(200).await?;
        Ok(String::from_utf8_lossy(&self.answer[body..]).into_owned())
    }

    /// Sends the request, reads the whole answer, and gives where its body begins.
    async fn exchange(&mut self, expected: u16) -> Result<usize> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let (body, end) = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(head) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") {
                let text = std::str::from_utf8(&self.answer[..head])?.to_ascii_lowercase();
                let (_, rest) = text.split_once("content-length: ").context("no length")?;
                let length: usize = rest.lines().next().unwrap_or_default().parse()?;
                break (head + 4, head + 4 + length);
            }
        };
        while self.answer.len() < end {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
        let status = self
            .answer
            .get(9..12)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        if status != Some(expected.to_string().as_str()) {
            bail!("{}", String::from_utf8_lossy(&self.answer));
        }
        Ok(body)
    }
}
