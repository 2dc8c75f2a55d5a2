//! Random jobs, kept, undone, panicking, of hosts, alone and in batches, with a stranger's writes between
//! them: whatever a write is told from memory is what the tables say inside its transaction.
//!
//! A failure prints the shortest row of jobs that was found.

use std::sync::{Arc, Mutex, PoisonError};

use chat_domain::ports::{StoreError, StoreResult, Verdict, WriteTx};
use chat_domain::{Group, GroupId, Recipient, Role, UserId};
use chat_store::SqliteTx;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::World;
use super::native::{BREAK_COMMIT, submit};
use crate::harness::{at, begin, join, leave, new_group, new_user, pair, undo, words};

/// How many rows of batches are tried, unless `PROPTEST_CASES` says another number.
const ROWS: u32 = 48;
/// Ids from 1 to this are looked at; not all of them need to be there.
const USERS: i64 = 5;
const GROUPS: i64 = 4;

#[derive(Clone, Debug)]
enum Step {
    NewUser,
    NewGroup,
    Join(i64, i64, Role),
    Leave(i64, i64),
    SetRole(i64, i64, Role),
    DeleteGroup(i64),
    Say(i64, i64),
    Tell(i64, i64),
    /// A message of somebody who takes no part: it breaks off half way.
    SayAsStranger(i64),
    /// A host's own statement; in a job of the port nothing.
    Sql(String),
    /// A host's transaction that is left open.
    Open,
    /// A host's write that makes the commit fail, and with it the whole batch.
    BreakCommit,
    /// Everything is asked for, and compared with the tables.
    Look,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Keep,
    Undo,
    Panic,
}

#[derive(Clone, Debug)]
struct Job {
    native: bool,
    steps: Vec<Step>,
    end: End,
}

/// What shares a commit, and what a stranger writes after.
#[derive(Clone, Debug)]
struct Batch {
    jobs: Vec<Job>,
    stranger: Option<String>,
}

fn user() -> impl Strategy<Value = i64> {
    1..=USERS
}

fn group() -> impl Strategy<Value = i64> {
    1..=GROUPS
}

fn role() -> impl Strategy<Value = Role> {
    // Of owners there may be but one, which is not the matter here.
    select(vec![Role::Admin, Role::Member])
}

fn sql() -> impl Strategy<Value = String> {
    prop_oneof![
        (group(), user(), role()).prop_map(|(group, user, role)| format!(
            "UPDATE group_members SET role = '{}' WHERE group_id = {group} AND user_id = {user}",
            role.as_str()
        )),
        (group(), user()).prop_map(|(group, user)| format!(
            "DELETE FROM group_members WHERE group_id = {group} AND user_id = {user}"
        )),
        (1..=6i64).prop_map(|id| format!(
            "UPDATE conversations SET last_seq = last_seq + 3 WHERE id = {id}"
        )),
        (user(), select(vec!["1", "NULL"]))
            .prop_map(|(user, at)| format!("UPDATE users SET deleted_at = {at} WHERE id = {user}")),
        group().prop_map(|group| format!("UPDATE groups SET deleted_at = 1 WHERE id = {group}")),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::NewUser),
        2 => Just(Step::NewGroup),
        4 => (group(), user(), role()).prop_map(|(g, u, r)| Step::Join(g, u, r)),
        3 => (group(), user()).prop_map(|(g, u)| Step::Leave(g, u)),
        3 => (group(), user(), role()).prop_map(|(g, u, r)| Step::SetRole(g, u, r)),
        1 => group().prop_map(Step::DeleteGroup),
        6 => (group(), user()).prop_map(|(g, u)| Step::Say(g, u)),
        4 => (user(), user()).prop_map(|(a, b)| Step::Tell(a, b)),
        1 => group().prop_map(Step::SayAsStranger),
        3 => sql().prop_map(Step::Sql),
        1 => Just(Step::Open),
        1 => Just(Step::BreakCommit),
        6 => Just(Step::Look),
    ]
}

fn job() -> impl Strategy<Value = Job> {
    let end = prop_oneof![6 => Just(End::Keep), 3 => Just(End::Undo), 1 => Just(End::Panic)];
    let steps = prop::collection::vec(step(), 1..6);
    (prop::bool::weighted(0.3), steps, end).prop_map(|(native, steps, end)| Job {
        native,
        steps,
        end,
    })
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let jobs = prop::collection::vec(job(), 1..4);
    let stranger = prop::option::weighted(0.2, sql());
    let batch = (jobs, stranger).prop_map(|(jobs, stranger)| Batch { jobs, stranger });
    prop::collection::vec(batch, 1..12)
}

