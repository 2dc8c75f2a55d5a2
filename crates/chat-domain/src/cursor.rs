//! The cursor: a place in the log, by which a reader goes on where it was.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Which log it is: drawn at random when the database is created, changed by a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogId(u128);

/// A text that is the id of no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a log has 32 hexadecimal digits")]
pub struct InvalidLogId;

impl LogId {
    /// The id that is stored as `text`: 32 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidLogId`].
    pub fn parse(text: &str) -> Result<Self, InvalidLogId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits {
            return Err(InvalidLogId);
        }
        u128::from_str_radix(text, 16)
            .map(Self)
            .map_err(|_| InvalidLogId)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A place in a log: whoever has it has seen everything up to there. It is the same for every reader, on every
/// node, after every restart; to clients its text is opaque.
///
/// ```
/// use chat_domain::{Cursor, LogId};
///
/// let log = LogId::parse("00112233445566778899aabbccddeeff")?;
/// let cursor = Cursor { log, position: 7 };
/// assert_eq!(cursor.to_string().parse(), Ok(cursor));
/// # Ok::<(), chat_domain::InvalidLogId>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which log.
    pub log: LogId,
    /// The position of the last entry that was seen; 0 before the first.
    pub position: i64,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor")]
pub struct InvalidCursor;

/// A log's id and a position.
const BYTES: usize = 24;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.log.0.to_be_bytes());
        bytes[16..].copy_from_slice(&self.position.to_be_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut bytes = [0; BYTES];
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, &mut bytes)
            .map_err(|_| InvalidCursor)?;
        let (log, position) = bytes.split_at(16);
        let log = u128::from_be_bytes(log.try_into().map_err(|_| InvalidCursor)?);
        let position = i64::from_be_bytes(position.try_into().map_err(|_| InvalidCursor)?);
        if length != BYTES || position < 0 {
            return Err(InvalidCursor);
        }
        Ok(Self {
            log: LogId(log),
            position,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LOG: &str = "000102030405060708090a0b0c0d0eff";

    fn cursor(position: i64) -> Cursor {
        let log = LogId::parse(LOG).unwrap();
        Cursor { log, position }
    }

    #[rstest]
    #[case(0)]
    #[case(1)]
    #[case(i64::MAX)]
    fn a_cursor_is_read_as_it_was_written(#[case] position: i64) {
        let text = cursor(position).to_string();
        assert_eq!(text.len(), 32);
        assert_eq!(text.parse(), Ok(cursor(position)));
    }

    #[test]
    fn the_id_of_a_log_is_written_as_it_is_stored() {
        assert_eq!(LogId::parse(LOG).unwrap().to_string(), LOG);
    }

    #[rstest]
    #[case::empty("")]
    #[case::short("0001")]
    #[case::sign("+00102030405060708090a0b0c0d0eff")]
    #[case::no_digit("000102030405060708090a0b0c0d0efg")]
    #[case::long("000102030405060708090a0b0c0d0eff00")]
    fn ids_that_are_none(#[case] text: &str) {
        assert_eq!(LogId::parse(text), Err(InvalidLogId));
    }

    #[rstest]
    #[case::empty("")]
    #[case::number("17")]
    #[case::short("AAECAwQFBgcICQoLDA0O_wAAAAAAAAA")]
    #[case::long("AAECAwQFBgcICQoLDA0O_wAAAAAAAAABAA")]
    #[case::padded("AAECAwQFBgcICQoLDA0O_wAAAAAAAAA=")]
    #[case::other_alphabet("AAECAwQFBgcICQoLDA0O/wAAAAAAAAAB")]
    #[case::negative("AAECAwQFBgcICQoLDA0O__________-_")]
    #[case::words("not a cursor at all, but 32 long")]
    fn texts_that_are_no_cursor(#[case] text: &str) {
        assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor));
    }
}
