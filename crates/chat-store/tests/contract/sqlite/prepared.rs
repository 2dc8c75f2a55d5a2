//! What is done often is prepared once: on its second run no statement is parsed.
//!
//! That SQLite prepares none anew by itself, when a value is bound, diesel does not tell; `plans` looks
//! for what makes it do so.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chat_domain::ports::{StoreResult, Turn};
use chat_domain::{Actor, Fingerprint, IdempotencyKey, KeptAnswer, Recipient, Timeline, UserId};
use diesel::connection::InstrumentationEvent;

use super::{World, plans};
use crate::harness::{at, begin, event, limit, new_file, pair, read, words};

/// Where what a send asks for is kept.
const TABLES: [&str; 3] = ["`conversations`", "`group_members`", "`users`"];

/// A statement that ran.
#[derive(Debug)]
pub(crate) struct Ran {
    sql: String,
    /// Whether it had been kept prepared.
    kept: bool,
    /// Whether it ran on a connection that writes.
    writes: bool,
}

/// What ran on the connections to each watched directory.
static RUNS: Mutex<Vec<(String, Vec<Ran>)>> = Mutex::new(Vec::new());

/// One connection's statements.
#[derive(Default)]
pub(crate) struct Recorder {
    url: String,
    kept: BTreeSet<String>,
}

impl Recorder {
    pub(crate) fn on_event(&mut self, event: &InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.url = (*url).to_owned();
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                self.kept.insert((*sql).to_owned());
            }
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let sql = text.split(" -- binds:").next().unwrap_or_default();
                self.ran(sql);
            }
            _ => {}
        }
    }

    fn ran(&self, sql: &str) {
        let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = runs.iter_mut().find(|(dir, _)| self.url.contains(dir));
        if let Some((_, ran)) = watched {
            ran.push(Ran {
                sql: sql.to_owned(),
                kept: self.kept.contains(sql),
                writes: !self.url.contains("mode=ro"),
            });
        }
    }
}

/// The statements that `work` makes the store in this directory run.
pub(crate) fn statements_of(dir: &Path, work: impl FnOnce()) -> Vec<Ran> {
    let dir = dir.to_str().unwrap().to_owned();
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    runs.push((dir.clone(), Vec::new()));
    drop(runs);
    work();
    let mut runs = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    let place = runs.iter().position(|(watched, _)| *watched == dir);
    runs.remove(place.unwrap()).1
}

fn answer(actor: UserId) -> KeptAnswer {
    KeptAnswer {
        actor: Actor::User(actor),
        key: IdempotencyKey::parse("key").unwrap(),
        fingerprint: Fingerprint::from_bytes([7; 32]),
        answer: b"done".to_vec(),
        at: at(5),
    }
}

/// What a service is asked for all day.
fn a_day(world: &World, [ada, bob]: [UserId; 2]) {
    let db = world.db();
    let group = chat_domain::GroupId::parse(1).unwrap();
    let say = move |tx: &mut dyn chat_domain::ports::WriteTx| -> StoreResult<()> {
        let conversation = tx.lock_group_conversation(group)?.unwrap().id;
        tx.role(group, ada)?;
        tx.lock_key(Actor::User(ada), &answer(ada).key)?;
        let message =
            tx.append_message(&words(conversation, ada, Recipient::Group(group), "hi"))?;
        tx.append_event(&event(conversation, Some(message.id)))?;
        tx.keep_answer(&answer(ada))
    };
    db.write(say);
    let hold = world.hold_writer();
    let batch = [0, 1].map(|_| begin(&*world.store, say).unwrap());
    drop(hold);
    for job in batch {
        job.ended();
    }
    db.write(move |tx| {
        tx.user_exists(bob)?;
        let conversation = tx.lock_or_open_direct(pair(ada, bob), at(4))?.id;
        tx.append_message(&words(conversation, ada, Recipient::User(bob), "hi"))
    });
    let undone = db.try_write(|_| Err::<(), _>(crate::harness::undo()));
    assert!(undone.is_err());
    read(&*world.store, move |tx| {
        tx.role(group, bob)?;
        let conversation = chat_domain::ConversationId::parse(1).unwrap();
        let newest = Timeline::Conversation(conversation);
        let page = tx.messages_older(newest, None, 0, 2)?;
        let id = page[0].id;
        tx.messages_older(newest, Some(id), 0, 2)?;
        tx.messages_newer(newest, Some(id), 2)?;
        tx.message(id)?;
        tx.seen_at(&page[0], bob)?;
        tx.receipts(&page[0], None, limit(2))?;
        tx.unseen(bob).map(drop)
    })
    .unwrap();
}

