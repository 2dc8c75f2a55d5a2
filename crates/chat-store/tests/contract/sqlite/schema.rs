//! Rules that the schema keeps, asked of a migrated database.

use std::collections::BTreeMap;

use chat_domain::UserId;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::SqliteConnection;

use super::{World, unwatched};

/// Foreign keys without an index. Users, groups and files are never deleted as rows, so nothing ever
/// looks for the rows that name one of them; and an index would cost each insert.
const WITHOUT_INDEX: [(&str, &str); 6] = [
    ("conversations", "high_user_id"),
    ("files", "uploader_id"),
    ("messages", "group_id"),
    ("messages", "sender_id"),
    ("seens", "user_id"),
    ("uploads", "file_id"),
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
}

fn ask(conn: &mut SqliteConnection, sql: &str) -> Vec<(String, Option<String>)> {
    diesel::sql_query(sql)
        .load::<Named>(conn)
        .unwrap()
        .into_iter()
        .map(|row| (row.name, row.detail))
        .collect()
}

/// The tables of the store, with whether each is strict.
const TABLES: &str = "SELECT name, CAST(strict AS TEXT) AS detail FROM pragma_table_list \
    WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'";

/// Every column of every table: name, type as diesel would have it, whether NULL is kept out.
fn columns(conn: &mut SqliteConnection) -> BTreeMap<String, Vec<(String, String)>> {
    let sql = format!(
        "SELECT t.name AS table_name, c.name AS name, c.type AS kind, \
         (c.\"notnull\" OR c.pk > 0) AS required FROM ({TABLES}) t, pragma_table_info(t.name) c \
         ORDER BY t.name, c.cid"
    );
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for column in diesel::sql_query(sql).load::<Column>(conn).unwrap() {
        let kind = match column.required {
            1 => column.kind,
            _ => format!("Nullable<{}>", column.kind),
        };
        let of_table = tables.entry(column.table_name).or_default();
        of_table.push((column.name, kind));
    }
    tables
}

/// What `src/schema.rs` says, in the same form.
fn declared() -> BTreeMap<String, Vec<(String, String)>> {
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    let (mut table, mut renamed) = (String::new(), None);
    for line in include_str!("../../../src/schema.rs")
        .lines()
        .map(str::trim)
    {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        } else if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            renamed = name.strip_suffix("\"]").map(str::to_owned);
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind
                .trim_end_matches(',')
                .replace("BigInt", "INTEGER")
                .replace("Integer", "INTEGER")
                .replace("Text", "TEXT")
                .replace("Binary", "BLOB");
            let name = renamed.take().unwrap_or_else(|| name.to_owned());
            tables.entry(table.clone()).or_default().push((name, kind));
        }
    }
    tables
}

#[test]
fn the_declared_tables_are_those_of_the_database() {
    let world = World::new();
    let mut declared = declared();
    // The outbox is PostgreSQL's alone.
    declared.remove("event_outbox");
    assert_eq!(declared.len(), 16);
    assert_eq!(declared, columns(&mut world.stranger()));
}

#[test]
fn every_table_is_strict() {
    let world = World::new();
    let tables = ask(&mut world.stranger(), TABLES);
    assert!(!tables.is_empty());
    for (table, strict) in tables {
        assert_eq!(strict.as_deref(), Some("1"), "{table}");
    }
}

#[test]
fn each_foreign_key_has_an_index_or_a_reason() {
    let world = World::new();
    let sql = format!(
        "SELECT t.name AS name, f.\"from\" AS detail \
         FROM ({TABLES}) t, pragma_foreign_key_list(t.name) f \
         WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c \
                           WHERE c.seqno = 0 AND c.name = f.\"from\") \
         ORDER BY 1, 2"
    );
    let without: Vec<_> = ask(&mut world.stranger(), &sql)
        .into_iter()
        .map(|(table, column)| (table, column.unwrap()))
        .collect();
    let allowed = WITHOUT_INDEX.map(|(table, column)| (table.to_owned(), column.to_owned()));
    assert_eq!(without, allowed);
}

#[test]
fn going_down_leaves_nothing_of_going_up() {
    let mut conn = unwatched(":memory:");
    // By name: an index that is made anew stands after all the others.
    let left = "SELECT name, sql AS detail FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' \
                ORDER BY name";
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let mut migrations: Vec<_> = std::fs::read_dir(base)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    migrations.sort();
    let mut run = |path: std::path::PathBuf| {
        conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        conn.batch_execute(&std::fs::read_to_string(path).unwrap())
            .unwrap();
        ask(&mut conn, left)
    };
    let mut states = vec![Vec::new()];
    for migration in &migrations {
        states.push(run(migration.join("up.sql")));
    }
    for migration in migrations.iter().rev() {
        states.pop();
        assert_eq!(Some(&run(migration.join("down.sql"))), states.last());
    }
}

#[test]
fn what_must_not_be_is_refused_by_the_tables_themselves() {
    let world = World::new();
    let [ada, bob] = world.db().users(["ada", "bob"]).map(UserId::get);
    let mut conn = world.stranger();
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let refused = [
        format!(
            "INSERT INTO conversations (low_user_id, high_user_id, created_at) VALUES ({bob}, {ada}, 0)"
        ),
        format!(
            "INSERT INTO conversations (low_user_id, high_user_id, created_at) VALUES ({ada}, {ada}, 0)"
        ),
        format!("INSERT INTO conversations (low_user_id, created_at) VALUES ({ada}, 0)"),
        "INSERT INTO conversations (created_at) VALUES (0)".into(),
        "INSERT INTO conversations (group_id, created_at) VALUES (99, 0)".into(),
        format!("INSERT INTO group_members VALUES (1, {ada}, 'guest', 0, 0)"),
        format!("INSERT INTO seen_ranges VALUES ({ada}, 1, 1, 2, 0)"),
        "INSERT INTO event_log VALUES (2, 'x', 0)".into(),
        "UPDATE users SET created_at = 'now'".into(),
        "INSERT INTO blobs (hash, size, claimed_at) VALUES (zeroblob(31), 0, 0)".into(),
        "INSERT INTO blobs (hash, size, claimed_at) VALUES (zeroblob(32), -1, 0)".into(),
        "INSERT INTO blobs (hash, size, claimed_at) VALUES (zeroblob(32), 0, 0), (zeroblob(32), 0, 0)"
            .into(),
        "INSERT INTO blobs (hash, size, claimed_at, doomed) VALUES (zeroblob(32), 0, 0, 0)".into(),
        "INSERT INTO files (url, created_at, updated_at, blob_id) VALUES ('', 0, 0, 99)".into(),
        "INSERT INTO uploads (length, offset, created_at, expires_at) VALUES (3, 4, 0, 0)".into(),
        "INSERT INTO uploads (length, file_id, created_at, expires_at) VALUES (3, 99, 0, 0)".into(),
        "INSERT INTO file_releases VALUES (99, 0, 0)".into(),
    ];
    for sql in refused {
        assert!(conn.batch_execute(&sql).is_err(), "{sql}");
    }
}

#[test]
fn a_stored_value_that_can_not_be_read_is_named() {
    let world = World::new();
    let mut conn = world.stranger();
    conn.batch_execute("INSERT INTO events (kind, conversation_id, at) VALUES (99, 1, 0)")
        .unwrap();
    let read = crate::harness::read(&*world.store, |tx| tx.events(0, 9));
    let report = "events.kind of row 1: event kind 99 is unknown".into();
    assert_eq!(read, Err(chat_domain::ports::StoreError::Broken(report)));
}
