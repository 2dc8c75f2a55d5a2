//! What the writer remembers, and everything that must make it forget: hosts, strangers, failures.

use std::time::Duration;

use chat_domain::ports::{Conversations, Messages, StoreError, StoreResult, Verdict, WriteTx};
use chat_domain::{Group, Recipient, Role, UserId};
use chat_store::{SqliteOptions, SqliteTx};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};

use super::World;
use super::native::{break_commit, native, submit};
use crate::harness::{Ended, Pending, at, begin, join, leave, new_user, read, undo, words};

struct Team {
    world: World,
    group: Group,
    ada: UserId,
    bob: UserId,
}

/// A group whose facts the writer knows by heart.
fn team() -> Team {
    team_with(|options| options)
}

fn team_with(change: impl FnOnce(SqliteOptions) -> SqliteOptions) -> Team {
    let world = World::with(change);
    let db = world.db();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada, bob]);
    let team = Team {
        world,
        group,
        ada,
        bob,
    };
    assert_eq!(team.look(), (Some(Role::Member), Some(0), true));
    team
}

impl Team {
    /// Bob's role, the group's latest place, and whether Bob lives, as the next write sees them.
    fn look(&self) -> (Option<Role>, Option<i64>, bool) {
        let (group, bob) = (self.group.id, self.bob);
        self.world.db().write(move |tx| look(tx, group, bob))
    }

    fn say(&self) -> impl FnMut(&mut dyn WriteTx) -> StoreResult<()> + Send + 'static {
        let to = Recipient::Group(self.group.id);
        let message = words(self.group.conversation_id, self.ada, to, "hi");
        move |tx| tx.append_message(&message).map(drop)
    }

    fn execute(&self, sql: &str) {
        self.world.stranger().batch_execute(sql).unwrap();
    }
}

fn look(
    tx: &mut dyn WriteTx,
    group: chat_domain::GroupId,
    user: UserId,
) -> StoreResult<(Option<Role>, Option<i64>, bool)> {
    let conversation = tx.lock_group_conversation(group)?;
    let last_seq = conversation.map(|conversation| conversation.last_seq.get());
    Ok((tx.role(group, user)?, last_seq, tx.user_exists(user)?))
}

const CHANGED: &str = "UPDATE group_members SET role = 'admin' WHERE user_id = 2;
    UPDATE conversations SET last_seq = 7;
    UPDATE users SET deleted_at = 1 WHERE id = 2;";

#[test]
fn what_a_stranger_has_written_is_seen() {
    let team = team();
    team.execute(CHANGED);
    assert_eq!(team.look(), (Some(Role::Admin), Some(7), false));
    team.execute("UPDATE groups SET deleted_at = 1");
    assert_eq!(team.look().1, None);
}

#[test]
fn what_a_stranger_writes_between_two_writes_of_ours_is_seen() {
    let team = team();
    for round in 0..3 {
        team.world.db().write(team.say());
        assert_eq!(team.look().1, Some(round * 10 + 1));
        team.execute("UPDATE conversations SET last_seq = last_seq + 9");
    }
}

/// A batch that can't begin is refused, and its connection is given up.
#[test]
fn what_a_stranger_writes_while_ours_are_refused_is_seen() {
    let team = team_with(|options| options.busy_timeout(Duration::from_millis(10)));
    let mut stranger = team.world.stranger();
    stranger
        .batch_execute(&format!("BEGIN IMMEDIATE; {CHANGED}"))
        .unwrap();
    let refused = begin(&*team.world.store, team.say()).unwrap().ended();
    let unavailable = matches!(refused, Ended::Failed(StoreError::Unavailable(_)));
    assert!(unavailable, "{refused:?}");
    stranger.batch_execute("COMMIT").unwrap();
    assert_eq!(team.look(), (Some(Role::Admin), Some(7), false));
}

