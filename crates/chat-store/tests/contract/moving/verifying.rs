//! The verification: what is not equal in the end is named, and never opens.

use chat_store::moving::{MoveError, Phase};
use diesel::connection::SimpleConnection;
use rstest::rstest;

use super::random::tell;
use super::world::{Place, broken_off, moved, places, refusal, try_move};

/// Moves up to where the rows are verified, and breaks off.
fn almost_moved(from: &Place, to: &Place) {
    let mut pages = 0;
    let whole = Place::sqlite();
    try_move(from, &whole, &mut |now| {
        pages += usize::from(now.phase == Phase::Copying);
    })
    .unwrap();
    assert!(broken_off(from, to, pages));
}

/// The tables that are told to differ.
fn differing(from: &Place, to: &Place) -> Vec<&'static str> {
    match refusal(from, to) {
        MoveError::Differs(report) => {
            let tables = report.tables.iter();
            tables
                .filter(|table| !table.agrees())
                .map(|table| table.table)
                .collect()
        }
        other => panic!("{other}"),
    }
}

#[rstest]
#[case::a_number("UPDATE users SET created_at = created_at + 1 WHERE id = 1", "users")]
#[case::a_text(
    "UPDATE messages SET content = content || ' ' WHERE id = 1",
    "messages"
)]
#[case::a_null("UPDATE uploads SET name = NULL WHERE id = 1", "uploads")]
#[case::an_empty_text("UPDATE files SET name = '' WHERE id = 1", "files")]
#[case::a_key("UPDATE events SET position = -1 WHERE position = 1", "events")]
#[case::a_row_less("DELETE FROM idempotency_keys WHERE id = 1", "idempotency_keys")]
#[case::a_row_more("INSERT INTO seens VALUES (99, 99, 99)", "seens")]
#[case::bytes("UPDATE blobs SET size = size + 1 WHERE id = 1", "blobs")]
fn what_was_tampered_with_is_found(#[case] damage: &str, #[case] table: &'static str) {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 21, 40);
    for target in [postgres, Place::sqlite()] {
        almost_moved(&sqlite, &target);
        target.execute(damage);
        assert_eq!(differing(&sqlite, &target), [table]);
        assert!(target.try_open().is_err());
        // It stays so, however often it is asked.
        assert_eq!(differing(&sqlite, &target), [table]);
        let error = refusal(&target, &Place::sqlite()).to_string();
        assert!(error.contains("a move into this database"), "{error}");
    }
}

#[test]
fn what_a_stranger_writes_into_the_target_meanwhile_is_found() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 22, 30);
    let error = try_move(&sqlite, &postgres, &mut |now| {
        if now.phase == Phase::Copying && now.table == "event_log" {
            postgres.execute("INSERT INTO seens VALUES (99, 99, 99) ON CONFLICT DO NOTHING");
        }
    })
    .unwrap_err();
    assert!(matches!(error, MoveError::Differs(_)), "{error}");
    // Nobody writes while it is verified.
    let Place::Postgres(database) = &postgres else {
        return;
    };
    let mut stranger = database.connect();
    stranger.batch_execute("SET lock_timeout = 20").unwrap();
    let mut waited = 0;
    let error = try_move(&sqlite, &postgres, &mut |now| {
        if now.phase == Phase::Verifying {
            let write = "DELETE FROM seens WHERE message_id = 99";
            let error = stranger.batch_execute(write).unwrap_err().to_string();
            waited += usize::from(error.contains("lock timeout"));
        }
    })
    .unwrap_err();
    assert!(matches!(error, MoveError::Differs(_)), "{error}");
    assert!(waited > 15);
}

#[test]
fn the_source_is_left_as_it_is() {
    let Some([sqlite, postgres]) = places() else {
        return;
    };
    tell(&sqlite.open(), 23, 30);
    let Place::Sqlite(dir) = &sqlite else { return };
    let read = || std::fs::read(dir.path().join("chat.db")).unwrap();
    let before = read();
    let first = moved(&sqlite, &postgres);
    assert!(before == read());
    let [one, two] = [Place::sqlite(), Place::sqlite()];
    let again = [moved(&postgres, &one), moved(&postgres, &two)];
    assert_eq!(again[0], again[1]);
    assert_eq!(again[0].tables, first.tables);
}
