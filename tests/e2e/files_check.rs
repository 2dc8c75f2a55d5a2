//! `files check` as an operator runs it: beside the server, and to mend after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{
    Data, Part, Process, Request, SERVER, blob_keys, output, server_command, server_command_at,
};

/// Stores a file as the system; its id.
fn store(server: &Process, name: &str, bytes: &[u8]) -> i64 {
    let request = Request::new("POST", "/files").form(&[Part::File(name, bytes)]);
    let file = request.send(server.address()).expect(201);
    file["id"].as_i64().expect("an id")
}

/// The content of a file, if it is there; else it must be known to be lost.
fn content(server: &Process, file: i64) -> Option<Vec<u8>> {
    let request = Request::new("GET", &format!("/files/{file}/content"));
    let answer = request.send(server.address());
    if answer.status == 200 {
        return Some(answer.body);
    }
    answer.problem(404, "file_content_lost");
    None
}

/// Runs `files check` on some data: its exit code, what it printed, and what it complained of.
fn check(data: &Data, flags: &[&str]) -> (i32, String, String) {
    let mut process = server_command();
    process.args(["files", "check"]).args(flags);
    let done = output(data.of(&mut process));
    let [out, err] = [done.stdout, done.stderr].map(|said| String::from_utf8(said).expect("text"));
    (done.status.code().expect("a code"), out, err)
}

/// Copies the database into a file.
fn back_up(data: &Data, copy: &Path) {
    let mut backup = server_command();
    backup.arg("backup").arg(copy);
    assert!(output(data.of(&mut backup)).status.success());
}

/// What blobs there are, by id: their keys.
fn keys(data: &Data) -> Vec<String> {
    blob_keys(&data.database())
}

fn blob(data: &Data, key: &str) -> PathBuf {
    data.files().join("blobs").join(&key[..2]).join(key)
}

/// Bytes that no record has; their key.
fn orphan(data: &Data) -> String {
    let key = format!("{}-9", "ab".repeat(32));
    let path = blob(data, &key);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, "of nobody").expect("it is written");
    key
}

