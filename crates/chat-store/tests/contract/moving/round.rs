//! There and back: what comes home is what has left.

use chat_store::moving::Report;

use super::random::tell;
use super::world::{Place, moved, places};
use crate::harness::{Db, at, new_user};

/// What the tables of a report come to.
fn sums(report: &Report) -> Vec<(String, u64, String, Option<i64>)> {
    let tables = report.tables.iter();
    tables
        .map(|table| {
            let to = &table.to;
            (
                table.table.to_owned(),
                to.rows,
                to.checksum.to_string(),
                to.last_id,
            )
        })
        .collect()
}

fn log(db: &Db) -> (String, i64) {
    let log = db.read(|tx| tx.log_state());
    (log.id.to_string(), log.position)
}

#[test]
fn there_and_back_all_is_equal() {
    for seed in 0..4 {
        let Some([sqlite, postgres]) = places() else {
            return;
        };
        let db = sqlite.open();
        tell(&db, seed, 150);
        if seed % 2 == 1 {
            // A log without its beginning, but for what is never forgotten.
            let passed = db.write(|tx| tx.forget_events(at(i64::MAX), 80));
            assert_eq!(passed, 80);
            assert!(db.read(|tx| tx.events(0, 80)).last().unwrap().position > 80);
        }
        let before = log(&db);
        let forgotten = |db: &Db| db.read(|tx| tx.log_state()).forgotten;
        assert_eq!(forgotten(&db), if seed % 2 == 1 { 80 } else { 0 });
        let gone = forgotten(&db);
        drop(db);

        let there = moved(&sqlite, &postgres);
        assert!(
            there.tables.iter().all(|table| table.to.rows > 0),
            "{there:#?}"
        );
        assert_eq!((there.log_id.clone(), there.position as i64), before);
        let counted = postgres.recount().unwrap();
        assert_eq!((counted.found, counted.differences), (0, vec![]), "{seed}");

        let home = Place::sqlite();
        let back = moved(&postgres, &home);
        assert_eq!(sums(&there), sums(&back), "{seed}");
        let counted = home.recount().unwrap();
        assert_eq!((counted.found, counted.differences), (0, vec![]), "{seed}");
        for place in [&home, &postgres] {
            let db = place.open();
            assert_eq!((log(&db), forgotten(&db)), (before.clone(), gone));
        }
    }
}

#[test]
fn what_was_told_on_postgres_comes_to_sqlite() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let db = postgres.open();
    tell(&db, 7, 150);
    let before = log(&db);
    drop(db);
    moved(&postgres, &sqlite);
    assert_eq!(log(&sqlite.open()), before);
    assert!(sqlite.recount().unwrap().agrees());
}

#[test]
fn events_that_are_in_the_outbox_are_put_into_the_log_first() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let db = postgres.open();
    tell(&db, 8, 50);
    let before = log(&db);
    drop(db);
    // As a node leaves them that dies; more than a round moves at once.
    postgres.execute(
        "INSERT INTO event_outbox (kind, conversation_id, at) \
         SELECT 22, n, n FROM generate_series(1, 4500) n",
    );
    let report = moved(&postgres, &sqlite);
    assert_eq!(report.position as i64, before.1 + 4_500);
    let db = sqlite.open();
    assert_eq!(log(&db), (before.0, before.1 + 4_500));
    let events = db.read(move |tx| tx.events(before.1, 5_000));
    let order: Vec<i64> = events
        .iter()
        .map(|event| event.event.conversation_id.unwrap().get())
        .collect();
    assert!(order.iter().copied().eq(1..=4_500));
    assert_eq!(
        postgres.ask("SELECT 'x' AS one, 'y' AS two FROM event_outbox"),
        []
    );
}

/// Takes away the latest rows of the tables from which rows are ever taken, and adds one more of each.
fn next_ids(db: &Db) -> Vec<i64> {
    let blob = db.claim(252, 3);
    let upload = db.upload(10);
    let user = db.write(|tx| tx.insert_user(&new_user("later")));
    let file = db.file();
    let other = db.user("another").id;
    let message = db.tell(user.id, other, "hi");
    let group = db.group("later", &[other]);
    vec![
        blob.id.get(),
        upload.id.get(),
        user.id.get(),
        file.id.get(),
        message.id.get(),
        message.conversation_id.get(),
        group.id.get(),
    ]
}

#[test]
fn ids_and_positions_go_on_and_no_id_comes_again() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let db = sqlite.open();
    tell(&db, 9, 40);
    // The highest of these are given away and gone.
    for _ in 0..3 {
        let upload = db.upload(10);
        db.write(move |tx| tx.delete_upload(upload.id));
        let blob = db.claim(253, 3);
        db.doom(&blob, 4);
        db.write(move |tx| tx.forget_blob(blob.id));
    }
    let cursor = log(&db);
    drop(db);
    // A source that was not moved says what comes next.
    let home = Place::sqlite();
    moved(&sqlite, &postgres);
    moved(&postgres, &home);
    let [expected, there, back] = [&sqlite, &postgres, &home].map(|place| next_ids(&place.open()));
    assert_eq!(there, expected);
    assert_eq!(back, expected);

    for place in [&postgres, &home] {
        let db = place.open();
        let event = crate::harness::event(db.group("x", &[]).conversation_id, None);
        let added = event;
        db.write(move |tx| tx.append_event(&added));
        // Who has read up to the cursor goes on with what came after it.
        let (id, after) = cursor.clone();
        let more = db.read(move |tx| tx.events(after, 9));
        assert_eq!(more.len(), 1);
        assert_eq!((more[0].position, &more[0].event), (cursor.1 + 1, &event));
        assert_eq!(log(&db).0, id);
    }
}

#[test]
fn an_empty_database_is_moved_too() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let before = log(&sqlite.open());
    moved(&sqlite, &postgres);
    assert_eq!(log(&postgres.open()), before);
    let ids = next_ids(&postgres.open());
    assert_eq!(ids, [1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn more_rows_than_a_page_come_in_their_order() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    drop(sqlite.open());
    // One user with many, one conversation with many, and one of each.
    sqlite.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5001)
         INSERT INTO users SELECT n, 'u' || n, 'u' || n, n || '@x', n || '@x', 1, 1, NULL, NULL, NULL, NULL FROM n;
         INSERT INTO groups SELECT 1, 'g', 'g', 0, 1, 1, NULL;
         INSERT INTO conversations (id, group_id, created_at) VALUES (1, 1, 1);
         INSERT INTO messages (id, conversation_id, seq, sender_id, group_id, type, content, created_at, updated_at)
             SELECT 3 * id, 1, id, 1, 1, 'text', 'x' || id, 1, 1 FROM users;
         INSERT INTO seens SELECT 3, id, 1 FROM users WHERE id > 1;
         INSERT INTO seens SELECT 3 * id, 2, 1 FROM users WHERE id > 1;
         INSERT INTO seen_ranges SELECT 1, 1, id, id, 1 FROM users;
         INSERT INTO seen_ranges SELECT id, 1, 1, 1, 1 FROM users WHERE id > 1;",
    );
    let report = moved(&sqlite, &postgres);
    let rows = |name: &str| {
        let table = report.tables.iter().find(|table| table.table == name);
        table.unwrap().to.rows
    };
    assert_eq!(
        [rows("users"), rows("seens"), rows("seen_ranges")],
        [5_001, 10_000, 10_001]
    );
    assert_eq!(sums(&report), sums(&moved(&postgres, &Place::sqlite())));
}
