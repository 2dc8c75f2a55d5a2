//! `Upload-Checksum`: what the bytes of one request must come to.

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::field::UPLOAD_CHECKSUM;
use crate::problem::{FieldError, Problem};

/// The algorithms, as clients are told of them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// The hash over the bytes of one request as they come, and what it must come to.
#[derive(Clone, Debug)]
pub(crate) struct Hashing {
    hash: Hash,
    expected: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Hashing {
    /// What the headers ask for; none when they ask for no check.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, FieldError> {
        UPLOAD_CHECKSUM.text(headers)?.map(parse).transpose()
    }

    /// The next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hash {
            Hash::Sha1(hash) => hash.update(bytes),
            Hash::Sha256(hash) => hash.update(bytes),
        }
    }

    /// After the last bytes: whether they are what the client has sent.
    ///
    /// # Errors
    /// 460: they are not, and must be forgotten.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let same = match self.hash {
            Hash::Sha1(hash) => hash.finalize()[..] == self.expected,
            Hash::Sha256(hash) => hash.finalize()[..] == self.expected,
        };
        same.then_some(()).ok_or_else(Problem::checksum_mismatch)
    }
}

fn parse(text: &str) -> Result<Hashing, FieldError> {
    let form = "must be an algorithm, a space and the checksum in base64";
    let refuse = |code, message| UPLOAD_CHECKSUM.refuse(code, message);
    let (algorithm, checksum) = text.split_once(' ').ok_or_else(|| refuse("format", form))?;
    let (hash, length) = match algorithm {
        "sha1" => (Hash::Sha1(Sha1::new()), <Sha1 as Digest>::output_size()),
        "sha256" => (
            Hash::Sha256(Sha256::new()),
            <Sha256 as Digest>::output_size(),
        ),
        _ => return Err(refuse("unknown", "must be of sha1 or sha256")),
    };
    let expected = STANDARD.decode(checksum);
    let expected = expected.map_err(|_| refuse("format", form))?;
    if expected.len() != length {
        return Err(refuse(
            "length",
            "must have as many bytes as its algorithm gives",
        ));
    }
    Ok(Hashing { hash, expected })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::field::tests::headers;
    use super::*;

    fn of(text: &str) -> Result<Option<Hashing>, FieldError> {
        Hashing::of(&headers(&[("Upload-Checksum", text.as_bytes())]))
    }

    #[test]
    fn no_header_asks_for_no_check() {
        assert!(Hashing::of(&headers(&[])).unwrap().is_none());
    }

    /// The values are those of the algorithms' own test vectors.
    #[rstest]
    #[case::sha1("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", &["abc"])]
    #[case::sha1_in_parts("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", &["a", "", "bc"])]
    #[case::sha1_of_nothing("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", &[])]
    #[case::sha256("sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", &["ab", "c"])]
    #[case::sha256_of_nothing("sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", &[])]
    fn bytes_that_are_as_they_were_sent(#[case] text: &str, #[case] parts: &[&str]) {
        let mut hashing = of(text).unwrap().unwrap();
        parts
            .iter()
            .for_each(|part| hashing.update(part.as_bytes()));
        assert!(hashing.clone().finish().is_ok());
        hashing.update(b"!");
        let problem = hashing.finish().unwrap_err();
        assert_eq!(problem.code(), "checksum_mismatch");
        assert_eq!(problem.render("id").status().as_u16(), 460);
    }

    #[rstest]
    #[case::empty("", "format")]
    #[case::no_checksum("sha1", "format")]
    #[case::md5("md5 kAFQmDzST7DWlj99KOF/cg==", "unknown")]
    #[case::crc("crc32 AAAAAA==", "unknown")]
    #[case::upper_case("SHA1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "unknown")]
    #[case::no_base64("sha1 a9993e364706816aba3e25717850c26c9cd0d89d!", "format")]
    #[case::no_padding("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0", "format")]
    #[case::two_spaces("sha1  qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "format")]
    #[case::nothing_after_the_space("sha1 ", "length")]
    #[case::too_short("sha1 qZk+NkcGgWq6PiVx", "length")]
    #[case::of_the_other("sha256 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", "length")]
    #[case::no_ascii("sha1 ü", "format")]
    fn checksums_that_are_none(#[case] text: &str, #[case] code: &str) {
        let error = of(text).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("Upload-Checksum", code)
        );
    }

    #[test]
    fn there_is_one_checksum() {
        let value = &b"sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="[..];
        let twice = headers(&[("Upload-Checksum", value), ("Upload-Checksum", value)]);
        assert_eq!(Hashing::of(&twice).unwrap_err().code, "repeated");
    }

    #[test]
    fn what_is_offered_is_known() {
        for name in ALGORITHMS.split(',') {
            assert_eq!(of(&format!("{name} ")).unwrap_err().code, "length");
        }
    }
}
