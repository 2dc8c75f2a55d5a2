//! No statement of the store looks at every row of a table.
//!
//! All tests of the suite are watched: whatever SQL they make the store run is explained when they are
//! over, so that a new query is looked at as soon as any test runs it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{
    Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation,
};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;

use super::{World, prepared};

/// What may be scanned, and why.
const ALLOWED: [(&str, &str); 5] = [
    ("SCAN CONSTANT ROW", "no table"),
    (
        "SCAN reader",
        "the walk from reader to reader, itself made of searches",
    ),
    ("SCAN covered", "the same walk"),
    ("SCAN sqlite_schema", "once, when the database is opened"),
    (
        "SCAN pragma_foreign_key_check",
        "once, after a migration was run",
    ),
];

/// Tables that are not the store's: the bookkeeping of migrations, and what hosts add in tests.
const FOREIGN: [&str; 2] = ["__diesel_schema_migrations", "notes"];

static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

thread_local! {
    /// The statements of this thread while it reads every row on purpose.
    static SCANS: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

/// Runs what looks at every row because that is its purpose: a recount. Its statements, which run on
/// this thread, are given beside, and not looked at with the others.
pub(crate) fn scanning<T>(work: impl FnOnce() -> T) -> (T, BTreeSet<String>) {
    SCANS.set(Some(BTreeSet::new()));
    let done = work();
    (done, SCANS.take().unwrap_or_default())
}

#[derive(Default)]
struct Recorder {
    prepared: prepared::Recorder,
    /// Another database's; its statements are not for SQLite to explain.
    elsewhere: bool,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = &event {
            self.elsewhere = url.starts_with("postgres");
        }
        if self.elsewhere {
            return;
        }
        self.prepared.on_event(&event);
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let sql = text.split(" -- binds:").next().unwrap_or_default();
            let verb = sql.split_whitespace().next().unwrap_or_default();
            let foreign = FOREIGN.iter().any(|table| sql.contains(table));
            if !foreign && matches!(verb, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH") {
                let scan = SCANS.with_borrow_mut(|scans| {
                    let scans = scans.as_mut()?;
                    Some(scans.insert(sql.to_owned()))
                });
                if scan.is_none() {
                    let mut run = RUN.lock().unwrap_or_else(PoisonError::into_inner);
                    run.insert(sql.to_owned());
                }
            }
        }
    }
}

/// Records the statements of all connections from now on.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
    });
}

/// A world whose statements are explained at its end.
pub(crate) struct Checked(pub(crate) World);

