//! The walls between the crates: which may depend on which, and on what from outside.

use std::process::Command;

use serde_json::Value;

/// Every crate of the workspace with all that it may depend on. What is not listed is a hole in the
/// wall, or has to be let in here on purpose.
const WALLS: [(&str, &[&str]); 10] = [
    (
        "chat-domain",
        &[
            "base64",
            "bytes",
            "caseless",
            "thiserror",
            "unicode-normalization",
            "url",
            "validator",
        ],
    ),
    (
        "chat-store",
        &[
            "chat-domain",
            "diesel",
            "diesel_migrations",
            "libsqlite3-sys",
            "log",
            "openssl-sys",
            "percent-encoding",
            "pq-sys",
            "quick_cache",
            "sha2",
            "thiserror",
        ],
    ),
    (
        "chat-media",
        &[
            "bytes",
            "chat-domain",
            "image",
            "infer",
            "log",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "chat-files",
        &[
            "bytes",
            "chat-domain",
            "futures-util",
            "log",
            "object_store",
            "reqwest",
            "rustls",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "uuid",
        ],
    ),
    (
        // Nothing of HTTP but the client that fetches keys.
        "chat-token",
        &[
            "base64",
            "chat-domain",
            "jsonwebtoken",
            "log",
            "reqwest",
            "ring",
            "rustls",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "url",
        ],
    ),
    (
        "chat-service",
        &[
            "bytes",
            "chat-domain",
            "futures-util",
            "log",
            "quick_cache",
            "sha2",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "chat-http",
        &[
            "actix-http",
            "actix-server",
            "actix-service",
            "actix-web",
            "base64",
            "chat-domain",
            "chat-service",
            "chat-token",
            "futures-util",
            "governor",
            "h2",
            "http",
            "httparse",
            "ipnet",
            "jiff",
            "log",
            "memchr",
            "percent-encoding",
            "prometheus",
            "rustls",
            "serde",
            "serde_json",
            "sha1",
            "sha2",
            "tokio",
            "tokio-rustls",
            "url",
            "utoipa",
            "utoipa-swagger-ui",
            "uuid",
            "validator",
        ],
    ),
    (
        "chat-server",
        &[
            "actix-web",
            "anyhow",
            "chat-domain",
            "chat-files",
            "chat-http",
            "chat-media",
            "chat-service",
            "chat-store",
            "chat-token",
            "clap",
            "env_logger",
            "indicatif",
            "log",
            "rustls",
            "socket2",
            "thiserror",
            "tokio",
            "toml",
        ],
    ),
    (
        // Nothing of the engine, and besides tests only the benchmark may have it.
        "chat-testing",
        &["diesel", "pq-sys", "rustix"],
    ),
    (
        // Nothing of the engine: it measures what a client sees.
        "chat-bench",
        &[
            "actix-web",
            "actix-ws",
            "anyhow",
            "chat-testing",
            "clap",
            "futures-util",
            "hdrhistogram",
            "httparse",
            "indicatif",
            "memchr",
            "plotters",
            "serde",
            "serde_json",
            "tempfile",
            "tokio",
            "toml",
            "url",
        ],
    ),
];

/// Of tokio, the service may use what needs no runtime.
const SERVICE_TOKIO: [&str; 1] = ["sync"];

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
        let wall = WALLS.iter().find(|(crate_name, _)| *crate_name == name);
        let (_, allowed) = wall.unwrap_or_else(|| panic!("{name} has no wall; add it"));
        for dependency in dependencies(package) {
            assert!(
                allowed.contains(&dependency),
                "{name} must not know {dependency}"
            );
        }
    }
}

#[test]
fn the_service_needs_no_runtime() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let service = packages
        .iter()
        .find(|package| package["name"] == "chat-service");
    let all = service.expect("the service")["dependencies"]
        .as_array()
        .expect("dependencies");
    let tokio = all
        .iter()
        .find(|one| one["name"] == "tokio" && one["kind"].is_null());
    assert_eq!(
        tokio.expect("tokio")["features"],
        serde_json::json!(SERVICE_TOKIO)
    );
}

#[test]
fn every_wall_has_its_crate() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    for (name, _) in WALLS {
        assert!(
            packages.iter().any(|package| package["name"] == name),
            "{name} is gone"
        );
    }
}
