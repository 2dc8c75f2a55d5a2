//! Whatever may come: properties that hold for any bytes, and for requests that are nearly good.
//!
//! A failure prints the smallest case that was found, as Rust would write it, ready to become a test
//! of its own. So no seeds are kept in files: a seed means nothing any more once a generator changes.

use std::cell::Cell;
use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRunner};

mod bodies;
mod fields;
mod heads;
mod list;
mod near;
mod queries;
mod requests;
mod server;
mod shapes;
mod values;

/// Tries a property on so many cases, or on as many as `PROPTEST_CASES` says.
#[track_caller]
fn holds<S>(usual: u32, cases: S, property: impl Fn(S::Value))
where
    S: Strategy<Value: Debug>,
{
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = usual;
    }
    let tried = TestRunner::new(config).run(&cases, |case| {
        property(case);
        Ok(())
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => {
            eprintln!("fails for {case:?}");
            // Once more by itself, so that it says where.
            property(case);
            panic!("only once: {why}");
        }
        Err(TestError::Abort(why)) => panic!("given up: {why}"),
    }
}

/// The same for a property that says of each case whether it was accepted. If hardly any or nearly all
/// of many were, the property says little, and that fails too.
#[track_caller]
fn holds_for_both<S>(usual: u32, cases: S, property: impl Fn(S::Value) -> bool)
where
    S: Strategy<Value: Debug>,
{
    let (tried, accepted) = (Cell::new(0), Cell::new(0));
    holds(usual, cases, |case| {
        tried.set(tried.get() + 1);
        accepted.set(accepted.get() + usize::from(property(case)));
    });
    let (tried, accepted) = (tried.get(), accepted.get());
    let both = (tried / 50..tried - tried / 50).contains(&accepted);
    assert!(tried < 200 || both, "{accepted} of {tried} were accepted");
}
