//! A move that is broken off, anywhere, goes on where it was.

use chat_store::moving::MoveError;

use super::random::{Dice, tell};
use super::world::{Place, broken_off, moved, places, refusal, try_move};

#[test]
fn broken_off_at_random_it_comes_to_the_same_end() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 11, 120);
    let whole = moved(&sqlite, &Place::sqlite());
    let mut dice = Dice::new(11);
    for target in [postgres, Place::sqlite()] {
        let mut broken = 0;
        // How far it comes is random, and more each time.
        let mut pages = 0;
        while broken_off(&sqlite, &target, pages) {
            broken += 1;
            pages += 1 + dice.below(12);
        }
        assert!(broken > 3, "{broken}");
        let mut back = moved(&target, &Place::sqlite());
        back.tables
            .iter_mut()
            .for_each(|table| table.from = table.to);
        let mut expected = whole.clone();
        expected
            .tables
            .iter_mut()
            .for_each(|table| table.from = table.to);
        assert_eq!(back, expected);
    }
}

#[test]
fn it_goes_on_between_the_pages_of_a_table() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    drop(sqlite.open());
    sqlite.execute(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9001)
         INSERT INTO users SELECT n, 'u' || n, 'u' || n, n || '@x', n || '@x', 1, 1, NULL, NULL, NULL, NULL FROM n;",
    );
    // The first table begins, and has three pages then.
    assert!(broken_off(&sqlite, &postgres, 3));
    let there = "SELECT count(*)::text AS one, '' AS two FROM users";
    assert_eq!(postgres.ask(there)[0].0, "6000");
    assert_eq!(moved(&sqlite, &postgres).tables[0].to.rows, 9_001);
}

/// Where it was killed while it made the tables, or another version has made them and nobody has used them.
#[test]
fn a_target_with_a_part_of_the_tables_gets_the_rest_first() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 17, 30);
    let whole = moved(&sqlite, &postgres);
    let versions = postgres.ask("SELECT version AS one, '' AS two FROM __diesel_schema_migrations");
    assert!(versions.len() > 6, "{versions:?}");
    for made in 0..versions.len() {
        for target in [Place::sqlite(), Place::postgres().unwrap()] {
            target.migrate_to(made);
            assert_eq!(moved(&sqlite, &target), whole, "{made}");
        }
    }
}

#[test]
fn it_says_how_far_it_has_come() {
    let [from, to] = [Place::sqlite(), Place::sqlite()];
    tell(&from.open(), 12, 60);
    let mut told = Vec::new();
    try_move(&from, &to, &mut |now| told.push((now.done, now.total))).unwrap();
    let total = told[0].1;
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!((told[0], told.last()), ((0, total), Some(&(total, total))));
}

#[test]
fn another_source_is_refused_where_a_move_was_broken_off() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    let other = Place::sqlite();
    tell(&sqlite.open(), 13, 30);
    tell(&other.open(), 13, 30);
    for target in [postgres, Place::sqlite()] {
        assert!(broken_off(&sqlite, &target, 9));
        let error = refusal(&other, &target);
        assert!(matches!(error, MoveError::OtherSource { .. }), "{error}");
        moved(&sqlite, &target);
    }
}

#[test]
fn a_source_that_has_changed_is_refused_where_a_move_was_broken_off() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 14, 30);
    let targets = [postgres, Place::sqlite()];
    for target in &targets {
        assert!(broken_off(&sqlite, target, 9));
    }
    // What is in no log.
    let db = sqlite.open();
    db.upload(5);
    drop(db);
    for target in &targets {
        let error = refusal(&sqlite, target).to_string();
        assert!(error.contains("uploads"), "{error}");
    }
    tell(&sqlite.open(), 15, 1);
    for target in &targets {
        let error = refusal(&sqlite, target);
        assert!(matches!(error, MoveError::SourceChanged(_)), "{error}");
        assert!(error.to_string().contains("its log was at"), "{error}");
        assert!(target.try_open().is_err());
    }
}

/// Who was killed in the last moment can't know that all was done.
#[test]
fn after_its_end_it_proves_the_same_once_more() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 16, 30);
    for target in [postgres, Place::sqlite()] {
        let first = moved(&sqlite, &target);
        assert_eq!(moved(&sqlite, &target), first);
        // What differs then is named, and what went on is another database.
        drop(target.open().upload(5));
        let error = refusal(&sqlite, &target);
        assert!(matches!(error, MoveError::Differs(_)), "{error}");
        assert!(target.try_open().is_ok());
        tell(&target.open(), 17, 1);
        let error = refusal(&sqlite, &target);
        assert!(matches!(error, MoveError::NotEmpty { .. }), "{error}");
    }
}