#[test]
fn what_does_not_agree_is_named_beside_the_server_and_mended_after_it() {
    let data = &Data::new();
    let server = Process::start(data);
    let files = ["missing", "other", "shorter", "whole"];
    let [missing, other, shorter, whole] = files.map(|name| store(&server, name, name.as_bytes()));
    let twin = store(&server, "twin", b"missing");
    let (code, out, err) = check(data, &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out, "4 blobs, 24 bytes, 0 known to be lost: all agree\n");

    let keys = keys(data);
    assert_eq!(keys.len(), 4, "the same bytes are kept once");
    fs::remove_file(blob(data, &keys[0])).expect("it is removed");
    fs::write(blob(data, &keys[1]), "OTHER").expect("it is written");
    fs::write(blob(data, &keys[2]), "short").expect("it is written");
    let orphan = orphan(data);
    let named = [
        format!("blob 1 is missing: nothing is kept under {}\n", keys[0]),
        format!(
            "blob 2 is damaged: the bytes under {} are others, or can't be read\n",
            keys[1]
        ),
        format!(
            "blob 3 is damaged: the bytes under {} are others, or can't be read\n",
            keys[2]
        ),
        format!("{orphan} is orphaned: no record has it\n"),
    ];
    let (code, out, err) = check(data, &[]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let all = "4 blobs, 24 bytes, 0 known to be lost: 4 differences\n";
    assert_eq!(out, named.concat() + all);
    assert_eq!(content(&server, missing), None);

    let (code, out, err) = check(data, &["--repair"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err.lines().count(), 1, "one sentence: {err}");
    assert!(err.contains("is in use by a"), "{err}");
    assert!(blob(data, &orphan).exists(), "nothing was mended");

    assert!(server.terminate().success());
    let (code, out, err) = check(data, &["--repair"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let mended = named.map(|line| format!("mended: {line}")).concat();
    assert_eq!(out, mended + all);
    for (key, bytes) in [
        (&keys[1], "OTHER"),
        (&keys[2], "short"),
        (&orphan, "of nobody"),
    ] {
        assert!(!blob(data, key).exists());
        let aside = fs::read_to_string(data.files().join("aside").join(key));
        assert_eq!(aside.expect("it is set aside"), bytes);
    }

    let (code, out, _) = check(data, &[]);
    assert_eq!(
        (code, out.as_str()),
        (0, "1 blobs, 5 bytes, 3 known to be lost: all agree\n")
    );
    let server = Process::start(data);
    for lost in [missing, twin, other, shorter] {
        assert_eq!(content(&server, lost), None);
        let known = Request::new("GET", &format!("/files/{lost}"));
        known.send(server.address()).expect(200);
    }
    assert_eq!(content(&server, whole).as_deref(), Some(&b"whole"[..]));

    // Whoever brings the same bytes brings them for all.
    let again = store(&server, "again", b"missing");
    store(&server, "again", b"other");
    for found in [missing, twin, again] {
        assert_eq!(content(&server, found).as_deref(), Some(&b"missing"[..]));
    }
    assert_eq!(content(&server, other).as_deref(), Some(&b"other"[..]));
    assert_eq!(content(&server, shorter), None);
    let (code, out, _) = check(data, &[]);
    assert_eq!(
        (code, out.as_str()),
        (0, "3 blobs, 17 bytes, 1 known to be lost: all agree\n")
    );
}

#[test]
fn a_database_that_is_not_there_is_one_sentence_and_code_2() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("data"));
    for flags in [&[][..], &["--repair"]] {
        let (code, out, err) = check(&data, flags);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 1, "one sentence: {err}");
        assert!(err.contains("there is no database"), "{err}");
        assert!(!data.path().exists(), "nothing is made");
    }

    let server = Process::start(&data);
    store(&server, "kept", b"kept");
    assert!(server.terminate().success());
    let (database, aside) = (data.path().join("chat.db"), dir.path().join("aside.db"));
    let kept = blob(&data, &keys(&data)[0]);
    fs::rename(&database, &aside).expect("it is moved");
    for flags in [&[][..], &["--repair"]] {
        let (code, out, err) = check(&data, flags);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("there is no database"), "{err}");
        assert!(!database.exists() && kept.exists(), "all is as it was");
    }
}

#[test]
fn a_folder_that_can_not_be_checked_is_one_sentence_and_code_2() {
    let data = Data::new();
    let server = Process::start(&data);
    store(&server, "kept", b"kept");
    assert!(server.terminate().success());
    fs::remove_dir_all(data.files()).expect("it is removed");
    for flags in [&[][..], &["--repair"]] {
        let (code, _, err) = check(&data, flags);
        assert_eq!(code, 2);
        assert!(err.contains("there is no folder"), "{err}");
        assert!(!data.files().exists(), "nothing is made");
    }
    fs::write(data.files(), "no folder").expect("it is written");
    for flags in [&[][..], &["--repair"]] {
        let (code, out, err) = check(&data, flags);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 1, "one sentence: {err}");
        assert!(err.contains("there is no folder"), "{err}");
    }
}

#[test]
fn a_server_does_not_serve_without_its_files() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("data"));
    let server = Process::start(&data);
    let kept = store(&server, "kept", b"kept");
    assert!(server.terminate().success());
    let empty = dir.path().join("empty");
    let serve = |files: &Path| {
        let mut process = server_command();
        data.of(process.args(["--listen", "127.0.0.1:0"]));
        process.arg("--files-url");
        process.arg(format!("file://{}", files.display()));
        process
    };
    let done = output(&mut serve(&empty));
    let err = String::from_utf8(done.stderr).expect("text");
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains("mount the folder"), "{err}");

    // Where they were before they were moved to another folder.
    fs::remove_dir_all(&empty).expect("it is removed");
    fs::rename(data.files(), &empty).expect("they are moved");
    let server = Process::spawn(&mut serve(&empty));
    assert_eq!(content(&server, kept).as_deref(), Some(&b"kept"[..]));
}

