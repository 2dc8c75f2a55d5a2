//! A checksum over the rows of a table that no database has a say in.

use std::fmt;

use sha2::{Digest, Sha256};

use super::tables::{Page, Table};

/// SHA-256 over the rows of a table in the order of their keys: its name and its columns first, then
/// each value as its kind and what it holds, so that no two tables of different content come to the same bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// The 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Hexadecimal; with a precision only so many digits.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        f.pad(&digits)
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

/// Takes the rows of a table, page by page.
pub(crate) struct Sum {
    hash: Sha256,
    rows: u64,
}

impl Sum {
    pub(crate) fn new(table: Table) -> Self {
        let mut bytes = Vec::new();
        table.name().to_owned().encode(&mut bytes);
        for column in table.columns() {
            (*column).to_owned().encode(&mut bytes);
        }
        Self {
            hash: Sha256::new_with_prefix(bytes),
            rows: 0,
        }
    }

    pub(crate) fn add(&mut self, page: &Page) {
        page.encode(|row| self.hash.update(row));
        self.rows += page.len() as u64;
    }

    /// How many rows they were, and what they come to.
    pub(crate) fn end(self) -> (u64, Checksum) {
        (self.rows, Checksum(self.hash.finalize().into()))
    }
}

/// A value in its one form: its kind, how long it is where that differs, and its bytes.
pub(crate) trait Canonical {
    fn encode(&self, out: &mut Vec<u8>);
}

fn long(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

impl Canonical for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(1);
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Canonical for i32 {
    fn encode(&self, out: &mut Vec<u8>) {
        i64::from(*self).encode(out);
    }
}

impl Canonical for String {
    fn encode(&self, out: &mut Vec<u8>) {
        long(2, self.as_bytes(), out);
    }
}

impl Canonical for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) {
        long(3, self, out);
    }
}

impl<T: Canonical> Canonical for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => value.encode(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::{event_log, file_releases, seens};
    use super::*;

    fn of(page: &Page) -> Checksum {
        let mut sum = Sum::new(page.table());
        sum.add(page);
        sum.end().1
    }

    #[test]
    fn each_value_tells_its_kind_and_its_length() {
        fn bytes(value: &impl Canonical) -> Vec<u8> {
            let mut out = Vec::new();
            value.encode(&mut out);
            out
        }
        assert_eq!(bytes(&None::<i64>), [0]);
        assert_eq!(bytes(&Some(258_i64)), [1, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(bytes(&-1_i32), bytes(&-1_i64));
        assert_eq!(
            bytes(&"ä".to_owned()),
            [2, 0, 0, 0, 0, 0, 0, 0, 2, 0xc3, 0xa4]
        );
        assert_eq!(bytes(&vec![7_u8]), [3, 0, 0, 0, 0, 0, 0, 0, 1, 7]);
        assert_ne!(bytes(&Some(String::new())), bytes(&None::<String>));
        assert_ne!(bytes(&Vec::<u8>::new()), bytes(&String::new()));
    }

    #[test]
    fn it_is_the_same_however_the_rows_are_paged() {
        let row = |id| seens::Row {
            message_id: id,
            user_id: 1,
            seen_at: 5,
        };
        let whole = of(&Page::Seens(vec![row(1), row(2), row(3)]));
        let mut paged = Sum::new(Table::Seens);
        paged.add(&Page::Seens(vec![row(1)]));
        paged.add(&Page::Seens(vec![row(2), row(3)]));
        assert_eq!(paged.end(), (3, whole));
        assert_ne!(whole, of(&Page::Seens(vec![row(1), row(3), row(2)])));
        assert_ne!(whole, of(&Page::Seens(vec![row(1), row(2)])));
    }

    #[test]
    fn another_table_with_the_same_numbers_is_another() {
        let seens = Page::Seens(vec![seens::Row {
            message_id: 1,
            user_id: 2,
            seen_at: 3,
        }]);
        let releases = Page::FileReleases(vec![file_releases::Row {
            conversation_id: 1,
            after_file_id: 2,
            unused_since: 3,
        }]);
        assert_ne!(of(&seens), of(&releases));
    }

    /// Reports of two versions can be compared only if this never changes.
    #[test]
    fn it_stays_what_it_is() {
        let log = Page::EventLog(vec![event_log::Row {
            id: 1,
            log_id: "f00d".to_owned(),
            position: 27,
            forgotten: 0,
        }]);
        assert_eq!(format!("{:.16}", of(&log)), "740677e9bbd7efde");
    }
}
