//! Lines that break and stall, and clients that come back before the server knows.

use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::held::Held;
use super::{MIB, Upload, bytes, number, staged, until};
use crate::support::{App, Begun, Request};

/// The first bytes of a part of which more is announced.
fn of_more(upload: &Upload, offset: usize, bytes: &[u8], announced: usize) -> Request {
    let part = upload.part(offset, bytes);
    part.header("Content-Length", &announced.to_string())
}

#[test]
fn what_came_before_a_body_broke_off_is_kept() {
    let app = App::start();
    let whole = bytes(MIB);
    let upload = Upload::begin(&app, app.user("ada"), whole.len());
    for (from, to) in [(0, 100_000), (100_000, 100_001), (100_001, 900_000)] {
        let part = of_more(&upload, from, &whole[from..to], whole.len() - from);
        let answer = part.breaks_off().send(app.address());
        answer.problem(400, "incomplete_body");
        assert_eq!(upload.offset(), to);
    }
    upload.finish(&whole);
}

#[test]
fn what_came_before_a_line_was_cut_is_kept() {
    let app = App::start();
    let whole = bytes(2 * MIB);
    let upload = Upload::begin(&app, app.user("ada"), whole.len());
    let mut come = 0;
    let (mut cuts, mut in_vain) = (0, 0);
    while cuts < 3 {
        let sent = come + 400_000;
        let part = of_more(&upload, come, &whole[come..sent], whole.len() - come);
        let part = Begun::of(&part, app.address());
        let staged_before = u64::try_from(come).expect("a length");
        until("some is staged", || staged(&app.files()).0 > staged_before);
        part.cut();
        let offset = upload.offset();
        assert!((come..=sent).contains(&offset), "{offset} of {sent}");
        // What was cut in the midst of a write does not count.
        match offset > come {
            true => cuts += 1,
            false => in_vain += 1,
        }
        assert!(in_vain < 10, "nothing came after {come}");
        come = offset;
    }
    upload.finish(&whole);
}

#[test]
fn a_part_with_a_checksum_that_breaks_off_does_not_count() {
    let app = App::start();
    let whole = bytes(MIB);
    let upload = Upload::begin(&app, app.user("ada"), whole.len());
    upload.append(0, &whole[..1_000]).expect(204);
    let checksum = format!(
        "sha256 {}",
        STANDARD.encode(Sha256::digest(&whole[1_000..]))
    );
    let rest = || {
        let part = of_more(&upload, 1_000, &whole[1_000..600_000], whole.len() - 1_000);
        part.header("Upload-Checksum", &checksum)
    };
    let part = Begun::of(&rest(), app.address());
    until("some is staged", || staged(&app.files()).0 > 1_000);
    part.cut();
    assert_eq!(upload.offset(), 1_000);
    let answer = rest().breaks_off().send(app.address());
    answer.problem(400, "incomplete_body");
    assert_eq!(upload.offset(), 1_000);
    let part = upload.part(1_000, &whole[1_000..]);
    let part = part.header("Upload-Checksum", &checksum);
    part.send(app.address()).expect(204);
    assert!(upload.content() == whole);
}

#[test]
fn who_comes_back_takes_over_from_a_part_that_stalls() {
    let app = App::start();
    let whole = bytes(MIB);
    let upload = Upload::begin(&app, app.user("ada"), whole.len());
    let stalled = Begun::of(
        &of_more(&upload, 0, &whole[..500_000], whole.len()),
        app.address(),
    );
    until("some is staged", || staged(&app.files()).0 > 0);
    let offset = upload.offset();
    assert!((1..=500_000).contains(&offset), "{offset}");
    let answer = stalled.answer().expect("it is answered");
    answer.problem(409, "upload_interrupted");
    assert_eq!(answer.header("tus-resumable"), Some("1.0.0"));
    // And so does a part of whom did not ask first.
    let stalled = of_more(&upload, offset, &whole[offset..offset + 300_000], 400_000);
    let stalled = Begun::of(&stalled, app.address());
    let before = u64::try_from(offset).expect("a length");
    until("some is staged", || staged(&app.files()).0 > before);
    upload
        .append(offset, "x")
        .problem(409, "upload_offset_mismatch");
    let answer = stalled.answer().expect("it is answered");
    answer.problem(409, "upload_interrupted");
    assert!(upload.offset() > offset);
    upload.finish(&whole);
}

#[test]
fn of_two_parts_at_once_none_gets_into_the_other() {
    let app = App::start();
    let ada = app.user("ada");
    let (a, b) = (vec![b'a'; 700_000], vec![b'b'; 700_000]);
    for _ in 0..5 {
        let upload = Upload::begin(&app, ada, a.len());
        thread::scope(|scope| {
            for part in [&a, &b] {
                let upload = &upload;
                scope.spawn(move || {
                    let answer = upload.append(0, part.as_slice());
                    assert!([204, 409].contains(&answer.status), "{}", answer.status);
                });
            }
        });
        let come = upload.offset();
        upload.append(come, &a[come..]).expect(204);
        let content = upload.content();
        assert_eq!(content.len(), a.len());
        // One of them as far as it came, and then what was told to follow there.
        let first = if content[0] == b'b' && come > 0 {
            b'b'
        } else {
            b'a'
        };
        assert!(content[..come].iter().all(|&byte| byte == first));
        assert!(content[come..].iter().all(|&byte| byte == b'a'));
    }
}

#[test]
fn what_is_being_noted_is_waited_for_though_its_client_is_gone() {
    let (held, seams) = Held::seams();
    let app = App::start_over(&[], seams);
    let upload = Upload::begin(&app, app.user("ada"), 10);
    // The look at the upload passes; the note of what has come waits.
    held.get().hold_after(4, 1);
    let part = Begun::of(&upload.part(0, "01234"), app.address());
    until("it is noted", || held.get().holds_any());
    part.cut();
    thread::scope(|scope| {
        let offset = scope.spawn(|| upload.offset());
        // By then the server knows that the client is gone; if not, nothing is shown.
        thread::sleep(std::time::Duration::from_millis(300));
        held.get().let_go();
        assert_eq!(offset.join().expect("it is answered"), 5);
    });
    upload.finish(b"0123456789");
}

#[test]
fn a_file_that_is_being_made_is_made_though_its_client_is_gone() {
    let (held, seams) = Held::seams();
    let app = App::start_over(&[], seams);
    let upload = Upload::begin(&app, app.user("ada"), 10);
    upload.append(0, "01234").expect(204);
    // The look at the upload passes; the note of what has come waits.
    held.get().hold_after(6, 1);
    let part = Begun::of(&upload.part(5, "56789"), app.address());
    until("it is noted", || held.get().holds_any());
    part.hang_up();
    held.get().let_go();
    let head = upload.head();
    assert_eq!(number(&head, "upload-offset"), Some(10));
    assert_eq!(upload.content(), b"0123456789");
}
