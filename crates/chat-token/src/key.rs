//! A key, and the one algorithm it is for.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

use crate::claims::Signed;
use crate::head::Head;
use crate::{Rejected, Secret, provider};

/// A key that verifies tokens by one algorithm.
#[derive(Debug)]
pub(crate) struct Key {
    key: DecodingKey,
    /// What the library checks: the signature. The rest is checked here, by a clock that comes in, and so
    /// that a claim which is not asked for is no hindrance.
    checks: Validation,
    algorithm: Algorithm,
}

impl Key {
    /// What public keys are for.
    pub(crate) const PUBLIC: [Algorithm; 3] =
        [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

    /// A shared secret, which takes HS256.
    pub(crate) fn secret(secret: &Secret) -> Self {
        Self::new(Algorithm::HS256, secret.key().clone())
    }

    /// An RSA key, which takes RS256: modulus and exponent, in bytes from the highest on, the first of
    /// them not 0.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        let key = DecodingKey::from_rsa_raw_components(modulus, exponent);
        Self::new(Algorithm::RS256, key)
    }

    /// A point of P-256, not compressed, which takes ES256.
    pub(crate) fn p256(point: &[u8]) -> Self {
        Self::new(Algorithm::ES256, DecodingKey::from_ec_der(point))
    }

    /// A point of Ed25519, which takes EdDSA.
    pub(crate) fn ed25519(point: &[u8]) -> Self {
        Self::new(Algorithm::EdDSA, DecodingKey::from_ed_der(point))
    }

    fn new(algorithm: Algorithm, key: DecodingKey) -> Self {
        provider::install();
        let mut checks = Validation::new(algorithm);
        checks.required_spec_claims.clear();
        checks.validate_exp = false;
        checks.validate_nbf = false;
        checks.validate_aud = false;
        Self {
            key,
            checks,
            algorithm,
        }
    }

    /// The claims of this token, whose header that is, if it is signed with this key.
    pub(crate) fn open(&self, head: &Head, token: &str) -> Result<Signed, Rejected> {
        // The library sees to it too; here it is seen without it.
        if head.algorithm != self.algorithm {
            return Err(Rejected::Algorithm);
        }
        let opened = decode(token, &self.key, &self.checks);
        opened
            .map(|data| data.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidToken
                | ErrorKind::Base64(_)
                | ErrorKind::Json(_)
                | ErrorKind::Utf8(_) => Rejected::Malformed,
                ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => {
                    Rejected::Algorithm
                }
                _ => Rejected::Signature,
            })
    }
}
