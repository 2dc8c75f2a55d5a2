//! Opening a database: by many at once, by one alone, and not at all.

use std::thread;
use std::time::{Duration, Instant};

use chat_store::postgres::{OpenError, migrate, recount, repair};
use chat_store::{PostgresOptions, PostgresStore, RecountError};

use super::{World, db};

fn refused(opened: Result<PostgresStore, OpenError>) -> OpenError {
    match opened {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

#[test]
fn of_nodes_that_start_at_once_one_makes_the_tables() {
    let world = some!(World::empty());
    let run: Vec<usize> = thread::scope(|scope| {
        let nodes: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| migrate(&world.options()).unwrap().len()))
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(run.iter().filter(|&&run| run > 0).count(), 1, "{run:?}");
    let one = db(&world.node());
    one.user("ada");
    assert_eq!(world.number("SELECT count(*) FROM event_log"), 1);
}

#[test]
fn a_database_of_a_later_version_is_left_alone() {
    let world = some!(World::new());
    world.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    for error in [
        refused(PostgresStore::open(&world.options())),
        refused(PostgresStore::open_existing(&world.options())),
        migrate(&world.options()).unwrap_err(),
    ] {
        let OpenError::Newer { version } = &error else {
            panic!("{error}");
        };
        assert_eq!(version, "29990101000000");
    }
}

#[test]
fn what_only_looks_makes_no_tables() {
    let world = some!(World::empty());
    let error = refused(PostgresStore::open_existing(&world.options()));
    assert!(matches!(error, OpenError::Older { .. }), "{error}");
    let error = recount(&world.options(), &mut |_, _| {}).unwrap_err();
    assert!(
        matches!(error, RecountError::Open(OpenError::Older { .. })),
        "{error}"
    );
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(world.number(tables), 0);
}

#[test]
fn one_is_alone_or_there_are_nodes() {
    let world = some!(World::new());
    let node = world.node();
    db(&node).user("ada");
    let error = refused(PostgresStore::open_alone(&world.options()));
    assert!(matches!(error, OpenError::InUse), "{error}");
    let error = repair(&world.options(), &mut |_, _| {}).unwrap_err();
    assert!(
        matches!(error, RecountError::Open(OpenError::InUse)),
        "{error}"
    );
    drop(node);

    let alone = PostgresStore::open_alone(&world.options()).unwrap();
    let error = refused(PostgresStore::open(&world.options()));
    assert!(matches!(error, OpenError::Held), "{error}");
    drop(alone);
    db(&world.node()).user("bob");
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so_and_soon() {
    let begun = Instant::now();
    // Nobody listens on the port of an echo server.
    let options = PostgresOptions::new("postgres://chat:geheim@127.0.0.1:7/chat");
    let error = refused(PostgresStore::open(&options));
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    let told = error.to_string();
    assert!(
        told.contains("127.0.0.1") && !told.contains("geheim"),
        "{told}"
    );
    assert!(!told.contains('\n'), "{told}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let world = some!(World::new());
    let url = world
        .database
        .url()
        .replace(world.database.name(), "nowhere");
    let error = refused(PostgresStore::open(&PostgresOptions::new(url)));
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn another_encoding_is_refused() {
    let world = some!(World::new());
    let name = format!("{}_latin", world.database.name());
    world.execute(&format!(
        "CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    ));
    let url = world.database.url().replace(world.database.name(), &name);
    let error = refused(PostgresStore::open(&PostgresOptions::new(url)));
    world.execute(&format!("DROP DATABASE {name}"));
    assert!(matches!(error, OpenError::Unfit(_)), "{error}");
}

#[test]
fn settings_of_the_server_do_not_weaken_the_store() {
    let world = some!(World::new());
    let name = world.database.name();
    world.execute(&format!(
        "ALTER DATABASE {name} SET synchronous_commit = off; \
         ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
    ));
    let one = world.node();
    let ended = super::native(&one, |tx| {
        let conn = tx.connection().unwrap();
        for (setting, must) in [
            ("synchronous_commit", "on"),
            ("transaction_isolation", "read committed"),
            ("lock_timeout", "5s"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ] {
            let same = format!("SELECT (current_setting('{setting}') = '{must}')::int");
            assert_eq!(super::number(conn, &same), 1, "{setting}");
        }
        chat_domain::ports::Verdict::Keep
    });
    assert_eq!(ended, crate::harness::Ended::Committed);
    db(&one).user("ada");
}