#[test]
fn files_that_a_server_uses_are_not_repaired_with_another_database() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("data"));
    let server = Process::start(&data);
    store(&server, "before", b"before");
    let copy = dir.path().join("copy.db");
    back_up(&data, &copy);
    let after = store(&server, "after", b"after");

    let url = format!("sqlite://{}", copy.display());
    let (code, out, err) = check(&data, &["--repair", "--database-url", &url]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("it is in use by another process"), "{err}");
    assert_eq!(content(&server, after).as_deref(), Some(&b"after"[..]));

    // Without the server it can be done, and undone.
    assert!(server.terminate().success());
    let (code, out, _) = check(&data, &["--repair", "--database-url", &url]);
    assert_eq!(code, 0, "{out}");
    let key = &keys(&data)[1];
    fs::rename(data.files().join("aside").join(key), blob(&data, key)).expect("it is there");
    let server = Process::start(&data);
    assert_eq!(content(&server, after).as_deref(), Some(&b"after"[..]));
}

#[test]
fn a_backup_whose_files_are_all_gone_serves_and_can_be_repaired() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("data"));
    let server = Process::start(&data);
    let old = store(&server, "old", b"old");
    let copy = dir.path().join("copy.db");
    back_up(&data, &copy);
    store(&server, "newer", b"newer");
    assert!(server.terminate().success());
    let all = keys(&data);
    // As a collection would have.
    fs::remove_file(blob(&data, &all[0])).expect("it is removed");
    for name in ["chat.db", "chat.db-wal", "chat.db-shm"] {
        drop(fs::remove_file(data.path().join(name)));
    }
    fs::rename(&copy, data.path().join("chat.db")).expect("it is put back");

    let server = Process::start(&data);
    assert_eq!(content(&server, old), None);
    assert!(server.terminate().success());
    let (code, _, err) = check(&data, &["--repair"]);
    assert_eq!(code, 2);
    assert!(err.contains("none of the bytes that are kept"), "{err}");
    let (code, out, err) = check(&data, &["--repair", "--force"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(data.files().join("aside").join(&all[1]).exists());
    let (code, out, _) = check(&data, &[]);
    assert_eq!(code, 0, "{out}");
}

/// A copy of the files, or a disk that is mounted so.
#[cfg(unix)]
#[test]
fn files_that_can_only_be_read_can_be_checked() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65_534;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("data"));
    let server = Process::start(&data);
    store(&server, "kept", b"kept");
    assert!(server.terminate().success());
    let files = data.files();
    fs::remove_file(files.join("lock")).expect("an older folder has none");
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    for folder in ["blobs", "staging"] {
        mode(&files.join(folder), 0o755);
    }
    for folder in files.join("blobs").read_dir().expect("a folder") {
        mode(&folder.expect("a folder").path(), 0o755);
    }
    // The other user may not reach where the binary was built.
    let binary = dir.path().join("server");
    assert!(
        Command::new("cp")
            .arg(SERVER)
            .arg(&binary)
            .status()
            .expect("cp")
            .success()
    );
    mode(dir.path(), 0o755);
    mode(data.path(), 0o755);
    mode(&files, 0o555);
    let mut process = server_command_at(&binary);
    data.of(process.args(["files", "check"]));
    // Nothing is read-only to root.
    if chown(&files, Some(NOBODY), Some(NOBODY)).is_ok() {
        for name in ["chat.db", "chat.db.lock", "chat.db-wal", "chat.db-shm", ""] {
            drop(chown(data.path().join(name), Some(NOBODY), Some(NOBODY)));
        }
        process.uid(NOBODY).gid(NOBODY);
    }
    let done = output(&mut process);
    let said = String::from_utf8([done.stdout, done.stderr].concat()).expect("text");
    assert_eq!(done.status.code(), Some(0), "{said}");
    assert!(!files.join("lock").exists(), "nothing is made");
}

#[cfg(unix)]
#[test]
fn the_data_folder_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = Data::at(&dir.path().join("deep/data"));
    drop(Process::start(&data));
    let found = fs::metadata(data.path())
        .expect("it is there")
        .permissions();
    assert_eq!(found.mode() & 0o777, 0o700);
}
