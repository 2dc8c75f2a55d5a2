//! TLS: the certificate that a server shows, read again when its files change.

use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// What may be spoken over TLS, the better first.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];

/// The name of HTTP/2 in a handshake.
pub(crate) const HTTP_2: &[u8] = b"h2";

/// The certificate of a server and its key, from two files. Clones are the same one.
///
/// TLS 1.2 and 1.3, for HTTP/2 and HTTP/1.1. When the files change, whoever connects from then on is
/// shown the new certificate; connections that are there go on. While the new files can't be used, the old
/// certificate stays, and the log says why.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// Why there is no certificate to show.
#[derive(Debug)]
pub enum TlsError {
    /// A file can't be read.
    Unreadable(PathBuf, io::Error),
    /// A file is not what it must be; a sentence says what.
    Malformed(PathBuf, &'static str),
    /// The key is for another certificate.
    Mismatch(PathBuf, PathBuf),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "can't read {}: {error}", path.display()),
            Self::Malformed(path, what) => write!(f, "{} {what}", path.display()),
            Self::Mismatch(cert, key) => {
                let (cert, key) = (cert.display(), key.display());
                write!(
                    f,
                    "the key in {key} is not that of the certificate in {cert}"
                )
            }
        }
    }
}

impl std::error::Error for TlsError {}

impl Tls {
    /// The certificate (with those that lead to its authority, in PEM) and the key (PKCS#8, PKCS#1 or SEC1,
    /// in PEM) in these files.
    ///
    /// # Errors
    /// If a file can't be read, or can't be used, or the two do not belong together.
    pub fn open(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        Self::looked_at(cert.into(), key.into(), EVERY)
    }

    /// The same from files that are looked at so often.
    pub(crate) fn looked_at(
        cert: PathBuf,
        key: PathBuf,
        every: Duration,
    ) -> Result<Self, TlsError> {
        let files = Files { cert, key };
        let seen = files.look();
        let provider = Arc::new(ring::default_provider());
        let shown = Arc::new(Shown {
            key: RwLock::new(Arc::new(files.load(&provider)?)),
        });
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsError::Malformed(files.cert.clone(), "can't be served by this build"))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        let watch = Watch {
            files,
            seen,
            provider,
            shown: Arc::downgrade(&shown),
        };
        // It ends once nobody has the certificate any more. Without it there is only nobody who looks.
        let watching = thread::Builder::new().name("tls".to_owned());
        if let Err(error) = watching.spawn(move || watch.run(every)) {
            log::error!("nobody looks whether the certificate changes: {error}");
        }
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// What whoever connects is shown.
#[derive(Debug)]
struct Shown {
    key: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&key))
    }
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What a file looks like from outside: when it was changed, and how long it is.
type Look = Option<(Option<SystemTime>, u64)>;

impl Files {
    /// What both look like now, where links lead to.
    fn look(&self) -> [Look; 2] {
        let look = |path: &Path| {
            let about = fs::metadata(path).ok();
            about.map(|about: Metadata| (about.modified().ok(), about.len()))
        };
        [look(&self.cert), look(&self.key)]
    }

    fn load(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let Self { cert, key } = self;
        let none = "has no certificate in PEM";
        let chain = read(cert)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
        let chain = chain.map_err(|_| TlsError::Malformed(cert.clone(), none))?;
        if chain.is_empty() {
            return Err(TlsError::Malformed(cert.clone(), none));
        }
        let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_: pem::Error| {
            TlsError::Malformed(key.clone(), "has no private key in PEM")
        })?;
        let signing = provider
            .key_provider
            .load_private_key(private)
            .map_err(|_| {
                TlsError::Malformed(key.clone(), "has a key of a kind that is not known")
            })?;
        let certified = CertifiedKey::new(chain, signing);
        match certified.keys_match() {
            Ok(()) => Ok(certified),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(TlsError::Mismatch(cert.clone(), key.clone()))
            }
            Err(_) => Err(TlsError::Malformed(
                cert.clone(),
                "has a certificate that can't be read",
            )),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}

/// Looks whether the files change, for as long as somebody shows what was in them.
struct Watch {
    files: Files,
    seen: [Look; 2],
    provider: Arc<CryptoProvider>,
    shown: Weak<Shown>,
}

impl Watch {
    fn run(mut self, every: Duration) {
        // Why the files could not be used the last time.
        let mut told: Option<String> = None;
        loop {
            thread::sleep(every);
            let Some(shown) = self.shown.upgrade() else {
                return;
            };
            let look = self.files.look();
            if look == self.seen {
                continue;
            }
            match self.files.load(&self.provider) {
                Ok(key) => {
                    (self.seen, told) = (look, None);
                    let mut current = shown.key.write().unwrap_or_else(PoisonError::into_inner);
                    *current = Arc::new(key);
                    log::info!("a new certificate is shown from now on");
                }
                // Tried again the next time: who may read a file changes nothing of how it looks.
                Err(error) => {
                    let error = error.to_string();
                    if told.as_ref() != Some(&error) {
                        log::error!("the certificate stays the one that it was: {error}");
                        told = Some(error);
                    }
                }
            }
        }
    }
}
