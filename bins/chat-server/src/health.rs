//! `chat-server health`: asks the server at the address of the configuration whether it is ready, for
//! health checks where nothing else is that could ask, as in a container.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Config;
use crate::say::say;

mod tls;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// More than the first line of an answer has.
const LINE: u64 = 1_024;

/// Asks, and says so if it is ready.
///
/// # Errors
/// One sentence: nobody listens there, there is no answer, or one that is not 200.
pub(crate) fn run(config: &Config) -> Result<()> {
    let addresses: Vec<SocketAddr> = config.listen.iter().copied().map(from_here).collect();
    let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let all = all.join(", ");
    let server = TcpStream::connect(&addresses[..])
        .with_context(|| format!("can't connect to the server on {all}"))?;
    let status =
        ask(server, config).with_context(|| format!("the server on {all} does not answer"))?;
    if status.split(' ').nth(1) != Some("200") {
        bail!("the server on {all} is not ready: it answers {status:?}");
    }
    say(format_args!("the server on {all} is ready"))
}

/// Who listens on every address of the machine is reached by its loopback address.
fn from_here(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The first line of the answer.
fn ask(server: TcpStream, config: &Config) -> Result<String> {
    server.set_read_timeout(Some(PATIENCE))?;
    server.set_write_timeout(Some(PATIENCE))?;
    let host = server.peer_addr()?;
    match &config.tls {
        None => Ok(ask_over(server, host)?),
        Some(files) => Ok(ask_over(tls::connect(server, &files.cert)?, host)?),
    }
}

fn ask_over(mut server: impl Read + Write, host: SocketAddr) -> io::Result<String> {
    let request =
        format!("GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    server.write_all(request.as_bytes())?;
    server.flush()?;
    let mut line = String::new();
    match BufReader::new(server.take(LINE)).read_line(&mut line)? {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}
