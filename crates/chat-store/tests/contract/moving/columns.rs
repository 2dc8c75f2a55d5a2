//! That nothing is forgotten: what is moved is every column of every table that a database really has.

use std::collections::BTreeSet;

use super::world::{Place, moved, places};
use crate::harness::new_user;

/// Tables that are not moved, and why.
const NOT_MOVED: [(&str, &str); 3] = [
    (
        "__diesel_schema_migrations",
        "the target is migrated itself",
    ),
    ("tickets", "they are good for seconds"),
    ("event_outbox", "it is empty once its events are in the log"),
];

const SQLITE: &str = "SELECT t.name AS one, c.name AS two FROM pragma_table_list t, \
    pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const POSTGRES: &str = "SELECT table_name::text AS one, column_name::text AS two \
    FROM information_schema.columns WHERE table_schema = 'public'";

fn columns(place: &Place) -> BTreeSet<(String, String)> {
    let sql = match place {
        Place::Sqlite(_) => SQLITE,
        Place::Postgres(_) => POSTGRES,
    };
    let all = place.ask(sql).into_iter();
    all.filter(|(table, _)| NOT_MOVED.iter().all(|(not, _)| table != not))
        .collect()
}

#[test]
fn every_column_of_every_table_is_moved() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    drop(sqlite.open());
    let report = moved(&sqlite, &postgres);
    let told: BTreeSet<(String, String)> = report
        .tables
        .iter()
        .flat_map(|table| {
            let columns = table.columns.iter();
            columns.map(|column| (table.table.to_owned(), (*column).to_owned()))
        })
        .collect();
    assert_eq!(told, columns(&sqlite));
    assert_eq!(told, columns(&postgres));
}

/// The order in which what refers comes after what it refers to.
#[test]
fn a_table_comes_after_those_that_it_refers_to() {
    let sqlite = Place::sqlite();
    let db = sqlite.open();
    db.write(|tx| tx.insert_user(&new_user("ada")));
    drop(db);
    let other = Place::sqlite();
    let order: Vec<&str> = moved(&sqlite, &other)
        .tables
        .iter()
        .map(|table| table.table)
        .collect();
    let refers = "SELECT t.name AS one, f.\"table\" AS two FROM pragma_table_list t, \
        pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'";
    let place = |name: &str| order.iter().position(|table| *table == name);
    let moved = |(table, _): &(String, String)| NOT_MOVED.iter().all(|(not, _)| table != not);
    for (table, to) in sqlite.ask(refers).into_iter().filter(moved) {
        assert!(place(&table) > place(&to), "{table} refers to {to}");
    }
}
