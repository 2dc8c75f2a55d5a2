//! The document of the API in the hands of somebody else's tool: schemathesis makes requests of it, good
//! and bad ones, and looks for answers that it does not tell of.

use std::process::Command;

use crate::support::{App, available};

#[test]
fn schemathesis_finds_nothing() {
    if !available("schemathesis") {
        return;
    }
    let app = App::populated();
    // It leaves files behind where it runs.
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new("schemathesis")
        .args(["run", &format!("http://{}/openapi.json", app.address())])
        // Server errors, undocumented statuses, types, headers and bodies, bad data that is accepted,
        // and what else it knows. Not that all data that fits a schema is accepted: which fields go
        // together is more than a schema can say.
        .args(["--checks", "all"])
        .args(["--exclude-checks", "positive_data_acceptance"])
        // tus answers 412 where other protocols have 400, and sends bytes that no schema describes.
        .args(["--exclude-path-regex", "^/uploads"])
        .args(["--max-examples", "40", "--seed", "1", "--no-color"])
        // How fast the machine is says nothing of the answers.
        .args(["--suppress-health-check", "too_slow"])
        .current_dir(dir.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("passed"), "it did nothing: {said}");
}
