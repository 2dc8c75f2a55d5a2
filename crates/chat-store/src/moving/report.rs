//! What a move came to: both sides, table by table.

use super::checksum::Checksum;
use super::tables::Table;

/// What a move came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Every table.
    pub tables: Vec<TableReport>,
    /// Which log it is, on both sides.
    pub log_id: String,
    /// The position of its last event: from here the log of the target goes on.
    pub position: u64,
}

impl Report {
    /// Whether both sides are equal.
    pub fn agrees(&self) -> bool {
        self.tables.iter().all(TableReport::agrees)
    }
}

/// A table on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableReport {
    /// Which table.
    pub table: &'static str,
    /// Its columns, in the order in which the checksum has them; all are moved.
    pub columns: &'static [&'static str],
    /// What the source has.
    pub from: Contents,
    /// What the target has.
    pub to: Contents,
}

impl TableReport {
    pub(crate) fn new(table: Table, from: Contents, to: Contents) -> Self {
        Self {
            table: table.name(),
            columns: table.columns(),
            from,
            to,
        }
    }

    /// Whether both sides are equal.
    pub fn agrees(&self) -> bool {
        self.from == self.to
    }
}

/// What a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contents {
    /// How many rows.
    pub rows: u64,
    /// Their checksum.
    pub checksum: Checksum,
    /// The last id that the table has given to a row, 0 before the first; none where ids may be used
    /// twice.
    pub last_id: Option<i64>,
}

impl Contents {
    pub(crate) const fn new(rows: u64, checksum: Checksum, last_id: Option<i64>) -> Self {
        Self {
            rows,
            checksum,
            last_id,
        }
    }
}
