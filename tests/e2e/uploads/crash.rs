//! The server killed while parts are coming.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{MIB, Upload, bytes, staged, until};
use crate::support::{Begun, Data, Process, Request};

/// As long as a part is between two notes of how far it has come.
const NOTED_EVERY: usize = 16 * MIB;

fn a_user(process: &Process) -> i64 {
    let body = json!({"username": "ada", "email": "ada@example.org"});
    let answer = Request::new("POST", "/users").json(&body);
    answer.send(process.address()).expect(201)["id"]
        .as_i64()
        .expect("an id")
}

#[test]
fn after_a_crash_an_upload_goes_on_where_it_was_acknowledged() {
    let data = Data::new();
    let files = data.files();
    let whole = bytes(3 * MIB);
    let mut process = Process::start(&data);
    let mut upload = Upload::begin_at(process.address(), a_user(&process), whole.len());
    upload.append(0, &whole[..500_000]).expect(204);
    for round in 1..4 {
        let come = round * 500_000;
        let part = upload.part(come, &whole[come..come + 400_000]);
        let part = part.header("Content-Length", "500000");
        let part = Begun::of(&part, process.address());
        let before = u64::try_from(come).expect("a length");
        until("some is staged", || staged(&files).0 > before);
        process.kill();
        assert!(part.answer().is_none());
        process = Process::start(&data);
        upload = upload.at(process.address());
        assert_eq!(
            upload.offset(),
            come,
            "what was not acknowledged is forgotten"
        );
        upload
            .append(come, &whole[come..come + 500_000])
            .expect(204);
    }
    upload.finish(&whole);
}

#[test]
fn after_a_crash_all_but_the_last_of_a_long_part_is_there() {
    let data = Data::new();
    let files = data.files();
    let whole = bytes(NOTED_EVERY + 5 * MIB);
    let process = Process::start(&data);
    let upload = Upload::begin_at(process.address(), a_user(&process), whole.len());
    let sent = NOTED_EVERY + 4 * MIB;
    let part = upload.part(0, &whole[..sent]);
    let part = part.header("Content-Length", &whole.len().to_string());
    let part = Begun::of(&part, process.address());
    // Nothing is written after the note before it is made.
    let noted = u64::try_from(NOTED_EVERY + MIB).expect("a length");
    until("it is noted", || staged(&files).0 > noted);
    process.kill();
    drop(part);
    let process = Process::start(&data);
    let upload = upload.at(process.address());
    let offset = upload.offset();
    assert!((NOTED_EVERY..=sent).contains(&offset), "{offset}");
    upload.finish(&whole);
}

#[test]
fn what_a_part_has_brought_by_the_time_of_a_stop_is_kept() {
    let data = Data::new();
    let files = data.files();
    let whole = bytes(3 * MIB);
    let process = Process::start(&data);
    let ada = a_user(&process);
    let uploads = [(); 2].map(|()| Upload::begin_at(process.address(), ada, whole.len()));
    let parts = uploads.each_ref().map(|upload| {
        let part = upload.part(0, &whole[..MIB]);
        let part = part.header("Content-Length", &whole.len().to_string());
        Begun::of(&part, process.address())
    });
    until("some of each is staged", || {
        staged(&files).0 > MIB as u64 + 100_000
    });
    let begun = Instant::now();
    process.signal();
    for part in parts {
        let answer = part.answer().expect("it is answered");
        answer.problem(503, "upload_stalled");
        assert!(answer.header("retry-after").is_some());
    }
    assert!(process.wait().success());
    assert!(begun.elapsed() < Duration::from_secs(10), "it waited");
    let process = Process::start(&data);
    for upload in uploads {
        let upload = upload.at(process.address());
        let offset = upload.offset();
        assert!((1..=MIB).contains(&offset), "{offset}");
        upload.finish(&whole);
    }
}

#[test]
fn an_upload_that_has_all_its_bytes_becomes_a_file_after_a_crash() {
    let data = Data::new();
    let mut process = Process::start(&data);
    let user = a_user(&process);
    for round in 0..8 {
        // Every other time the same bytes are kept already.
        let whole = bytes(MIB + round / 2);
        let upload = Upload::begin_at(process.address(), user, whole.len());
        let part = Begun::of(&upload.part(0, whole.as_slice()), process.address());
        thread::sleep(Duration::from_millis(5 * round as u64));
        process.kill();
        let acknowledged = part.answer().is_some();
        process = Process::start(&data);
        let upload = upload.at(process.address());
        let offset = upload.offset();
        assert!(offset == whole.len() || !acknowledged, "{offset}");
        upload.finish(&whole);
    }
}