fn group_id(number: i64) -> GroupId {
    GroupId::parse(number).unwrap()
}

fn user_id(number: i64) -> UserId {
    UserId::parse(number).unwrap()
}

/// Compares all that may be remembered with what is asked of the tables by other ways.
fn look(tx: &mut dyn WriteTx) -> StoreResult<()> {
    for user in (1..=USERS).map(user_id) {
        let stored = tx.user(user)?.is_some();
        same("whether lives", user, &tx.user_exists(user)?, &stored)?;
        for group in (1..=GROUPS).map(group_id) {
            let stored = tx.member(group, user)?.map(|member| member.role);
            same("role", (group, user), &tx.role(group, user)?, &stored)?;
        }
        for other in (user.get() + 1..=USERS).map(user_id) {
            let pair = pair(user, other);
            // Asking for one that is not there would open it.
            if let Some(stored) = tx.direct_conversation(pair)? {
                let told = tx.lock_or_open_direct(pair, at(4))?;
                same("direct conversation", pair, &told, &stored)?;
            }
        }
    }
    for id in (1..=GROUPS).map(group_id) {
        let stored = match tx.group(id)? {
            Some(group) => tx.conversation(group.conversation_id)?,
            None => None,
        };
        let told = tx.lock_group_conversation(id)?;
        same("conversation", id, &told, &stored)?;
    }
    Ok(())
}

fn same<T, K>(what: &str, key: K, told: &T, stored: &T) -> StoreResult<()>
where
    T: PartialEq + std::fmt::Debug,
    K: std::fmt::Debug,
{
    if told == stored {
        return Ok(());
    }
    Err(StoreError::Broken(format!(
        "DIFFERS: {what} of {key:?}: told {told:?}, stored {stored:?}"
    )))
}

/// Does what is possible just now, and nothing else.
fn play(tx: &mut dyn WriteTx, step: &Step, tag: &str) -> StoreResult<()> {
    match *step {
        Step::NewUser => tx.insert_user(&new_user(tag)).map(drop),
        Step::NewGroup => tx.insert_group(&new_group(tag)).map(drop),
        Step::Join(group, user, role) => {
            let Some(group) = tx.group(group_id(group))? else {
                return Ok(());
            };
            let apart = stands_apart(tx, &group, user_id(user))?;
            if apart && tx.user(user_id(user))?.is_some() {
                join(tx, &group, user_id(user), role)?;
            }
            Ok(())
        }
        Step::Leave(group, user) => with_member(tx, group, user, |tx, group, user| {
            if tx.participant(group.conversation_id, user)?.is_some() {
                leave(tx, group, user)?;
            }
            Ok(())
        }),
        Step::SetRole(group, user, role) => with_member(tx, group, user, |tx, group, user| {
            tx.set_role(group.id, user, role, at(7))
        }),
        Step::DeleteGroup(group) => match tx.group(group_id(group))? {
            Some(group) => tx.delete_group(&group, at(9)),
            None => Ok(()),
        },
        Step::Say(group, user) => with_member(tx, group, user, |tx, group, user| {
            tx.lock_group_conversation(group.id)?;
            let to = Recipient::Group(group.id);
            tx.append_message(&words(group.conversation_id, user, to, "hi"))
                .map(drop)
        }),
        Step::Tell(one, other) => {
            let (one, other) = (user_id(one), user_id(other));
            if one == other || tx.user(one)?.is_none() || tx.user(other)?.is_none() {
                return Ok(());
            }
            let id = tx.lock_or_open_direct(pair(one, other), at(4))?.id;
            tx.append_message(&words(id, one, Recipient::User(other), "hi"))
                .map(drop)
        }
        Step::SayAsStranger(group) => {
            let Some(group) = tx.group(group_id(group))? else {
                return Ok(());
            };
            let to = Recipient::Group(group.id);
            let stranger = UserId::parse(1_000).unwrap();
            let said = tx.append_message(&words(group.conversation_id, stranger, to, "hi"));
            assert!(said.is_err());
            Ok(())
        }
        Step::Look => look(tx),
        Step::Sql(_) | Step::Open | Step::BreakCommit => Ok(()),
    }
}

