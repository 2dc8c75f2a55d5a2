//! Databases of earlier versions: what they have is kept, and fits what came later.

use chat_domain::ports::StoreResult;
use chat_domain::{File, FileId, Message};
use chat_store::sqlite::migrate;
use chat_store::{SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;

use super::World;
use crate::harness::{at, read, write};

/// Puts the closed database back to before files were kept here.
fn back_to_before_files(world: &World) {
    let downs = [
        include_str!("../../../migrations/sqlite/2026-12-01-000007_delivery/down.sql"),
        include_str!("../../../migrations/sqlite/2026-12-01-000006_groups_of_a_user/down.sql"),
        include_str!("../../../migrations/sqlite/2026-12-01-000005_people/down.sql"),
        include_str!("../../../migrations/sqlite/2026-11-30-000004_upload_generations/down.sql"),
        include_str!("../../../migrations/sqlite/2026-11-22-000003_files/down.sql"),
    ];
    let mut conn = world.stranger();
    for down in downs {
        conn.batch_execute(down).unwrap();
    }
    conn.batch_execute("DELETE FROM __diesel_schema_migrations WHERE version >= '20261122000003'")
        .unwrap();
}

/// What the sweep would look at, and what of that is in use.
fn looked_at(store: &SqliteStore, before: i64) -> Vec<(FileId, bool)> {
    let look = move |tx: &mut dyn chat_domain::ports::ReadTx| -> StoreResult<Vec<_>> {
        let files = tx.unused_files(at(before), 99)?;
        files
            .into_iter()
            .map(|id| Ok((id, tx.file_in_use(id)?)))
            .collect()
    };
    read(store, look).unwrap()
}

fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

#[test]
fn files_and_messages_of_before_are_kept_and_each_file_is_looked_at() {
    let world = World::new();
    let db = world.db();
    let [ada, bob] = db.users(["ada", "bob"]);
    let (gone, kept) = (db.group("gone", &[ada]), db.group("kept", &[ada]));
    let [unsent, sent, in_gone, in_kept, deleted] = [(); 5].map(|()| db.file());
    let sent: (File, Message) = (sent.clone(), db.show(ada, bob, &sent, Some("look")));
    db.share(&gone, ada, &in_gone);
    db.share(&kept, ada, &in_kept);
    db.delete_file(&deleted, 8);
    db.delete_group(&gone);
    world.store.close();
    back_to_before_files(&world);

    let options = SqliteOptions::new(world.path());
    let before = now();
    let run = [
        "20261122000003",
        "20261130000004",
        "20261201000005",
        "20261201000006",
        "20261201000007",
    ];
    assert_eq!(migrate(&options).unwrap(), run);
    let after = now();
    let store = SqliteStore::open(&options).unwrap();
    let (file, message) = (sent.0.id, sent.1.id);
    assert_eq!(read(&store, move |tx| tx.file(file)), Ok(Some(sent.0)));
    assert_eq!(
        read(&store, move |tx| tx.message(message)),
        Ok(Some(sent.1))
    );
    // None of them was unused for long yet, as far as is known.
    assert_eq!(looked_at(&store, before - 1_000_000), []);
    let all = [
        (unsent.id, false),
        (file, true),
        (in_gone.id, false),
        (in_kept.id, true),
    ];
    assert_eq!(looked_at(&store, after + 1_000_000), all);
    assert_eq!(write(&store, |tx| tx.release_files(9)), Ok(0));
}
