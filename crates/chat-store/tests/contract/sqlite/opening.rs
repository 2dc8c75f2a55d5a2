//! Opening a database: what is kept, and what is refused with a clear sentence.

use chat_domain::ports::Verdict;
use chat_store::sqlite::{OpenError, migrate};
use chat_store::{SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;

use super::World;
use super::native::native;
use crate::harness::{event, read};

fn refusal(options: &SqliteOptions) -> OpenError {
    match SqliteStore::open(options) {
        Ok(_) => panic!("the database was opened"),
        Err(error) => error,
    }
}

#[test]
fn a_database_keeps_its_data_and_the_id_of_its_log() {
    let world = World::new();
    let user = world.db().user("ada");
    let id = chat_domain::ConversationId::parse(1).unwrap();
    world
        .db()
        .write(move |tx| tx.append_event(&event(id, None)));
    let log = world.db().read(|tx| tx.log_state());
    world.store.close();

    let again = SqliteStore::open(&SqliteOptions::new(world.path())).unwrap();
    assert_eq!(read(&again, |tx| tx.log_state()), Ok(log));
    assert_eq!(read(&again, move |tx| tx.user(user.id)), Ok(Some(user)));
}

#[test]
fn a_database_is_opened_once() {
    let world = World::new();
    let error = refusal(&SqliteOptions::new(world.path()));
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("chat.db is in use by another process")
    );
    assert!(matches!(
        migrate(&SqliteOptions::new(world.path())),
        Err(OpenError::Locked { .. })
    ));
    world.store.close();
    assert!(SqliteStore::open(&SqliteOptions::new(world.path())).is_ok());
}

#[cfg(unix)]
#[test]
fn a_database_is_opened_once_by_whatever_name() {
    let world = World::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.db");
    std::os::unix::fs::symlink(world.path(), &file).unwrap();
    let folder = dir.path().join("folder");
    std::os::unix::fs::symlink(world.path().parent().unwrap(), &folder).unwrap();
    for name in [file, folder.join("chat.db")] {
        let error = refusal(&SqliteOptions::new(name));
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    }
}

#[test]
fn references_are_checked_after_a_database_was_migrated() {
    let world = World::new();
    let (tell, told) = std::sync::mpsc::channel();
    native(&world.store, move |tx| {
        let conn = tx.connection().unwrap();
        let orphan = "INSERT INTO seens VALUES (99, 99, 0)";
        tell.send(conn.batch_execute(orphan)).unwrap();
        Verdict::Undo
    });
    let refused = told.recv().unwrap().unwrap_err().to_string();
    assert!(refused.contains("FOREIGN KEY"), "{refused}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let world = World::new();
    world.store.close();
    world
        .stranger()
        .batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')")
        .unwrap();
    let before = std::fs::read(world.path()).unwrap();
    let error = refusal(&SqliteOptions::new(world.path()));
    assert!(
        matches!(&error, OpenError::Newer { version } if version == "99990101000001"),
        "{error}"
    );
    assert_eq!(std::fs::read(world.path()).unwrap(), before);
}

#[test]
fn another_file_is_not_taken_for_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    let text = "Dear diary, ".repeat(1_000);
    std::fs::write(&path, &text).unwrap();
    let error = refusal(&SqliteOptions::new(&path));
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_missing_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = refusal(&SqliteOptions::new(dir.path().join("none/chat.db")));
    assert!(matches!(error, OpenError::NoDirectory { .. }), "{error}");
    assert!(error.to_string().contains("none/chat.db"), "{error}");
}

#[test]
fn a_directory_is_not_taken_for_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.db");
    std::fs::create_dir(&path).unwrap();
    let error = refusal(&SqliteOptions::new(path));
    assert!(matches!(error, OpenError::Unwritable { .. }), "{error}");
}

#[test]
fn any_file_name_will_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a?mode=memory&b#c%20 ä.db");
    let store = SqliteStore::open(&SqliteOptions::new(&path)).unwrap();
    assert!(read(&store, |tx| tx.log_state()).is_ok());
    assert!(path.exists());
}

#[test]
fn migrating_tells_what_was_run_and_then_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(dir.path().join("chat.db"));
    let run = migrate(&options).unwrap();
    let all = [
        "20261122000001",
        "20261122000002",
        "20261122000003",
        "20261130000004",
        "20261201000005",
        "20261201000006",
        "20261201000007",
    ];
    assert_eq!(run, all);
    assert_eq!(migrate(&options).unwrap(), [""; 0]);
    assert!(SqliteStore::open(&options).is_ok());
}