/// What a service does with files all day.
fn a_day_of_files(world: &World, [ada, bob]: [UserId; 2]) {
    let db = world.db();
    let group = db.group("files", &[ada, bob]);
    let file = db.stored_file(1);
    let shown = db.show(ada, bob, &file, None);
    db.share(&group, ada, &file);
    db.delete(&shown);
    db.delete_group(&group);
    db.write(move |tx| {
        tx.release_files(9)?;
        tx.unused_files(at(99), 9)?;
        assert!(!tx.file_in_use(file.id)?);
        let file = tx.lock_file(file.id)?.unwrap();
        tx.delete_file(&file, at(9), at(9))?;
        for blob in tx.unused_blobs(at(99), 9)? {
            tx.hold_blob(blob)?;
            tx.doom_blob(blob, at(99))?;
        }
        for blob in tx.doomed_blobs(None, 9)? {
            tx.forget_blob(blob.id)?;
        }
        tx.blobs_after(None, 9).map(drop)
    });
    let upload = db.upload(9);
    db.advance(&upload, 4, at(9));
    db.write(move |tx| {
        tx.lock_upload(upload.id)?;
        let upload = tx.take_upload(upload.id)?.unwrap();
        let held = upload.generation;
        assert_eq!(tx.renew_upload(upload.id, held, at(9))?, Turn::Held);
        let file = tx.insert_file(&new_file())?;
        assert_eq!(tx.complete_upload(upload.id, held, file.id)?, Turn::Held);
        tx.staged_uploads()?;
        for upload in tx.expired_uploads(at(99), 9)? {
            tx.delete_upload(upload)?;
        }
        Ok(())
    });
}

fn prepared_world() -> (World, [UserId; 2]) {
    plans::watch();
    let world = World::with(|options| options.readers(1).scans(1));
    // A reader that came later would be asked first, and has prepared nothing.
    world.open_readers(2);
    let db = world.db();
    let [ada, bob] = db.users(["ada", "bob"]);
    db.group("team", &[ada, bob]);
    (world, [ada, bob])
}

#[test]
fn on_its_second_run_nothing_is_prepared() {
    let (world, users) = prepared_world();
    a_day(&world, users);
    let ran = statements_of(world.dir.path(), || a_day(&world, users));
    let sql: BTreeSet<&str> = ran.iter().map(|ran| ran.sql.as_str()).collect();
    for known in [
        "BEGIN IMMEDIATE",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT chat_job",
    ] {
        assert!(sql.contains(known), "{known} was not seen: {sql:#?}");
    }
    let anew: Vec<&Ran> = ran.iter().filter(|ran| !ran.kept).collect();
    assert!(anew.is_empty(), "{anew:#?}");
}

#[test]
fn of_files_too_nothing_is_prepared_twice() {
    let (world, users) = prepared_world();
    a_day_of_files(&world, users);
    // What a delete took away is found by the second.
    a_day_of_files(&world, users);
    let ran = statements_of(world.dir.path(), || a_day_of_files(&world, users));
    let mine = |sql: &str| {
        ["`blobs`", "`uploads`", "_releases`"]
            .iter()
            .any(|t| sql.contains(t))
    };
    assert!(ran.iter().filter(|ran| mine(&ran.sql)).count() > 15);
    let anew: Vec<&Ran> = ran.iter().filter(|ran| !ran.kept).collect();
    assert!(anew.is_empty(), "{anew:#?}");
}

#[test]
fn a_text_asks_and_tells_nothing_of_files() {
    let (world, [ada, bob]) = prepared_world();
    let ran = statements_of(world.dir.path(), || {
        let said = world.db().tell(ada, bob, "hi");
        world.db().delete(&said);
    });
    assert!(ran.iter().any(|ran| ran.sql.contains("INTO `messages`")));
    let of_files = ["`files`", "`blobs`", "_releases`"];
    let stray: Vec<&Ran> = ran
        .iter()
        .filter(|ran| of_files.iter().any(|table| ran.sql.contains(table)))
        .collect();
    assert!(stray.is_empty(), "{stray:#?}");
}

#[test]
fn a_send_looks_up_nothing_that_the_last_one_knew() {
    let (world, users) = prepared_world();
    // The conversation of the pair is opened on the first, and looked up on the second.
    a_day(&world, users);
    a_day(&world, users);
    let ran = statements_of(world.dir.path(), || a_day(&world, users));
    // What the readers ask is asked on connections of their own.
    let asked = |sql: &str| {
        let lookup = sql.starts_with("SELECT") && !sql.contains("`messages`");
        lookup && TABLES.iter().any(|table| sql.contains(table))
    };
    let asked: Vec<_> = ran
        .iter()
        .filter(|ran| ran.writes && asked(&ran.sql))
        .collect();
    assert!(asked.is_empty(), "{asked:#?}");
    let roles = ran
        .iter()
        .filter(|ran| ran.sql.contains("FROM `group_members`"));
    assert_eq!(roles.count(), 1, "a reader has no memory");
}
