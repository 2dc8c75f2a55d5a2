//! Programs that a test needs and a machine may lack.

use std::process::{Command, Stdio};

/// Whether `program` can be run. Where it can't, the test says so and is skipped, unless
/// `TEST_REQUIRE` lists it: then the test fails.
pub(crate) fn available(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    let required = std::env::var("TEST_REQUIRE").unwrap_or_default();
    assert!(
        found || !required.split(',').any(|name| name == program),
        "{program} is missing, and TEST_REQUIRE asks for it"
    );
    if !found {
        eprintln!("skipped: {program} is not on this machine");
    }
    found
}
