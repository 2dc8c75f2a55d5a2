//! HTTPS on the production binary, by a client that everybody has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Data, Process, available, output, server_command};

/// A certificate for 127.0.0.1 that is its own authority, and its key.
fn certify(dir: &Path, name: &str) -> [PathBuf; 2] {
    let issued =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let [cert, key] = ["crt", "key"].map(|kind| dir.join(format!("{name}.{kind}")));
    fs::write(&cert, issued.cert.pem()).expect("a file");
    fs::write(&key, issued.signing_key.serialize_pem()).expect("a file");
    [cert, key]
}

fn with_tls<'c>(command: &'c mut Command, cert: &Path, key: &Path) -> &'c mut Command {
    command
        .arg("--tls-cert")
        .arg(cert)
        .arg("--tls-key")
        .arg(key)
}

/// What curl says of what is at `url`.
fn curl(cert: &Path, version: &str, url: &str) -> String {
    let told = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            version,
            "--cacert",
        ])
        .arg(cert)
        .args(["--write-out", "\n%{http_version} %{http_code}", url])
        .output()
        .expect("curl");
    String::from_utf8_lossy(&told.stdout).into_owned()
}

#[test]
fn https_is_spoken_with_and_without_http_2() {
    if !available("curl") {
        return;
    }
    let data = Data::new();
    let [cert, key] = certify(data.path(), "own");
    let mut command = server_command();
    let command = with_tls(command.args(["--listen", "127.0.0.1:0"]), &cert, &key);
    let server = Process::spawn(data.of(command));
    let address = server.address();
    let url = format!("https://{address}/health/ready");
    for (version, spoken) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let told = curl(&cert, version, &url);
        let (body, rest) = told.rsplit_once('\n').expect("two lines");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(
            (&body["status"], rest),
            (&"ok".into(), &*format!("{spoken} 200"))
        );
    }
    // Another has no answer from it, and neither has who speaks in clear text.
    let [other, _] = certify(data.path(), "other");
    assert!(curl(&other, "--http2", &url).ends_with(" 000"));
    let plain = format!("http://{address}/health/ready");
    assert!(curl(&cert, "--http1.1", &plain).ends_with(" 000"));

    // Who asks for its health takes the certificate in the file, whatever is its name.
    let listen = address.to_string();
    let health = |cert: &Path| {
        let mut command = server_command();
        let command = command.args(["health", "--listen", &listen]);
        output(with_tls(command, cert, &key))
    };
    assert!(health(&cert).status.success());
    let refused = health(&other);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("does not show the certificate in"), "{said}");
    assert!(server.terminate().success());
}

#[test]
fn what_keeps_tls_from_being_spoken_is_one_sentence() {
    let data = Data::new();
    let ([cert, _], [_, key]) = (certify(data.path(), "one"), certify(data.path(), "two"));
    let mut command = server_command();
    let command = with_tls(command.args(["--listen", "127.0.0.1:0"]), &cert, &key);
    let ended = output(data.of(command));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("is not that of the certificate in"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
}
