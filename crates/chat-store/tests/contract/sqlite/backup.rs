//! A backup: everything, under a log of its own, and never in place of something.

use std::path::{Path, PathBuf};

use chat_domain::LogState;
use chat_store::sqlite::{BackupError, OpenError, backup};
use chat_store::{SqliteOptions, SqliteStore};
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;

use super::recount::told;
use super::{World, plans, unwatched};
use crate::harness::{new_user, read, write};

fn copy(world: &World, to: &Path) -> Result<(), BackupError> {
    backup(&SqliteOptions::new(world.path()), to)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(&SqliteOptions::new(path)).unwrap()
}

fn log(path: &Path) -> LogState {
    read(&open(path), |tx| tx.log_state()).unwrap()
}

/// The files beside the world's database that are not its own.
fn others(world: &World) -> Vec<PathBuf> {
    let all = std::fs::read_dir(world.dir.path()).unwrap();
    let paths = all.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| !path.display().to_string().contains("chat.db"))
        .collect()
}

#[test]
fn a_copy_of_an_open_database_has_everything_and_another_log() {
    let world = told();
    let [one, other] = ["one", "other"].map(|name| world.dir.path().join(name));
    copy(&world, &one).unwrap();
    copy(&world, &other).unwrap();
    let mut copies = others(&world);
    copies.sort();
    assert_eq!(copies, [one.clone(), other.clone()]);

    let source = read(&*world.store, |tx| tx.log_state()).unwrap();
    let logs = [&one, &other].map(|path| log(path));
    assert_ne!(logs[0].id, logs[1].id);
    for log in logs {
        assert_ne!(log.id, source.id);
        assert_eq!(log.position, source.position);
    }
    let (counted, _) = plans::scanning(|| {
        chat_store::sqlite::recount(&SqliteOptions::new(&one), &mut |_, _| {}).unwrap()
    });
    assert_eq!(counted, super::recount::count(&world));

    let store = open(&one);
    let eve = write(&store, |tx| tx.insert_user(&new_user("eve"))).unwrap();
    assert_eq!(eve.id.get(), 4);
    store.close();
    // The source has not heard of that.
    assert_eq!(world.db().user("eve").id.get(), 4);
}

#[test]
fn a_copy_is_one_file_that_a_store_turns_to_its_journal() {
    let world = told();
    let target = world.dir.path().join("copy");
    copy(&world, &target).unwrap();
    let mode = |path: &Path| {
        diesel::select(sql::<Text>("journal_mode FROM pragma_journal_mode"))
            .get_result::<String>(&mut unwatched(path.to_str().unwrap()))
            .unwrap()
    };
    assert_eq!(mode(&target), "delete");
    drop(open(&target));
    assert_eq!(mode(&target), "wal");
}

#[test]
fn nothing_is_replaced() {
    let world = told();
    let target = world.dir.path().join("copy");
    std::fs::write(&target, "dear").unwrap();
    let refused = copy(&world, &target).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "dear");
    assert_eq!(others(&world), [target]);
    let onto_itself = copy(&world, &world.path()).unwrap_err();
    assert!(matches!(onto_itself, BackupError::Exists { .. }));
}

#[rstest]
#[case("copy-wal")]
#[case("copy-journal")]
#[case("copy-shm")]
fn a_journal_that_another_database_left_is_not_taken_for_that_of_the_copy(#[case] name: &str) {
    let world = told();
    let left = world.dir.path().join(name);
    std::fs::write(&left, "old").unwrap();
    let refused = copy(&world, &world.dir.path().join("copy")).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    let line = refused.to_string();
    assert!(line.contains(&format!("{name} exists")), "{line}");
    assert_eq!(std::fs::read_to_string(&left).unwrap(), "old");
    assert_eq!(others(&world), [left]);
}

#[test]
fn a_copy_needs_a_name() {
    let refused = copy(&World::new(), Path::new("")).unwrap_err();
    assert!(matches!(refused, BackupError::NoName), "{refused}");
    assert!(refused.to_string().contains("give the path"), "{refused}");
}

#[test]
fn a_backup_that_is_under_way_is_left_alone() {
    let world = told();
    let part = world.dir.path().join("copy.part");
    std::fs::write(&part, "half").unwrap();
    let refused = copy(&world, &world.dir.path().join("copy")).unwrap_err();
    assert!(matches!(refused, BackupError::Begun { .. }), "{refused}");
    assert!(refused.to_string().contains("copy.part exists"));
    assert_eq!(std::fs::read_to_string(&part).unwrap(), "half");
}

#[test]
fn a_backup_that_breaks_off_leaves_nothing() {
    let world = World::new();
    // A copy without a row for its log can't be given another one.
    world
        .stranger()
        .batch_execute("DELETE FROM event_log")
        .unwrap();
    let failed = copy(&world, &world.dir.path().join("copy")).unwrap_err();
    assert!(matches!(failed, BackupError::Failed(_)), "{failed}");
    assert!(failed.to_string().contains("event_log"), "{failed}");
    assert_eq!(others(&world), [""; 0].map(PathBuf::from));
}

#[test]
fn what_can_not_be_copied_is_one_sentence() {
    let world = World::new();
    let nowhere = copy(&world, &world.dir.path().join("none/copy")).unwrap_err();
    assert!(
        matches!(nowhere, BackupError::Open(OpenError::NoDirectory { .. })),
        "{nowhere}"
    );
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')";
    world.stranger().batch_execute(newer).unwrap();
    let newer = copy(&world, &world.dir.path().join("copy")).unwrap_err();
    assert!(
        matches!(newer, BackupError::Open(OpenError::Newer { .. })),
        "{newer}"
    );
    let dir = tempfile::tempdir().unwrap();
    let missing = backup(
        &SqliteOptions::new(dir.path().join("chat.db")),
        &dir.path().join("copy"),
    );
    assert!(matches!(
        missing,
        Err(BackupError::Open(OpenError::Missing { .. }))
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn whoever_may_not_read_the_database_may_not_read_the_copy() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    for mode in [0o600, 0o440] {
        std::fs::set_permissions(world.path(), PermissionsExt::from_mode(mode)).unwrap();
        let target = world.dir.path().join(format!("copy-{mode:o}"));
        copy(&world, &target).unwrap();
        let copied = std::fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(copied & 0o777, mode);
    }
}
