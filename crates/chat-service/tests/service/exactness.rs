//! Random histories against a naive model: every count, every `seen_at`, every answer and every entry of
//! the log is what looking at the whole history gives.
//!
//! A failure prints the shortest history that was found, in words, ready to become a test of its own.
//! So no seeds are kept in files: a seed means nothing any more once the steps change.

mod compare;
mod deeds;
mod driver;
mod model;
mod rules;
mod steps;

use std::cell::Cell;
use std::fmt::Write;

use chat_domain::Role;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use self::deeds::{By, Call, Deed, To};
use self::driver::World;
use self::model::{Model, time};
use self::steps::{Step, steps};
use crate::support::Fixture;

/// How many histories are tried, unless `PROPTEST_CASES` says another number.
const HISTORIES: u32 = 140;
/// The most steps of one history.
const STEPS: usize = 100;
const USERS: usize = 5;
/// After so many steps everything is compared, not the counts alone.
const EVERYTHING: usize = 8;

#[test]
fn every_count_and_time_is_what_the_whole_history_gives() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 1_000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = HISTORIES;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    // One store for all: opening one costs as much as a history. Each has users of its own.
    let fixture = Fixture::new();
    let (histories, failed) = (Cell::new(0), Cell::new(0));
    let tried = TestRunner::new(config).run(&steps(STEPS), |steps| {
        histories.set(histories.get() + 1);
        let played = runtime.block_on(play(&fixture, histories.get(), &steps));
        if played.is_err() && failed.get() == 0 {
            failed.set(histories.get());
        }
        played.map_err(TestCaseError::fail)
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, _)) => panic!("{why}found in history {}", failed.get()),
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}

/// Plays a history; what differs comes with everything that led to it.
async fn play(fixture: &Fixture, tag: usize, steps: &[Step]) -> Result<(), String> {
    let mut world = World::new(fixture, tag, USERS).await;
    let mut model = Model {
        users: USERS,
        ..Model::default()
    };
    let mut story = String::new();
    let mut steps = steps.iter();
    for number in 0.. {
        let call = match FIRST.get(number) {
            Some(call) => *call,
            None => match steps.next() {
                Some(step) => step.call(&model),
                None => break,
            },
        };
        let compared = turn(&mut world, &mut model, &call, number, &mut story).await;
        compared.map_err(|differs| format!("{differs}\nafter\n{story}"))?;
    }
    let compared = compare::everything(&world, &model).await;
    compared.map_err(|differs| format!("{differs}\nafter\n{story}"))
}

/// One call on both, and what it leaves compared.
async fn turn(
    world: &mut World<'_>,
    model: &mut Model,
    call: &Call,
    number: usize,
    story: &mut String,
) -> Result<(), String> {
    let now = i64::try_from(number).expect("few steps") + 1;
    world.set_clock(time(now));
    let answer = world.call(model, call).await;
    let (told, log) = model.does(call, now);
    let outcome = told.as_ref().map_or_else(|code| *code, |_| "done");
    writeln!(story, "{now:4}. {call}: {outcome}").expect("a string");
    compare::answers(answer, &told)?;
    compare::log(world, &log)?;
    compare::unseen(world, model).await?;
    if number.is_multiple_of(EVERYTHING) {
        compare::everything(world, model).await?;
    }
    Ok(())
}

/// What every history begins with: two groups, most users in both, and messages from before some of them
/// joined.
const FIRST: [Call; 9] = [
    founds(0),
    adds(0, 0, 1, Some(Role::Admin)),
    adds(0, 0, 2, Some(Role::Admin)),
    sends(1, 0),
    adds(0, 0, 3, None),
    founds(1),
    adds(1, 1, 0, None),
    sends(0, 1),
    adds(1, 1, 2, None),
];

const fn founds(user: usize) -> Call {
    Call {
        by: By::User(user),
        deed: Deed::CreateGroup {
            owner: None,
            named_as: None,
        },
    }
}

const fn sends(user: usize, group: usize) -> Call {
    Call {
        by: By::User(user),
        deed: Deed::Send {
            sender: user,
            to: To::Group(group),
            text: 0,
        },
    }
}

const fn adds(owner: usize, group: usize, user: usize, role: Option<Role>) -> Call {
    Call {
        by: By::User(owner),
        deed: Deed::Put { group, user, role },
    }
}
