//! Programs that a test needs and a machine may lack.

use std::path::PathBuf;
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
    needed(program, found, "is not on this machine")
}

/// The first of these names by which a program is on this machine, whose own name is `program`.
pub(crate) fn program(program: &str, names: &[&'static str]) -> Option<&'static str> {
    let found = names.iter().copied().find(|name| {
        let asked = Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        asked.is_ok()
    });
    needed(program, found.is_some(), "is not on this machine");
    found
}

/// Where tus-js-client is installed, if it is: where `TUS_JS_CLIENT_DIR` says, or beside its lock file.
/// It is needed as `node` is.
pub(crate) fn tus_js_client() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tus-js-client"));
    let dir = std::env::var_os("TUS_JS_CLIENT_DIR").map_or(beside, PathBuf::from);
    let found = dir.join("node_modules/tus-js-client").is_dir();
    let installed = "has no tus-js-client: npm ci --prefix tests/tus-js-client";
    (available("node") && needed("node", found, installed)).then_some(dir)
}

fn needed(program: &str, found: bool, otherwise: &str) -> bool {
    let required = std::env::var("TEST_REQUIRE").unwrap_or_default();
    assert!(
        found || !required.split(',').any(|name| name == program),
        "{program} {otherwise}, and TEST_REQUIRE asks for it"
    );
    if !found {
        eprintln!("skipped: {program} {otherwise}");
    }
    found
}
