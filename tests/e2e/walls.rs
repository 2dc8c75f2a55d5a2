//! The walls between the crates: which may depend on which, and on what from outside.

use std::process::Command;

use serde_json::Value;

/// Every crate of the workspace with all that it may depend on among ours, and with what from
/// outside must not be among its own dependencies.
const WALLS: [(&str, &[&str], &[&str]); 6] = [
    (
        "chat-domain",
        &[],
        &["tokio", "diesel", "actix-web", "serde", "serde_json", "log"],
    ),
    (
        "chat-store",
        &["chat-domain"],
        &["tokio", "actix-web", "serde_json", "chat-service"],
    ),
    (
        "chat-service",
        &["chat-domain"],
        &["diesel", "actix-web", "serde", "serde_json"],
    ),
    (
        "chat-http",
        &["chat-domain", "chat-service"],
        &["diesel", "chat-store"],
    ),
    (
        "chat-server",
        &["chat-domain", "chat-http", "chat-service", "chat-store"],
        &["diesel", "serde_json"],
    ),
    (
        "chat-bench",
        &["chat-domain", "chat-http", "chat-service", "chat-store"],
        &["diesel", "serde_json"],
    ),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("metadata in JSON")
}

/// The names of what a package depends on, besides what only its tests use.
fn dependencies(package: &Value) -> Vec<&str> {
    let all = package["dependencies"].as_array().expect("dependencies");
    all.iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .filter_map(|dependency| dependency["name"].as_str())
        .collect()
}

#[test]
fn crates_depend_only_on_what_lies_below_them() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        if name == "chat-tests" {
            continue;
        }
        let wall = WALLS.iter().find(|(crate_name, ..)| *crate_name == name);
        let (_, ours, forbidden) = wall.unwrap_or_else(|| panic!("{name} has no wall; add it"));
        for dependency in dependencies(package) {
            let known = !dependency.starts_with("chat-") || ours.contains(&dependency);
            assert!(known, "{name} must not depend on {dependency}");
            assert!(
                !forbidden.contains(&dependency),
                "{name} must not know {dependency}"
            );
        }
    }
}

#[test]
fn every_wall_has_its_crate() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    for (name, ..) in WALLS {
        assert!(
            packages.iter().any(|package| package["name"] == name),
            "{name} is gone"
        );
    }
}
