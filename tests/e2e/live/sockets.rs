//! WebSockets: how they are opened, kept and closed.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::{FOREIGN, cursor, event, socket};
use crate::support::{App, Closed, Request, Socket};

#[test]
fn a_socket_begins_where_it_is_asked_to() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let start = cursor(app.as_user(bob));
    app.tell(ada, bob, "before");
    let now = cursor(app.as_user(bob));
    let open = |query: String| {
        let mut socket = Socket::connect(app.address(), &format!("/ws?user_id={bob}{query}"), &[])
            .expect("a socket");
        let ready = socket.next().expect("the first");
        assert_eq!(ready["kind"], "ready");
        (
            socket,
            ready["cursor"].as_str().expect("a cursor").to_owned(),
        )
    };
    let (mut late, from) = open(String::new());
    assert_eq!(from, now);
    let (mut early, from) = open(format!("&after={start}"));
    assert_eq!(from, start);
    assert_eq!(event(&mut early)["data"]["content"], "before");
    app.tell(ada, bob, "after");
    for socket in [&mut early, &mut late] {
        assert_eq!(event(socket)["data"]["content"], "after");
    }
}

#[test]
fn what_is_refused_is_refused_before_the_upgrade() {
    let app = App::populated();
    let open = |target: &str, headers: &[(&str, &str)]| {
        Socket::connect(app.address(), target, headers).err()
    };
    let refused = |status: u16, code: &str| Some((status, code.to_owned()));
    assert_eq!(open("/ws?user_id=99", &[]), refused(401, "unknown_actor"));
    assert_eq!(
        open("/ws", &[("X-User-Id", "99")]),
        refused(401, "unknown_actor")
    );
    let mismatch = open("/ws?user_id=2", &[("X-User-Id", "1")]);
    assert_eq!(mismatch, refused(403, "actor_mismatch"));
    assert_eq!(open("/ws?after=x", &[]), refused(400, "cursor_invalid"));
    assert_eq!(open("/ws?limit=1", &[]), refused(400, "validation_failed"));
    let foreign = format!("/ws?after={FOREIGN}");
    assert_eq!(open(&foreign, &[]), refused(410, "cursor_expired"));
    let page = [("Origin", "https://example.org")];
    assert_eq!(open("/ws", &page), refused(403, "origin_not_allowed"));
    assert_eq!(
        open("/ws", &[("Sec-WebSocket-Version", "8")]),
        refused(426, "upgrade_required")
    );
    let plain = Request::new("GET", "/ws").send(app.address());
    plain.problem(426, "upgrade_required");
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    assert_eq!(plain.header("sec-websocket-version"), Some("13"));
}

#[test]
fn a_ping_is_answered_and_a_goodbye_too() {
    let app = App::start();
    let [ada] = app.users(["ada"]);
    let mut her = socket(&app, ada);
    assert!(her.ping("are you there?"));
    her.close(1000);
    assert_eq!(her.end(), Closed::By(1000, String::new()));
}

#[test]
fn who_breaks_the_protocol_is_told_and_sent_away() {
    let app = App::start();
    for frame in [
        // Without a mask, which a client must have.
        &[0x81, 2, b'{', b'}'][..],
        // The rest of a message that was never begun.
        &[0x80, 0x80, 0, 0, 0, 0],
        // A ping in parts.
        &[0x09, 0x80, 0, 0, 0, 0],
        // An opcode that there is not.
        &[0x83, 0x80, 0, 0, 0, 0],
        // A message within a message.
        &[0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0],
        // A bit that means nothing.
        &[0xC1, 0x80, 0, 0, 0, 0],
    ] {
        let mut stream = TcpStream::connect(app.address()).expect("a connection");
        let head = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            app.address()
        );
        stream.write_all(head.as_bytes()).expect("a head");
        stream.write_all(frame).expect("a frame");
        let mut read = Vec::new();
        stream.read_to_end(&mut read).expect("its end");
        // The accept that RFC 6455 has for this key.
        let text = String::from_utf8_lossy(&read);
        assert!(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
        // Closed, with 1002.
        let closed = read
            .windows(4)
            .any(|four| four[0] == 0x88 && four[2..] == [0x03, 0xEA]);
        assert!(closed, "{frame:?}: {read:?}");
    }
}

#[test]
fn a_message_may_come_in_parts_and_pings_in_between() {
    let app = App::start();
    let [ada] = app.users(["ada"]);
    let mut stream = TcpStream::connect(app.address()).expect("a connection");
    let head = format!(
        "GET /ws?user_id={ada} HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        app.address()
    );
    stream.write_all(head.as_bytes()).expect("a head");
    let frame = |first: u8, words: &[u8]| {
        let mut frame = vec![first, 0x80 | words.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(words);
        frame
    };
    for part in [
        frame(0x01, br#"{"kind":"se"#),
        frame(0x89, b"?"),
        frame(0x00, br#"en","message"#),
        frame(0x80, br#"_id":99}"#),
    ] {
        // Byte by byte: frames end wherever packets do.
        for byte in part {
            stream.write_all(&[byte]).expect("a byte");
        }
    }
    stream.write_all(&frame(0x88, &[])).expect("a goodbye");
    let mut read = Vec::new();
    stream.read_to_end(&mut read).expect("its end");
    let text = String::from_utf8_lossy(&read);
    assert!(text.contains("\"message_not_found\""), "{text}");
    assert!(
        read.windows(3).any(|three| three == [0x8A, 1, b'?']),
        "{read:?}"
    );
}

#[test]
fn who_reads_is_counted() {
    let app = App::start();
    let [ada, bob] = app.users(["ada", "bob"]);
    let mut her = socket(&app, ada);
    app.tell(bob, ada, "hi");
    event(&mut her);
    let metrics = app.as_system().get("/metrics").text();
    assert!(
        metrics.contains("chat_live_readers{transport=\"websocket\"} 1"),
        "{metrics}"
    );
    assert!(!metrics.contains("chat_live_deliveries_total{transport=\"websocket\"} 0"));
    drop(her);
    let start = std::time::Instant::now();
    while !app
        .as_system()
        .get("/metrics")
        .text()
        .contains("chat_live_readers{transport=\"websocket\"} 0")
    {
        assert!(
            start.elapsed().as_secs() < 20,
            "whoever has gone is counted"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
