//! What is not moved, and into what nothing is moved; and that it is told so.

use chat_store::moving::{MoveError, Side};
use diesel::connection::SimpleConnection;

use super::random::tell;
use super::world::{Place, broken_off, moved, places, refusal, try_move};

#[track_caller]
fn says(error: &MoveError, words: &[&str]) {
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn a_target_that_has_rows_is_refused_and_left_alone() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    for place in [&sqlite, &postgres] {
        place.open().user("ada");
    }
    for (from, to) in [(&sqlite, &postgres), (&postgres, &sqlite)] {
        let error = refusal(from, to);
        assert!(
            matches!(error, MoveError::NotEmpty { table: "users" }),
            "{error}"
        );
        assert_eq!(to.open().read(|tx| tx.log_state()).forgotten, 0);
        assert!(to.recount().is_ok());
    }
    // Also what is in a database of an older version, which is not brought up to date for nothing.
    let old = Place::sqlite();
    old.open().user("ada");
    old.execute("DELETE FROM __diesel_schema_migrations WHERE version > '20261122000001'");
    assert!(matches!(
        refusal(&postgres, &old),
        MoveError::NotEmpty { table: "users" }
    ));
    let versions = "SELECT version AS one, '' AS two FROM __diesel_schema_migrations";
    assert_eq!(old.ask(versions).len(), 1);
}

#[test]
fn a_log_that_has_begun_is_not_empty() {
    let [from, to] = [Place::sqlite(), Place::sqlite()];
    drop((from.open(), to.open()));
    to.execute("UPDATE event_log SET position = 3");
    assert!(matches!(
        refusal(&from, &to),
        MoveError::NotEmpty { table: "event_log" }
    ));
}

#[test]
fn a_target_with_empty_tables_or_with_those_of_a_host_is_taken() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 1, 20);
    drop(postgres.open());
    postgres.execute("CREATE TABLE notes (n INT); INSERT INTO notes VALUES (1)");
    moved(&sqlite, &postgres);
    assert_eq!(
        postgres
            .ask("SELECT 'x' AS one, 'y' AS two FROM notes")
            .len(),
        1
    );
}

#[test]
fn a_source_that_is_not_there_is_refused_and_no_target_made() {
    let [from, to] = [Place::sqlite(), Place::sqlite()];
    says(&refusal(&from, &to), &["there is no database"]);
    let Place::Sqlite(dir) = &to else { return };
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_source_of_another_schema_is_refused() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    for (from, to) in [(&sqlite, &postgres), (&postgres, &sqlite)] {
        drop(from.open());
        from.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000001')");
        says(&refusal(from, to), &["newer"]);
        from.execute("DELETE FROM __diesel_schema_migrations");
        says(&refusal(from, to), &["migrate first"]);
    }
}

#[test]
fn a_file_that_a_server_has_open_is_refused_at_both_ends() {
    let [open, other] = [Place::sqlite(), Place::sqlite()];
    let server = open.open();
    drop(other.open());
    says(&refusal(&open, &other), &["in use by another process"]);
    says(&refusal(&other, &open), &["in use by another process"]);
    drop(server);
    moved(&open, &other);
}

#[test]
fn a_database_is_not_moved_into_itself() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    for place in [&sqlite, &postgres] {
        drop(place.open());
        let error = refusal(place, place);
        assert!(error.to_string().contains("in use"), "{error}");
    }
}

#[test]
fn a_database_that_a_node_has_open_is_refused_at_both_ends() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    drop(sqlite.open());
    let node = postgres.open();
    // It is connected.
    node.read(|tx| tx.log_state());
    says(&refusal(&sqlite, &postgres), &["in use by a node"]);
    says(&refusal(&postgres, &sqlite), &["in use by a node"]);
    drop(node);
    moved(&sqlite, &postgres);
}

#[test]
fn no_node_opens_either_end_while_a_move_is_under_way() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let other = Place::postgres().unwrap();
    drop((sqlite.open(), other.open()));
    let mut refused = Vec::new();
    try_move(&sqlite, &postgres, &mut |_| {
        refused.extend([sqlite.try_open().err(), postgres.try_open().err()]);
    })
    .unwrap();
    try_move(&postgres, &Place::sqlite(), &mut |_| {
        refused.push(postgres.try_open().err());
    })
    .unwrap();
    assert!(refused.len() > 45, "{refused:?}");
    for refused in refused {
        let refused = refused.unwrap();
        assert!(
            refused.contains("in use by another") || refused.contains("for itself"),
            "{refused}"
        );
    }
}