/// No host may end the transaction, and one that is alone in it goes unpunished when it begins another: a
/// stranger may write between the two.
#[test]
fn what_happens_between_two_transactions_of_a_host_is_seen() {
    for end in ["COMMIT", "ROLLBACK"] {
        let team = team();
        let (group, bob) = (team.group.id, team.bob);
        let mut stranger = team.world.stranger();
        native(&team.world.store, move |tx| {
            tx.connection().unwrap().batch_execute(end).unwrap();
            stranger.batch_execute(CHANGED).unwrap();
            tx.connection().unwrap().batch_execute("BEGIN").unwrap();
            let seen = look(tx, group, bob).unwrap();
            assert_eq!(seen, (Some(Role::Admin), Some(7), false), "{end}");
            Verdict::Keep
        });
        let seen = (Some(Role::Admin), Some(7), false);
        assert_eq!(team.look(), seen, "{end}");
    }
}

/// The id of a message is asked for after its INSERT, and a host inserts on the same connection.
#[test]
fn what_a_host_inserts_between_messages_does_not_change_their_ids() {
    let team = team();
    let to = Recipient::Group(team.group.id);
    let message = words(team.group.conversation_id, team.ada, to, "hi");
    let ended = native(&team.world.store, move |tx| {
        let sql = "CREATE TABLE notes (id INTEGER PRIMARY KEY); INSERT INTO notes VALUES (70)";
        tx.connection().unwrap().batch_execute(sql).unwrap();
        assert_eq!(tx.append_message(&message).unwrap().id.get(), 1);
        let sql = "INSERT INTO notes VALUES (90)";
        tx.connection().unwrap().batch_execute(sql).unwrap();
        assert_eq!(tx.append_message(&message).unwrap().id.get(), 2);
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(team.look().1, Some(2));
}

#[test]
fn what_a_host_writes_by_the_connection_is_seen() {
    let team = team();
    let (group, bob) = (team.group.id, team.bob);
    let ended = native(&team.world.store, move |tx| {
        look(tx, group, bob).unwrap();
        tx.connection().unwrap().batch_execute(CHANGED).unwrap();
        let seen = look(tx, group, bob).unwrap();
        assert_eq!(seen, (Some(Role::Admin), Some(7), false));
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(team.look(), (Some(Role::Admin), Some(7), false));
}

#[test]
fn what_a_host_writes_and_undoes_is_not_seen() {
    let team = team();
    let (group, bob) = (team.group.id, team.bob);
    for panics in [false, true] {
        let hold = team.world.hold_writer();
        let job = submit(&team.world.store, move |tx| {
            tx.connection().unwrap().batch_execute(CHANGED).unwrap();
            look(tx, group, bob).unwrap();
            assert!(!panics, "on purpose");
            Verdict::Undo
        });
        drop(hold);
        job.recv().unwrap();
        assert_eq!(team.look(), (Some(Role::Member), Some(0), true));
    }
}

/// A transaction within the job that a host leaves open is closed and undone when the job is over, and
/// the rest of the job is kept.
#[test]
fn what_is_read_in_a_hosts_open_transaction_is_not_remembered() {
    let team = team();
    let (group, bob) = (team.group.id, team.bob);
    let ended = native(&team.world.store, move |tx| {
        let conn = tx.connection().unwrap();
        AnsiTransactionManager::begin_transaction(conn).unwrap();
        conn.batch_execute(CHANGED).unwrap();
        let seen = look(tx, group, bob).unwrap();
        assert_eq!(seen, (Some(Role::Admin), Some(7), false));
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(team.look(), (Some(Role::Member), Some(0), true));
}

/// The same for what it sends there.
#[test]
fn what_is_sent_in_a_hosts_open_transaction_is_not_remembered() {
    let team = team();
    let (group, mut say) = (team.group.id, team.say());
    let ended = native(&team.world.store, move |tx: &mut SqliteTx<'_>| {
        let conn = tx.connection().unwrap();
        AnsiTransactionManager::begin_transaction(conn).unwrap();
        tx.lock_group_conversation(group).unwrap();
        say(tx).unwrap();
        Verdict::Keep
    });
    assert_eq!(ended, Ended::Committed);
    assert_eq!(team.look().1, Some(0));
}

/// Everything that a job can change here, all of which is read again.
fn change_all(team: &Team) -> impl FnMut(&mut dyn WriteTx) -> StoreResult<()> + Send + 'static {
    let (group, ada, bob) = (team.group.clone(), team.ada, team.bob);
    let mut say = team.say();
    move |tx| {
        say(tx)?;
        leave(tx, &group, bob)?;
        join(tx, &group, bob, Role::Admin)?;
        tx.set_role(group.id, ada, Role::Member, at(8))?;
        look(tx, group.id, bob)?;
        tx.role(group.id, ada).map(drop)
    }
}

/// A job that is undone after it has changed everything.
fn undone(team: &Team, panics: bool) -> Pending<()> {
    let mut change = change_all(team);
    begin(&*team.world.store, move |tx| {
        change(tx)?;
        assert!(!panics, "on purpose");
        Err(undo())
    })
    .unwrap()
}

#[test]
fn what_is_undone_alone_or_in_a_batch_is_forgotten() {
    let team = team();
    for (panics, batched) in [(false, false), (false, true), (true, false), (true, true)] {
        let hold = batched.then(|| team.world.hold_writer());
        let job = undone(&team, panics);
        let next = batched.then(|| {
            let (group, bob) = (team.group.id, team.bob);
            begin(&*team.world.store, move |tx| look(tx, group, bob)).unwrap()
        });
        drop(hold);
        let ended = job.ended();
        assert_eq!(ended == Ended::Undone, !panics, "{ended:?}");
        let expected = (Some(Role::Member), Some(0), true);
        if let Some(next) = next {
            assert_eq!(next.wait().1.unwrap().unwrap(), expected);
        }
        assert_eq!(team.look(), expected);
    }
}

#[test]
fn what_was_done_in_a_batch_that_is_not_committed_is_forgotten() {
    let team = team();
    let hold = team.world.hold_writer();
    let broken = submit(&team.world.store, break_commit);
    let changed = begin(&*team.world.store, change_all(&team)).unwrap();
    drop(hold);
    assert!(matches!(broken.recv().unwrap(), Ended::Failed(_)));
    assert!(matches!(changed.ended(), Ended::Failed(_)));
    assert_eq!(team.look(), (Some(Role::Member), Some(0), true));
}

#[test]
fn what_was_done_in_a_batch_that_failed_is_forgotten() {
    let team = team();
    native(&team.world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("PRAGMA max_page_count = 1").unwrap();
        Verdict::Keep
    });
    let hold = team.world.hold_writer();
    let changed = begin(&*team.world.store, change_all(&team)).unwrap();
    let large = begin(&*team.world.store, |tx| {
        (0..1_000).try_for_each(|n| tx.insert_user(&new_user(&format!("user{n}"))).map(drop))
    })
    .unwrap();
    drop(hold);
    for job in [changed, large] {
        let ended = job.ended();
        let failed = matches!(ended, Ended::Failed(StoreError::Unavailable(_)));
        assert!(failed, "{ended:?}");
    }
    assert_eq!(team.look(), (Some(Role::Member), Some(0), true));
}

/// After a failure that may have ended the transaction nothing is told, not even what is remembered.
#[test]
fn after_a_fatal_failure_nothing_is_told_from_memory() {
    let team = team();
    native(&team.world.store, |tx| {
        let conn = tx.connection().unwrap();
        conn.batch_execute("PRAGMA max_page_count = 1").unwrap();
        Verdict::Keep
    });
    team.look();
    let (group, bob) = (team.group.id, team.bob);
    let ended = begin(&*team.world.store, move |tx| {
        look(tx, group, bob)?;
        let failed =
            (0..1_000).try_for_each(|n| tx.insert_user(&new_user(&format!("user{n}"))).map(drop));
        assert!(failed.is_err());
        assert!(tx.role(group, bob).is_err());
        assert!(tx.user_exists(bob).is_err());
        Ok(())
    })
    .unwrap()
    .ended();
    assert!(matches!(ended, Ended::Failed(_)), "{ended:?}");
}

#[test]
fn a_reader_sees_its_snapshot_and_not_what_the_writer_knows() {
    let team = team();
    let (group, bob) = (team.group.clone(), team.bob);
    let store = team.world.store.clone();
    team.world.db().write(move |tx| {
        leave(tx, &group, bob)?;
        assert_eq!(tx.role(group.id, bob)?, None);
        let id = group.id;
        let committed = read(&*store, move |tx| tx.role(id, bob))?;
        assert_eq!(committed, Some(Role::Member));
        Ok(())
    });
    assert_eq!(team.look().0, None);
}