impl Drop for Checked {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            check(&self.0);
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(conn: &mut SqliteConnection, sql: &str) -> Vec<String> {
    diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
        .load::<Step>(conn)
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
        .into_iter()
        .map(|step| step.detail)
        .collect()
}

fn scans(plan: &[String]) -> Vec<&String> {
    plan.iter()
        .filter(|step| step.starts_with("SCAN"))
        .filter(|step| !ALLOWED.iter().any(|(allowed, _)| step.starts_with(allowed)))
        .collect()
}

fn check(world: &World) {
    let statements = RUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut conn = world.stranger();
    for sql in statements {
        // SQLite plans by such a value, and prepares the statement anew whenever it is bound.
        let by_value = ["LIMIT ?", "OFFSET ?"];
        assert!(!by_value.iter().any(|part| sql.contains(part)), "{sql}");
        // A new row has nothing that refers to it. SQLite plans to look for that all the same, for
        // constraints that are deferred until the commit; there are none, and the step is skipped.
        let checks = if sql.starts_with("INSERT") {
            "OFF"
        } else {
            "ON"
        };
        conn.batch_execute(&format!("PRAGMA foreign_keys = {checks}"))
            .unwrap();
        let plan = plan(&mut conn, &sql);
        assert!(scans(&plan).is_empty(), "{sql}\n{plan:#?}");
    }
}

#[test]
fn a_scan_would_be_noticed() {
    let world = World::new();
    let plan = plan(
        &mut world.stranger(),
        "SELECT id FROM users WHERE created_at = 1",
    );
    assert_eq!(scans(&plan).len(), 1, "{plan:?}");
}

/// The searches by which the delicate queries find their rows.
#[test]
fn the_delicate_queries_use_their_indexes() {
    let db = super::fresh().unwrap();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let said = db.say(&group, ada, "hi");
    let id = group.conversation_id;
    db.read(move |tx| tx.owner(group.id));
    let file = db.stored_file(1);
    let blob = file.blob_id.unwrap();
    db.share(&group, ada, &file);
    db.read(move |tx| tx.file_sent_to(file.id, bob));
    db.in_use(&file);
    db.unused(1);
    db.unused_blobs(1);
    db.read(|tx| tx.doomed_blobs(None, 1));
    db.read(|tx| tx.expired_uploads(crate::harness::at(1), 1));
    db.write(move |tx| tx.doom_blob(blob, crate::harness::at(1)));
    db.delete_group(&group);
    db.release(1);
    db.read(move |tx| tx.unseen(bob));
    db.read(move |tx| tx.receipts(&said, None, crate::harness::limit(1)));
    db.read(move |tx| tx.groups(None, crate::harness::limit(1)));
    db.read(move |tx| tx.groups_of(ada, None, crate::harness::limit(1)));
    db.write(move |tx| {
        let crew = chat_domain::GroupName::parse("crew").unwrap();
        tx.insert_group(&crate::harness::new_group("kept"))
            .and_then(|kept| tx.rename_group(kept.id, &crew, crate::harness::at(7)))
    });
    let timelines = [
        chat_domain::Timeline::Conversation(id),
        chat_domain::Timeline::Inbox(bob),
    ];
    for timeline in timelines {
        db.read(move |tx| tx.messages_older(timeline, None, 0, 1));
    }

    let world = World::new();
    let mut conn = world.stranger();
    let statements = RUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut uses = |part: &str, index: &str| {
        let sql = statements
            .iter()
            .find(|sql| sql.contains(part))
            .unwrap_or_else(|| panic!("no statement has {part}"));
        let plan = plan(&mut conn, sql);
        assert!(
            plan.iter().any(|step| step.contains(index)),
            "{sql}\n{plan:#?}"
        );
    };
    uses("role = 'owner'", "group_members_owner");
    let pages = [
        (
            "`groups`.`id` > ?",
            "groups USING INTEGER PRIMARY KEY (rowid>?)",
        ),
        (
            "`group_members`.`user_id` = ?) AND (`group_members`.`group_id` > ?",
            "group_members_user (user_id=? AND group_id>?)",
        ),
    ];
    for (part, index) in pages {
        let sql = statements
            .iter()
            .find(|sql| sql.contains(part) && sql.contains("ORDER BY"))
            .unwrap_or_else(|| panic!("no statement has {part}"));
        let steps = plan(&mut world.stranger(), sql);
        assert!(steps.iter().any(|step| step.contains(index)), "{steps:#?}");
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorts, "{sql}\n{steps:#?}");
    }
    uses("`groups`.`name_key` = ?", "groups_living_name (name_key=?)");
    uses(
        "WITH RECURSIVE",
        "seen_ranges_conversation (conversation_id=? AND user_id>?)",
    );
    uses(
        "`cleared`) > ",
        "participants USING PRIMARY KEY (user_id=?)",
    );
    uses(
        "SELECT `participants`.`conversation_id` FROM `participants`",
        "participants USING PRIMARY KEY (user_id=? AND conversation_id>?)",
    );
    uses(
        "SELECT `messages`.`conversation_id` FROM `messages`",
        "messages_file (file_id=? AND conversation_id>?)",
    );
    uses(
        "SELECT `messages`.`file_id` FROM `messages`",
        "messages_conversation_file (conversation_id=? AND file_id>?)",
    );
    uses(
        "`messages`.`file_id` IS NOT NULL",
        "messages_conversation_file (conversation_id=?",
    );
    uses(
        "`files`.`unused_since` < ?",
        "files_unused (unused_since<?)",
    );
    uses(
        "`blobs`.`unused_since` < ?",
        "blobs_unused (unused_since<?)",
    );
    uses("`blobs`.`hash` = ?", "blobs_hash (hash=?)");
    uses(
        "`blobs`.`doomed` = ?",
        "blobs_doomed (doomed=? AND rowid>?)",
    );
    uses("SET `doomed` = ?", "files_blob (blob_id=?)");
    uses(
        "`uploads`.`expires_at` < ?",
        "uploads_expiry (expires_at<?)",
    );
    uses(
        "`messages`.`receiver_id` = ?)) ORDER",
        "messages_receiver_living",
    );
}

/// A recount goes through each table once: whatever is joined to a row is found by its key.
#[test]
fn a_recount_finds_by_its_key_what_it_joins() {
    watch();
    let world = World::new();
    let options = chat_store::SqliteOptions::new(world.path());
    let (counted, statements) = scanning(|| chat_store::sqlite::recount(&options, &mut |_, _| {}));
    assert!(counted.unwrap().agrees());
    let mut conn = world.stranger();
    let mut joins = 0;
    for sql in statements {
        let steps = plan(&mut conn, &sql);
        for pair in steps.windows(2) {
            let [outer, inner] = pair else { continue };
            let nested = |step: &str| step.starts_with("SCAN") || step.starts_with("SEARCH");
            if nested(outer) && nested(inner) {
                joins += 1;
                let keys = ["rowid=?", "(group_id=?", "seq=?)", "PRIMARY KEY ("];
                assert!(
                    keys.iter().any(|key| inner.contains(key)),
                    "{sql}\n{steps:#?}"
                );
            }
        }
    }
    assert!(joins >= 6, "{joins}");
}

/// A move begins each page at the key of the one before, and goes on in the order of the keys: it walks
/// over nothing, and sorts nothing.
#[cfg(feature = "postgres")]
#[test]
fn a_move_finds_its_pages_by_their_keys() {
    use chat_store::moving::{Database, relocate};

    watch();
    let world = World::new();
    crate::moving::random::tell(&world.db(), 10, 20);
    world.store.close();
    let target = tempfile::tempdir().unwrap();
    let [from, to] = [world.path(), target.path().join("chat.db")]
        .map(|path| Database::Sqlite(chat_store::SqliteOptions::new(path)));
    let (moved, statements) = scanning(|| relocate(&from, &to, &mut |_| {}));
    let tables = moved.unwrap().tables;
    let with_rows = tables.iter().filter(|table| table.to.rows > 0).count();
    let pages: Vec<_> = statements
        .iter()
        .filter(|sql| sql.contains(" > ") && sql.contains("ORDER BY"))
        .collect();
    assert!(pages.len() == with_rows && with_rows > 12, "{pages:#?}");
    let mut conn = world.stranger();
    for sql in pages {
        let steps = plan(&mut conn, sql);
        let [step] = &*steps else {
            panic!("{sql}\n{steps:#?}");
        };
        let by_key = step.starts_with("SEARCH") && step.contains("PRIMARY KEY");
        assert!(by_key, "{sql}\n{step}");
    }
}
