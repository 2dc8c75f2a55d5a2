//! The two trees of migrations make the same schema: tables, columns, what may be NULL, what is unique,
//! what refers to what, and what is indexed. The outbox is PostgreSQL's alone.

use std::collections::BTreeSet;

use chat_store::{PostgresOptions, SqliteOptions, postgres, sqlite};
use chat_testing::{Postgres, Template};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

static NEW: Template = Template::new("parity", |url| {
    postgres::migrate(&PostgresOptions::new(url)).unwrap();
});

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What there is of one kind, a line each.
struct Aspect {
    sqlite: &'static str,
    postgres: &'static str,
}

const COLUMNS: Aspect = Aspect {
    sqlite: "SELECT t.name || '.' || c.name || ' ' || c.type \
             || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' NOT NULL' ELSE '' END AS line \
             FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '%diesel%'",
    postgres: "SELECT table_name || '.' || column_name || ' ' || CASE data_type \
               WHEN 'bigint' THEN 'INTEGER' WHEN 'integer' THEN 'INTEGER' \
               WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' ELSE data_type END \
               || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END AS line \
               FROM information_schema.columns WHERE table_schema = 'public' \
               AND table_name <> 'event_outbox' AND table_name NOT LIKE '%diesel%'",
};

/// Defaults that a write may rely on.
const DEFAULTS: Aspect = Aspect {
    sqlite: "SELECT t.name || '.' || c.name || ' ' || c.dflt_value AS line \
             FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND c.dflt_value IS NOT NULL AND t.name NOT LIKE '%diesel%'",
    postgres: "SELECT table_name || '.' || column_name || ' ' || column_default AS line \
               FROM information_schema.columns WHERE table_schema = 'public' \
               AND column_default IS NOT NULL AND table_name NOT LIKE '%diesel%'",
};

const REFERENCES: Aspect = Aspect {
    sqlite: "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" AS line \
             FROM pragma_table_list t, pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'",
    postgres: "SELECT c.conrelid::regclass::text || '.' || a.attname || ' -> ' \
               || c.confrelid::regclass::text || '.' || b.attname AS line \
               FROM pg_constraint c \
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
               JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] \
               WHERE c.contype = 'f'",
};

/// Indexes, with their columns in order, whether each is unique, and over which rows. The key of a rowid
/// table has none in SQLite.
const INDEXES: Aspect = Aspect {
    sqlite: "SELECT t.name || ' (' || (SELECT group_concat(i.name, ', ') FROM \
             (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' \
             || CASE l.\"unique\" WHEN 1 THEN ' UNIQUE' ELSE '' END \
             || coalesce((SELECT substr(sql, instr(sql, ' WHERE ')) FROM sqlite_schema s \
             WHERE s.name = l.name AND l.partial), '') AS line \
             FROM pragma_table_list t, pragma_index_list(t.name) l \
             WHERE t.schema = 'main' AND t.name NOT LIKE '%diesel%' \
             UNION SELECT t.name || ' (' || c.name || ') UNIQUE' \
             FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND c.pk = 1 AND t.name NOT LIKE 'sqlite%' \
             AND t.name NOT LIKE '%diesel%' \
             AND (SELECT max(pk) FROM pragma_table_info(t.name)) = 1",
    postgres: "SELECT i.indrelid::regclass::text || ' (' || (SELECT string_agg(a.attname, ', ' \
               ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place) \
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) || ')' \
               || CASE WHEN i.indisunique THEN ' UNIQUE' ELSE '' END \
               || coalesce(' WHERE ' || pg_get_expr(i.indpred, i.indrelid), '') AS line \
               FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
               WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'event_outbox' \
               AND c.relname NOT LIKE '%diesel%'",
};

/// Without what each database adds when it tells an expression again.
fn plain(line: &str) -> String {
    let mut plain = line.replace("::text", "").replace('"', "");
    if let Some((index, condition)) = plain.split_once(" WHERE ") {
        let words: Vec<_> = condition.split_whitespace().collect();
        let condition = words.join(" ").replace("= ANY (ARRAY[", "IN (");
        plain = format!("{index} WHERE {}", condition.replace(['(', ')', ']'], ""));
    }
    plain
}

fn of_sqlite(conn: &mut SqliteConnection, aspect: &Aspect) -> BTreeSet<String> {
    let lines = diesel::sql_query(aspect.sqlite).load::<Line>(conn).unwrap();
    lines.iter().map(|line| plain(&line.line)).collect()
}

fn of_postgres(conn: &mut PgConnection, aspect: &Aspect) -> BTreeSet<String> {
    let lines = diesel::sql_query(aspect.postgres)
        .load::<Line>(conn)
        .unwrap();
    lines.iter().map(|line| plain(&line.line)).collect()
}

#[test]
fn both_trees_make_the_same_schema() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database(&NEW);
    let mut there = database.connect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    sqlite::migrate(&SqliteOptions::new(&path)).unwrap();
    let mut here = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    for (name, least, aspect) in [
        ("columns", 100, COLUMNS),
        ("defaults", 3, DEFAULTS),
        ("references", 20, REFERENCES),
        ("indexes", 30, INDEXES),
    ] {
        let (here, there) = (
            of_sqlite(&mut here, &aspect),
            of_postgres(&mut there, &aspect),
        );
        let here_alone: Vec<_> = here.difference(&there).collect();
        let there_alone: Vec<_> = there.difference(&here).collect();
        assert!(
            here_alone.is_empty() && there_alone.is_empty(),
            "{name}: SQLite alone has {here_alone:#?}, PostgreSQL alone {there_alone:#?}"
        );
        assert!(here.len() >= least, "only {} {name}", here.len());
    }
}

#[test]
fn both_trees_have_the_same_migrations() {
    let names = |tree: &str| -> BTreeSet<_> {
        let dir = format!("{}/migrations/{tree}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
