//! Every table, as it is moved: all columns, as they are stored.
//!
//! Nothing here knows what a row means. A value is kept as the database gave it, also one that the
//! domain would not take: to mend is not the business of a move.

use std::fmt;

use super::checksum::Canonical;

/// Calls `$each!` with all tables, in an order in which a row comes after what it refers to. Of each:
/// its name as a type and as a table, its key, and its columns.
macro_rules! with_tables {
    ($each:ident) => {
        $each! {
            Users users (id) {
                id: i64,
                username: String,
                username_key: String,
                email: String,
                email_key: String,
                created_at: i64,
                updated_at: i64,
                deleted_at: Option<i64>,
                display_name: Option<String>,
                avatar_file_id: Option<i64>,
                external_id: Option<String>,
            }
            Groups groups (id) {
                id: i64,
                name: String,
                name_key: String,
                member_count: i64,
                created_at: i64,
                updated_at: i64,
                deleted_at: Option<i64>,
            }
            Blobs blobs (id) {
                id: i64,
                hash: Vec<u8>,
                size: i64,
                claimed_at: i64,
                unused_since: Option<i64>,
                stored: i64,
                doomed: Option<i64>,
            }
            Files files (id) {
                id: i64,
                url: String,
                name: Option<String>,
                size: Option<i64>,
                kind: Option<String>,
                uploader_id: Option<i64>,
                created_at: i64,
                updated_at: i64,
                deleted_at: Option<i64>,
                blob_id: Option<i64>,
                unused_since: Option<i64>,
            }
            Uploads uploads (id) {
                id: i64,
                uploader_id: Option<i64>,
                name: Option<String>,
                metadata: Option<String>,
                length: i64,
                offset: Option<i64>,
                mark: Option<Vec<u8>>,
                digest: Option<Vec<u8>>,
                head: Option<Vec<u8>>,
                file_id: Option<i64>,
                created_at: i64,
                expires_at: i64,
                generation: i64,
            }
            Conversations conversations (id) {
                id: i64,
                group_id: Option<i64>,
                low_user_id: Option<i64>,
                high_user_id: Option<i64>,
                last_seq: i64,
                created_at: i64,
            }
            GroupMembers group_members (group_id, user_id) {
                group_id: i64,
                user_id: i64,
                role: String,
                created_at: i64,
                updated_at: i64,
            }
            Participants participants (user_id, conversation_id) {
                user_id: i64,
                conversation_id: i64,
                joined_seq: i64,
                seen_through: i64,
                cleared: i64,
            }
            Messages messages (id) {
                id: i64,
                conversation_id: i64,
                seq: i64,
                sender_id: i64,
                receiver_id: Option<i64>,
                group_id: Option<i64>,
                kind: String,
                content: Option<String>,
                file_id: Option<i64>,
                created_at: i64,
                updated_at: i64,
                deleted_at: Option<i64>,
            }
            Seens seens (message_id, user_id) {
                message_id: i64,
                user_id: i64,
                seen_at: i64,
            }
            SeenRanges seen_ranges (user_id, conversation_id, to_seq) {
                user_id: i64,
                conversation_id: i64,
                to_seq: i64,
                from_seq: i64,
                seen_at: i64,
            }
            FileReleases file_releases (conversation_id) {
                conversation_id: i64,
                after_file_id: i64,
                unused_since: i64,
            }
            IdempotencyKeys idempotency_keys (id) {
                id: i64,
                actor: i64,
                key: String,
                fingerprint: Vec<u8>,
                answer: Vec<u8>,
                created_at: i64,
            }
            Events events (position) {
                position: i64,
                kind: i32,
                conversation_id: Option<i64>,
                message_id: Option<i64>,
                user_id: Option<i64>,
                role: Option<String>,
                actor_id: Option<i64>,
                at: i64,
            }
            EventLog event_log (id) {
                id: i64,
                log_id: String,
                position: i64,
                forgotten: i64,
            }
        }
    };
}

pub(crate) use with_tables;

/// The key of a row: the numbers in the columns that its table is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) Vec<i64>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            [one] => one.fmt(f),
            several => {
                let several: Vec<String> = several.iter().map(ToString::to_string).collect();
                write!(f, "({})", several.join(", "))
            }
        }
    }
}

