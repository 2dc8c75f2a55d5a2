//! What tests count on in a server of their own.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

use chat_testing::{Options, Postgres, Template};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query};

static NOTES: Template = Template::new("notes", |url| {
    let mut connection = PgConnection::establish(url).unwrap();
    connection
        .batch_execute("CREATE TABLE notes (body text NOT NULL)")
        .unwrap();
});

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn add_note(connection: &mut PgConnection) {
    connection
        .batch_execute("INSERT INTO notes VALUES ('Ada was here')")
        .unwrap();
}

fn notes(connection: &mut PgConnection) -> i64 {
    let query = sql_query("SELECT count(*) FROM notes");
    query.get_result::<Count>(connection).unwrap().count
}

#[test]
fn a_server_answers() {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Text)]
        version: String,
    }

    let Some(server) = Postgres::shared() else {
        return;
    };
    let answer: Version = sql_query("SELECT version()")
        .get_result(&mut server.connect("postgres"))
        .unwrap();
    assert!(
        answer.version.starts_with("PostgreSQL "),
        "{}",
        answer.version
    );
}

#[test]
fn databases_of_one_template_are_separate() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let (one, other) = (server.database(&NOTES), server.database(&NOTES));
    add_note(&mut one.connect());
    assert_eq!(notes(&mut one.connect()), 1);
    assert_eq!(notes(&mut other.connect()), 0);
}

#[test]
fn a_killed_server_starts_again_with_what_was_committed() {
    let Some(mut server) = Postgres::start(&Options::new()) else {
        return;
    };
    let database = server.database(&NOTES);
    let mut connection = database.connect();
    add_note(&mut connection);

    server.kill();
    assert!(sql_query("SELECT 1").execute(&mut connection).is_err());
    server.start_again();
    assert!(
        server.log().contains("was not properly shut down"),
        "{}",
        server.log()
    );
    assert_eq!(notes(&mut database.connect()), 1);

    server.restart_immediately();
    add_note(&mut database.connect());
    server.stop();
    assert!(PgConnection::establish(database.url()).is_err());
    server.start_again();
    assert_eq!(notes(&mut database.connect()), 2);
}
