//! The tests of a binary, which is written for either store, run once more on PostgreSQL.
//!
//! What a test opens its store by asks [`on_postgres`]. A test of the binary calls [`run_on_postgres`]: it
//! starts the binary again with the variable `TEST_STORE` set, so that whoever runs the tests runs
//! them on both.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Command, Stdio};

use crate::programs::Programs;

/// Says which store the tests of a process run on: `sqlite`, unless it is `postgres`.
const STORE: &str = "TEST_STORE";

/// The module of the test that starts the binary again, which the second run leaves out.
const ITSELF: &str = "on_postgres::";

/// Whether the tests of this process run on PostgreSQL.
#[must_use]
pub fn on_postgres() -> bool {
    let store = std::env::var_os(STORE).unwrap_or_default();
    match store.to_str() {
        Some("" | "sqlite") => false,
        Some("postgres") => true,
        _ => panic!("{STORE} is {store:?}, but must be sqlite or postgres"),
    }
}

/// Runs all tests of this binary on PostgreSQL but those that are not for it: reasons, each with the tests
/// or modules it holds for, as `module::test` or `module::`. Nothing to do where they run on it already,
/// or where there is none.
///
/// Its lines go where this process writes its own, its summary as well, which is one of its own.
///
/// # Panics
/// If one of them fails, or what is left out is no test.
pub fn run_on_postgres(left_out: &[(&str, &[&str])]) {
    if on_postgres() || Programs::find().is_none() {
        return;
    }
    let itself = std::env::current_exe().expect("this program");
    let tests = Command::new(&itself).arg("--list").output();
    let tests = String::from_utf8(tests.expect("it runs").stdout).expect("names in UTF-8");
    let named = |name: &&str| {
        let is_it = |test: &&str| test == name || name.ends_with("::") && test.starts_with(name);
        let tests = tests.lines().filter_map(|line| line.strip_suffix(": test"));
        let found: Vec<&str> = tests.filter(is_it).collect();
        assert!(!found.is_empty(), "{name} is no test any more");
        found
    };
    let mut command = Command::new(&itself);
    command
        .env(STORE, "postgres")
        .args(handed_on(std::env::args_os()))
        .arg("--exact")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut out = std::io::stdout();
    let mut say = |text: &str| out.write_all(text.as_bytes()).expect("it is said");
    for (why, names) in left_out {
        let tests: Vec<&str> = names.iter().flat_map(named).collect();
        say(&format!("{} tests not on PostgreSQL: {why}\n", tests.len()));
        command.args(tests.iter().flat_map(|test| ["--skip", test]));
    }
    command.args(named(&ITSELF).iter().flat_map(|test| ["--skip", test]));
    let mut child = command.spawn().expect("it starts again");
    forward(child.stdout.take().expect("its output"), &mut say);
    let status = child.wait().expect("it ends");
    assert!(
        status.success(),
        "there are failures on PostgreSQL, see above; {STORE}=postgres has a run of single tests on it"
    );
}

/// Whole lines, so that what else is written meanwhile does not stand inside of them. It may stand before
/// them: the one that is counted by begins a line of its own.
fn forward(from: impl Read, say: &mut impl FnMut(&str)) {
    for line in BufReader::new(from).split(b'\n') {
        let line = line.expect("its output");
        let line = String::from_utf8_lossy(&line);
        let before = if line.starts_with("test result:") {
            "\n"
        } else {
            ""
        };
        say(&format!("{before}{line}\n"));
    }
}

/// Of the arguments of this run those that hold for the other one: how, and not which.
fn handed_on(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut given = given.skip(1);
    while let Some(one) = given.next() {
        let (text, value) = (one.to_string_lossy().into_owned(), one);
        let name = text.split('=').next().unwrap_or_default();
        match name {
            "--test-threads" | "--color" => {
                kept.push(value);
                if name == text {
                    kept.extend(given.next());
                }
            }
            "--nocapture" | "--no-capture" | "--show-output" => kept.push(value),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_run_goes_is_handed_on_and_not_what_it_runs() {
        let handed_on = |line: &str| {
            let kept = handed_on(line.split(' ').map(OsString::from));
            let kept: Vec<String> = kept
                .into_iter()
                .map(|one| one.into_string().expect("text"))
                .collect();
            kept.join(" ")
        };
        assert_eq!(
            handed_on("it --test-threads 3 users --nocapture"),
            "--test-threads 3 --nocapture"
        );
        assert_eq!(
            handed_on("it --exact on_postgres::all --test-threads=1"),
            "--test-threads=1"
        );
        assert_eq!(handed_on("it"), "");
    }

    #[test]
    fn a_summary_stands_at_the_beginning_of_a_line() {
        let mut said = String::new();
        let text = "test a ... ok\n\ntest result: ok. 1 passed\n";
        forward(text.as_bytes(), &mut |text| said += text);
        assert_eq!(said, "test a ... ok\n\n\ntest result: ok. 1 passed\n");
    }
}
