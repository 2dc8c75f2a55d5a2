//! TLS: what is spoken over it, certificates that change, and who keeps the server waiting.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::rt;
use rstest::rstest;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::sockets::start_with;
use crate::testing::FakeStore;
use crate::{HttpOptions, Tls};

pub(super) const SHORT: Duration = Duration::from_millis(300);

/// Much longer than what is waited for, on a machine as slow as can be.
pub(super) const LONG: Duration = Duration::from_secs(20);

/// How often files are looked at here.
const OFTEN: Duration = Duration::from_millis(20);

/// The files of a certificate for `localhost`.
pub(super) struct Certificate {
    dir: TempDir,
    pub(super) der: CertificateDer<'static>,
}

impl Certificate {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let der = issue(&dir);
        Self { dir, der }
    }

    fn cert(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    fn tls(&self) -> Tls {
        Tls::looked_at(self.cert(), self.key(), OFTEN).unwrap()
    }
}

/// Writes a new one; what clients trust then.
fn issue(dir: &TempDir) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(
        dir.path().join("key.pem"),
        issued.signing_key.serialize_pem(),
    )
    .unwrap();
    fs::write(dir.path().join("cert.pem"), issued.cert.pem()).unwrap();
    issued.cert.der().clone()
}

pub(super) fn client(trusted: &CertificateDer<'static>, protocol: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

pub(super) fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

pub(super) fn options(certificate: &Certificate) -> HttpOptions {
    HttpOptions {
        tls: Some(certificate.tls()),
        head_timeout: LONG * 3,
        body_timeout: LONG * 3,
        idle_timeout: LONG * 3,
        ..HttpOptions::default()
    }
}

pub(super) fn start(certificate: &Certificate) -> (SocketAddr, ServerHandle) {
    start_with(FakeStore::ThreeUsers, options(certificate))
}

/// A connection of HTTP/1.1.
type Talk = StreamOwned<ClientConnection, Blocking>;

fn connect(address: SocketAddr, trusted: &CertificateDer<'static>) -> Result<Talk, std::io::Error> {
    let socket = Blocking::connect(address)?;
    socket.set_read_timeout(Some(LONG))?;
    let tls = ClientConnection::new(client(trusted, b"http/1.1"), localhost()).unwrap();
    let mut talk = StreamOwned::new(tls, socket);
    talk.conn.complete_io(&mut talk.sock)?;
    Ok(talk)
}

/// The head of the answer to a question without a body.
fn get(talk: &mut Talk) -> String {
    talk.write_all(b"HEAD /users/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        talk.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    rt::task::spawn_blocking(work).await.unwrap()
}

/// Until nothing more comes: how the peer sees that it was cut off.
fn ends(mut stream: impl Read) -> bool {
    let begun = Instant::now();
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest));
    begun.elapsed() < LONG
}

#[actix_web::test]
async fn http_1_goes_over_tls_as_without() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    let trusted = certificate.der.clone();
    blocking(move || {
        let mut talk = connect(address, &trusted).unwrap();
        for _ in 0..2 {
            let head = get(&mut talk);
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            assert!(
                head.contains("\r\nstrict-transport-security: max-age="),
                "{head}"
            );
        }
        let waits =
            b"POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
            Content-Length: 1\r\nExpect: 100-continue\r\n\r\n";
        talk.write_all(waits).unwrap();
        let mut asked = [0; 25];
        talk.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    })
    .await;
}

#[actix_web::test]
async fn who_speaks_no_tls_is_cut_off() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    assert!(
        blocking(move || {
            let mut plain = Blocking::connect(address).unwrap();
            plain.set_read_timeout(Some(LONG)).unwrap();
            plain
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .unwrap();
            ends(plain)
        })
        .await
    );
}

#[actix_web::test]
async fn who_is_slow_to_shake_hands_is_cut_off() {
    let certificate = Certificate::new();
    let options = HttpOptions {
        head_timeout: SHORT,
        ..options(&certificate)
    };
    let (address, _) = start_with(FakeStore::ThreeUsers, options);
    assert!(
        blocking(move || {
            let silent = Blocking::connect(address).unwrap();
            silent.set_read_timeout(Some(LONG)).unwrap();
            ends(silent)
        })
        .await
    );
}

/// Tries until new connections are shown this certificate.
fn wait_for(address: SocketAddr, trusted: &CertificateDer<'static>) {
    let begun = Instant::now();
    while connect(address, trusted).is_err() {
        assert!(begun.elapsed() < LONG, "the certificate is not shown");
        thread::sleep(OFTEN);
    }
}

#[actix_web::test]
async fn a_certificate_that_changes_is_shown_to_those_who_come_then() {
    let certificate = Certificate::new();
    let (address, _) = start(&certificate);
    blocking(move || {
        let mut old = connect(address, &certificate.der).unwrap();
        assert!(get(&mut old).starts_with("HTTP/1.1 200 "));
        let second = issue(&certificate.dir);
        wait_for(address, &second);
        assert!(connect(address, &certificate.der).is_err());
        // Who is there already goes on.
        assert!(get(&mut old).starts_with("HTTP/1.1 200 "));

        // What can't be used is not shown; the old one stays.
        let (cert, key) = (certificate.cert(), certificate.key());
        fs::write(&cert, "nothing").unwrap();
        thread::sleep(OFTEN * 10);
        connect(address, &second).unwrap();
        fs::remove_file(&key).unwrap();
        thread::sleep(OFTEN * 10);
        connect(address, &second).unwrap();
        let third = issue(&certificate.dir);
        wait_for(address, &third);
    })
    .await;
}

#[rstest]
#[case::no_files("", "", "can't read")]
#[case::no_certificate("nothing", "", "has no certificate in PEM")]
#[case::no_key("cert", "nothing", "has no private key in PEM")]
#[case::another_key("cert", "other", "is not that of the certificate")]
fn files_that_can_not_be_used(#[case] cert: &str, #[case] key: &str, #[case] why: &str) {
    let (own, other) = (Certificate::new(), Certificate::new());
    let nothing = own.dir.path().join("nothing");
    fs::write(&nothing, "nothing").unwrap();
    let path = |name: &str| match name {
        "cert" => own.cert(),
        "other" => other.key(),
        "nothing" => nothing.clone(),
        _ => own.dir.path().join("missing"),
    };
    let error = Tls::open(path(cert), path(key)).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}