macro_rules! define {
    ($($Table:ident $table:ident ($($key:ident),+) { $($column:ident: $kind:ty,)+ })+) => {
        /// Which table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Table {
            $($Table,)+
        }

        impl Table {
            /// All of them; a row refers to rows of tables before its own, or to none.
            pub(crate) const ALL: [Self; 15] = [$(Self::$Table,)+];

            /// As the database calls it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$Table => stringify!($table),)+
                }
            }

            /// Its columns, as the database calls them.
            pub(crate) fn columns(self) -> &'static [&'static str] {
                use diesel::Column;
                match self {
                    $(Self::$Table => &[$(<crate::schema::$table::$column as Column>::NAME),+],)+
                }
            }
        }

        $(
            /// Rows of one table.
            pub(crate) mod $table {
                use diesel::prelude::*;

                /// All that is stored in a row.
                #[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
                #[diesel(table_name = crate::schema::$table, treat_none_as_default_value = false)]
                pub(crate) struct Row {
                    $(pub(crate) $column: $kind,)+
                }
            }
        )+

        /// Some rows of one table, in the order of their keys.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Page {
            $($Table(Vec<$table::Row>),)+
        }

        impl Page {
            pub(crate) const fn table(&self) -> Table {
                match self {
                    $(Self::$Table(_) => Table::$Table,)+
                }
            }

            pub(crate) const fn len(&self) -> usize {
                match self {
                    $(Self::$Table(rows) => rows.len(),)+
                }
            }

            /// The key of the row at `index`; none beyond the last.
            pub(crate) fn key(&self, index: usize) -> Option<Key> {
                match self {
                    $(Self::$Table(rows) => {
                        let row = rows.get(index)?;
                        Some(Key(vec![$(row.$key),+]))
                    })+
                }
            }

            /// Every row in its canonical form, one after the other.
            pub(crate) fn encode(&self, mut each: impl FnMut(&[u8])) {
                let mut row_bytes = Vec::new();
                match self {
                    $(Self::$Table(rows) => for row in rows {
                        row_bytes.clear();
                        $(row.$column.encode(&mut row_bytes);)+
                        each(&row_bytes);
                    })+
                }
            }

            /// Only the rows from `index` on.
            pub(crate) fn keep_from(&mut self, index: usize) {
                match self {
                    $(Self::$Table(rows) => drop(rows.drain(..index.min(rows.len()))),)+
                }
            }
        }
    };
}

with_tables!(define);

impl Table {
    /// Whether ids of this table, or positions of this log, are never used twice. Those of answers
    /// under keys mean nothing, and may be.
    pub(crate) const fn gives(self) -> bool {
        matches!(
            self,
            Self::Users
                | Self::Groups
                | Self::Blobs
                | Self::Files
                | Self::Uploads
                | Self::Conversations
                | Self::Messages
                | Self::Events
        )
    }
}

impl Page {
    /// The key of the last row; none of a page without rows.
    pub(crate) fn last_key(&self) -> Option<Key> {
        self.key(self.len().checked_sub(1)?)
    }

    /// Leaves out the rows with keys up to this one.
    pub(crate) fn keep_above(&mut self, key: &Key) {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle).is_some_and(|other| other <= *key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.keep_from(low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[i64]) -> Page {
        let row = |message_id: &i64| seens::Row {
            message_id: message_id / 10,
            user_id: message_id % 10,
            seen_at: 0,
        };
        Page::Seens(ids.iter().map(row).collect())
    }

    #[test]
    fn rows_that_are_there_already_are_left_out() {
        let all = [11, 12, 21, 35];
        for (key, kept) in [(10, 0), (11, 1), (13, 2), (21, 3), (35, 4), (99, 4)] {
            let mut some = page(&all);
            some.keep_above(&Key(vec![key / 10, key % 10]));
            assert_eq!(some, page(&all[kept..]), "{key}");
        }
        let mut none = page(&[]);
        none.keep_above(&Key(vec![1, 1]));
        assert_eq!((none.len(), none.last_key()), (0, None));
    }

    #[test]
    fn keys_read_like_keys() {
        assert_eq!(Key(vec![7]).to_string(), "7");
        assert_eq!(Key(vec![7, 9]).to_string(), "(7, 9)");
    }

    #[test]
    fn columns_have_the_names_of_the_database() {
        assert!(Table::Messages.columns().contains(&"type"));
        assert_eq!(
            Table::EventLog.columns(),
            ["id", "log_id", "position", "forgotten"]
        );
    }
}