fn stands_apart(tx: &mut dyn WriteTx, group: &Group, user: UserId) -> StoreResult<bool> {
    let member = tx.member(group.id, user)?.is_some();
    Ok(!member && tx.participant(group.conversation_id, user)?.is_none())
}

fn with_member(
    tx: &mut dyn WriteTx,
    group: i64,
    user: i64,
    work: impl FnOnce(&mut dyn WriteTx, &Group, UserId) -> StoreResult<()>,
) -> StoreResult<()> {
    let user = user_id(user);
    let Some(group) = tx.group(group_id(group))? else {
        return Ok(());
    };
    match tx.member(group.id, user)? {
        Some(_) => work(tx, &group, user),
        None => Ok(()),
    }
}

fn play_native(tx: &mut SqliteTx<'_>, step: &Step, tag: &str) -> StoreResult<()> {
    match step {
        // What breaks a constraint changes nothing.
        Step::Sql(sql) => drop(tx.connection()?.batch_execute(sql)),
        Step::Open => AnsiTransactionManager::begin_transaction(tx.connection()?).unwrap(),
        // What it finds there already is its own, from an earlier step.
        Step::BreakCommit => drop(tx.connection()?.batch_execute(BREAK_COMMIT)),
        port => play(tx, port, tag)?,
    }
    Ok(())
}

/// The first difference that any job has found.
type Found = Arc<Mutex<Option<String>>>;

fn note(found: &Found, said: &StoreResult<()>) {
    if let Err(StoreError::Broken(text)) = said
        && text.starts_with("DIFFERS")
    {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.get_or_insert_with(|| text.clone());
    }
}

/// Submits a job, and gives what waits for its end.
fn start(world: &World, found: &Found, job: &Job, tag: String) -> Box<dyn FnOnce()> {
    let (job, found) = (job.clone(), Arc::clone(found));
    let end = job.end;
    if job.native {
        let ended = submit(&world.store, move |tx| {
            let mut steps = job.steps.iter().enumerate();
            let said = steps.try_for_each(|(n, step)| play_native(tx, step, &format!("{tag}x{n}")));
            note(&found, &said);
            assert_ne!(end, End::Panic, "on purpose");
            match (said, end) {
                (Ok(()), End::Keep) => Verdict::Keep,
                _ => Verdict::Undo,
            }
        });
        return Box::new(move || drop(ended.recv().unwrap()));
    }
    let pending = begin(&*world.store, move |tx| {
        let mut steps = job.steps.iter().enumerate();
        let said = steps.try_for_each(|(n, step)| play(tx, step, &format!("{tag}x{n}")));
        note(&found, &said);
        assert_ne!(end, End::Panic, "on purpose");
        said?;
        if end == End::Keep {
            Ok(())
        } else {
            Err(undo())
        }
    });
    let pending = pending.unwrap();
    Box::new(move || drop(pending.ended()))
}

fn run(batches: &[Batch]) -> Result<(), TestCaseError> {
    let world = World::new();
    let found = Found::default();
    let all = Job {
        native: false,
        steps: vec![Step::Look],
        end: End::Keep,
    };
    let first = Job {
        steps: vec![
            Step::NewUser,
            Step::NewUser,
            Step::NewUser,
            Step::NewGroup,
            Step::NewGroup,
            Step::Join(1, 1, Role::Admin),
            Step::Join(1, 2, Role::Member),
            Step::Join(2, 2, Role::Member),
            Step::Look,
        ],
        ..all.clone()
    };
    start(&world, &found, &first, "first".into())();
    for (number, batch) in batches.iter().enumerate() {
        let hold = (batch.jobs.len() > 1).then(|| world.hold_writer());
        let jobs = batch.jobs.iter().enumerate();
        let pending: Vec<_> = jobs
            .map(|(n, job)| start(&world, &found, job, format!("n{number}x{n}")))
            .collect();
        drop(hold);
        pending.into_iter().for_each(|wait| wait());
        if let Some(sql) = &batch.stranger {
            // What breaks a constraint changes nothing.
            drop(world.stranger().batch_execute(sql));
        }
        start(&world, &found, &all, "look".into())();
        let found = found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(difference) = found {
            return Err(TestCaseError::fail(format!("batch {number}: {difference}")));
        }
    }
    Ok(())
}

#[test]
fn what_is_remembered_is_what_the_tables_say() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = ROWS;
    }
    let tried = TestRunner::new(config).run(&batches(), |batches| run(&batches));
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, batches)) => panic!("{why}\n{batches:#?}"),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}