#[test]
fn a_stranger_does_not_write_into_the_source_while_it_is_moved() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let Place::Postgres(database) = &postgres else {
        return;
    };
    drop(postgres.open());
    let mut stranger = database.connect();
    let insert = "INSERT INTO seens VALUES (1, 1, 1)";
    stranger
        .batch_execute("BEGIN; SET session_replication_role = replica")
        .unwrap();
    stranger.batch_execute(insert).unwrap();
    let error = refusal(&postgres, &sqlite);
    assert!(
        matches!(
            error,
            MoveError::InUse {
                side: Side::Source,
                ..
            }
        ),
        "{error}"
    );
    stranger
        .batch_execute("ROLLBACK; SET lock_timeout = 20")
        .unwrap();
    let mut waited = 0;
    let report = try_move(&postgres, &sqlite, &mut |_| {
        let error = stranger.batch_execute(insert).unwrap_err().to_string();
        waited += usize::from(error.contains("lock timeout"));
    });
    assert!(waited > 15);
    assert!(report.unwrap().agrees());
}

#[test]
fn two_moves_into_one_database_are_one_too_many() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let other = Place::sqlite();
    drop((sqlite.open(), other.open()));
    let mut errors = Vec::new();
    try_move(&sqlite, &postgres, &mut |_| {
        if errors.is_empty() {
            errors.push(refusal(&other, &postgres));
        }
    })
    .unwrap();
    says(&errors[0], &["in use by a node, a repair or a move"]);
}

#[test]
fn a_half_moved_database_is_opened_by_nothing_but_the_move() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 3, 30);
    let home = Place::sqlite();
    for target in [&postgres, &home] {
        assert!(broken_off(&sqlite, target, 5));
        let refusals = [
            target.try_open().err(),
            target.migrate().err(),
            target.recount().err(),
            Some(refusal(target, &Place::sqlite()).to_string()),
        ];
        for refused in refusals {
            let refused = refused.unwrap();
            assert!(refused.contains("a move into this database"), "{refused}");
        }
        moved(&sqlite, target);
        assert!(target.try_open().is_ok());
    }
}

#[test]
fn a_half_moved_file_is_not_backed_up_nor_repaired_nor_read() {
    let [from, to] = [Place::sqlite(), Place::sqlite()];
    tell(&from.open(), 3, 30);
    assert!(broken_off(&from, &to, 5));
    let Place::Sqlite(dir) = &to else { return };
    let options = chat_store::SqliteOptions::new(dir.path().join("chat.db"));
    let copy = dir.path().join("copy.db");
    let refusals = [
        chat_store::sqlite::backup(&options, &copy)
            .unwrap_err()
            .to_string(),
        chat_store::sqlite::repair(&options, &mut |_, _| {})
            .unwrap_err()
            .to_string(),
        chat_store::ReadOnlySqliteStore::open(&options)
            .err()
            .unwrap()
            .to_string(),
    ];
    for refused in refusals {
        assert!(refused.contains("a move into this database"), "{refused}");
    }
    assert!(!copy.exists());
}

#[test]
fn a_row_that_the_target_refuses_is_named() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let db = sqlite.open();
    let [ada, bob] = db.users(["ada", "bob"]);
    for _ in 0..9 {
        db.tell(ada, bob, "hi");
    }
    drop(db);
    // PostgreSQL has no text with a NUL in it.
    sqlite.execute("UPDATE messages SET content = 'a' || char(0) || 'b' WHERE id = 7");
    let error = refusal(&sqlite, &postgres);
    says(
        &error,
        &["refuses the row 7 of messages", "mend it in the source"],
    );

    let home = Place::sqlite();
    sqlite.execute("UPDATE messages SET content = 'b'; INSERT INTO seens VALUES (77, 1, 1)");
    says(
        &refusal(&sqlite, &home),
        &["refuses the row (77, 1) of seens", "FOREIGN KEY"],
    );
}

#[test]
fn a_source_whose_log_contradicts_itself_is_refused() {
    let [from, to] = [Place::sqlite(), Place::sqlite()];
    tell(&from.open(), 3, 10);
    from.execute("UPDATE event_log SET position = position - 1");
    says(
        &refusal(&from, &to),
        &["the head of its log is", "recount --repair"],
    );
    from.execute("DELETE FROM event_log");
    says(&refusal(&from, &to), &["event_log has no row"]);
}
