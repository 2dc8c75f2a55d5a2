//! The cryptography of jsonwebtoken, on ring: what verifies a signature.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error as WrongSignature, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::hmac;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes sure that the process has a provider: without one, the library panics at the first token. Whoever
/// makes a [`Key`](crate::key::Key) calls this, so there is none without it.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // Fails if there is one: the first of a process stays, and it may be somebody else's.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

/// Whatever is signed here is signed by ring itself.
fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

/// What verifies with this key, if that goes with the algorithm.
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    use DecodingKeyKind::{RsaModulusExponent, SecretOrDer};

    let with = match (algorithm, key.kind()) {
        (Algorithm::HS256, SecretOrDer(secret)) => {
            With::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret))
        }
        (Algorithm::RS256, RsaModulusExponent { n, e }) => With::Rsa(PublicKeyComponents {
            n: n.clone(),
            e: e.clone(),
        }),
        (Algorithm::ES256, SecretOrDer(point)) => With::Key(UnparsedPublicKey::new(
            &ECDSA_P256_SHA256_FIXED,
            point.clone(),
        )),
        (Algorithm::EdDSA, SecretOrDer(point)) => {
            With::Key(UnparsedPublicKey::new(&ED25519, point.clone()))
        }
        _ => return Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    Ok(Box::new(OnRing {
        algorithm: *algorithm,
        with,
    }))
}

struct OnRing {
    algorithm: Algorithm,
    with: With,
}

/// A key as ring takes it.
enum With {
    Secret(hmac::Key),
    Rsa(PublicKeyComponents<Vec<u8>>),
    Key(UnparsedPublicKey<Vec<u8>>),
}

impl Verifier<Vec<u8>> for OnRing {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), WrongSignature> {
        match &self.with {
            // In constant time.
            With::Secret(key) => hmac::verify(key, message, signature),
            With::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            With::Key(key) => key.verify(message, signature),
        }
        .map_err(|_| WrongSignature::new())
    }
}

impl JwtVerifier for OnRing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library that took a key of one family for another would end here.
    #[test]
    fn a_key_serves_its_algorithm_alone() {
        let secret = DecodingKey::from_secret(&[7; 32]).unwrap();
        let rsa = DecodingKey::from_rsa_raw_components(&[0xff; 256], &[1, 0, 1]);
        for (algorithm, key, good) in [
            (Algorithm::HS256, &secret, true),
            (Algorithm::HS384, &secret, false),
            (Algorithm::HS512, &secret, false),
            (Algorithm::RS256, &secret, false),
            (Algorithm::RS256, &rsa, true),
            (Algorithm::RS512, &rsa, false),
            (Algorithm::PS256, &rsa, false),
            (Algorithm::HS256, &rsa, false),
            (Algorithm::ES256, &rsa, false),
            (Algorithm::ES384, &secret, false),
        ] {
            assert_eq!(verifier(&algorithm, key).is_ok(), good, "{algorithm:?}");
        }
        let signing = EncodingKey::from_secret(&[7; 32]).unwrap();
        assert!(no_signer(&Algorithm::HS256, &signing).is_err());
    }
}
