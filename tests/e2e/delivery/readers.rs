//! Readers that drop their connections at random, come back by whichever way, and keep a record of all
//! they are told.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::checker::Record;
use super::logged::position;
use super::told::Tellings;
use crate::support::{Closed, Connection, EventStream, Request, Socket};

/// In what the last message says.
pub(super) const THE_END: &str = "this is the end";

/// How long a reader waits on a connection that brings nothing.
const QUIET: Duration = Duration::from_secs(3);

/// Numbers by chance, the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// How long a reader that was told of the end asks whether there is anything behind it.
const TOO_LONG: Duration = Duration::from_secs(60);

/// What all readers share.
pub(super) struct Reading {
    /// Where the server is.
    pub(super) address: SocketAddr,
    /// After how long without anything new for anybody those give up who have not come to the end; at the beginning
    /// nobody does. How long it takes altogether depends on the machine.
    patience: Mutex<Option<Duration>>,
    /// When somebody was told something last that comes later than all that it was told before.
    progress: Mutex<Instant>,
    /// Whether nobody drops a connection any more.
    pub(super) calm: AtomicBool,
    /// All that was told.
    pub(super) tellings: Tellings,
    /// How many events were told to all.
    pub(super) told: AtomicUsize,
    /// How many connections were made.
    pub(super) connections: AtomicUsize,
}

impl Reading {
    pub(super) fn of(address: SocketAddr) -> Self {
        Self {
            address,
            patience: Mutex::default(),
            progress: Mutex::new(Instant::now()),
            calm: AtomicBool::new(false),
            tellings: Tellings::default(),
            told: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        }
    }

    /// From now on, those give up who have not come to the end, when nobody was told anything for so long.
    pub(super) fn give_up_after(&self, patience: Duration) {
        *self.progress.lock().expect("a time") = Instant::now();
        *self.patience.lock().expect("a time") = Some(patience);
    }

    fn late(&self) -> bool {
        let patience = *self.patience.lock().expect("a time");
        patience.is_some_and(|time| self.progress.lock().expect("a time").elapsed() > time)
    }
}

/// By which way a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Poll,
    Stream,
    Socket,
    /// Another one each time.
    Any,
}

/// A connection that is open already.
pub(super) enum Line {
    Socket(Socket),
    Stream(EventStream),
}

/// One reader.
pub(super) struct Reader<'r> {
    shared: &'r Reading,
    way: Way,
    dice: Dice,
    record: Record,
    /// The last cursor it was given.
    cursor: String,
    /// The furthest place of what it was told.
    furthest: usize,
    ended: bool,
    /// How many more events it takes on this connection.
    left: u64,
}

impl<'r> Reader<'r> {
    pub(super) fn new(
        shared: &'r Reading,
        number: u64,
        user: Option<i64>,
        way: Way,
        from: &str,
    ) -> Self {
        let who = user.map_or("the system".to_owned(), |user| format!("user {user}"));
        Self {
            shared,
            way,
            dice: Dice::new(number + 1),
            record: Record {
                name: format!("reader {number} ({who}, {way:?})"),
                user,
                from: from.to_owned(),
                told: Vec::new(),
                ended: false,
            },
            cursor: from.to_owned(),
            furthest: 0,
            ended: false,
            left: 0,
        }
    }

    /// Reads until it was told of the end, or it is too late.
    pub(super) fn read(mut self) -> Record {
        while !self.ended && !self.shared.late() {
            self.left = match self.shared.calm.load(Ordering::Relaxed) {
                true => u64::MAX,
                false => 1 + self.dice.below(120),
            };
            let way = match (self.way, self.dice.below(3)) {
                (Way::Any, 0) => Way::Poll,
                (Way::Any, 1) => Way::Stream,
                (Way::Any, _) => Way::Socket,
                (way, _) => way,
            };
            self.shared.connections.fetch_add(1, Ordering::Relaxed);
            let read = match way {
                Way::Poll => self.poll(),
                Way::Stream => self.stream(),
                Way::Socket | Way::Any => self.socket(),
            };
            // The server may be gone for a while.
            let pause = if read.is_ok() { 20 } else { 100 };
            sleep(Duration::from_millis(self.dice.below(pause)));
        }
        self.record.ended = self.ended;
        if self.ended {
            self.look_behind_the_end();
        }
        self.record
    }

    /// Asks once more from where it is: whatever comes is too much, and stands in its record.
    fn look_behind_the_end(&mut self) {
        let request = Request::new("GET", &self.target("/events"));
        let begun = Instant::now();
        let page = loop {
            let connection = Connection::open(self.shared.address);
            let answer = connection.and_then(|mut connection| connection.send(&request));
            match answer {
                Ok(answer) if answer.status == 200 => break answer.expect(200),
                Ok(answer) => drop(refused(answer.status, &answer.text())),
                Err(_) => {}
            }
            assert!(begun.elapsed() < TOO_LONG, "nobody answers");
            sleep(Duration::from_millis(100));
        };
        for event in page["events"].as_array().expect("events") {
            self.take(&event.to_string());
        }
    }

    /// The same over this connection first, as long as it lasts.
    pub(super) fn read_on(mut self, mut line: Line) -> Record {
        self.left = u64::MAX;
        match &mut line {
            Line::Socket(socket) => self.over_socket(socket),
            Line::Stream(stream) => self.over_stream(stream),
        }
        self.read()
    }

    /// The path with the cursor, and as whom.
    fn target(&self, path: &str) -> String {
        let user = self.record.user.map(|user| format!("&user_id={user}"));
        format!("{path}?after={}{}", self.cursor, user.unwrap_or_default())
    }

    fn poll(&mut self) -> io::Result<()> {
        let mut connection = Connection::open(self.shared.address)?;
        while self.left > 0 && !self.ended && !self.shared.late() {
            let limit = 1 + self.dice.below(60);
            let target = format!("{}&wait=2&limit={limit}", self.target("/events"));
            let answer = connection.send(&Request::new("GET", &target))?;
            if answer.status != 200 {
                return refused(answer.status, &answer.text());
            }
            let body = answer.text();
            let (events, rest) = body.rsplit_once("],\"cursor\":\"").expect("a page");
            for event in events.split("{\"cursor\":\"").skip(1) {
                let event = event.trim_end_matches(',');
                self.take(&format!("{{\"cursor\":\"{event}"));
            }
            rest[..32].clone_into(&mut self.cursor);
        }
        if self.tears() {
            let request = Request::new("GET", &self.target("/events"));
            connection.send_and_tear(&request, self.a_piece())?;
        }
        Ok(())
    }

    fn stream(&mut self) -> io::Result<()> {
        let request = Request::new("GET", &self.target("/events"));
        // A browser says where it was by a header, which goes before.
        let last = self.cursor.clone();
        let request = match self.dice.below(2) {
            0 => request.header("Last-Event-ID", &last),
            _ => request,
        };
        let mut stream = match EventStream::try_open(self.shared.address, request)? {
            Ok(stream) => stream,
            Err((status, code)) => return refused(status, &code),
        };
        self.over_stream(&mut stream);
        if self.tears() {
            stream.tear(self.a_piece());
        }
        Ok(())
    }

    fn over_stream(&mut self, stream: &mut EventStream) {
        stream.wait_at_most(QUIET);
        while self.left > 0 && !self.ended {
            let Some(block) = stream.event() else { break };
            match block.event.as_deref() {
                Some("ready") => assert_eq!(block.id, Some(self.cursor.clone())),
                Some("presence" | "typing") => {}
                _ => self.take(&block.data),
            }
        }
    }

    fn socket(&mut self) -> io::Result<()> {
        let target = self.target("/ws");
        let mut socket = match Socket::try_connect(self.shared.address, &target, &[])? {
            Ok(socket) => socket,
            Err((status, code)) => return refused(status, &code),
        };
        self.over_socket(&mut socket);
        if self.tears() {
            socket.tear(self.a_piece());
        }
        Ok(())
    }

    /// Whether it is gone in the middle of what comes next, and not between two events.
    fn tears(&mut self) -> bool {
        !self.ended && !self.shared.calm.load(Ordering::Relaxed) && self.dice.below(2) == 0
    }

    /// How many bytes of it are read, which is less than an event has.
    fn a_piece(&mut self) -> usize {
        1 + self.dice.below(150) as usize
    }

    fn over_socket(&mut self, socket: &mut Socket) {
        socket.wait_at_most(QUIET);
        while self.left > 0 && !self.ended {
            match socket.next_text() {
                Ok(text) if text.starts_with("{\"cursor\"") => self.take(&text),
                Ok(text) if text.starts_with("{\"kind\":\"ready\"") => {
                    assert!(text.contains(&self.cursor), "{text} after {}", self.cursor);
                }
                Ok(text) => {
                    let known = text.contains("\"typing\"") || text.contains("\"presence\"");
                    assert!(known, "{text}");
                }
                Err(Closed::By(..) | Closed::Broken | Closed::Silence) => break,
            }
        }
    }

    /// Takes an event as it came.
    fn take(&mut self, event: &str) {
        let told = self.shared.tellings.of(event);
        self.ended |= event.contains(THE_END);
        told.cursor.clone_into(&mut self.cursor);
        self.record.told.push(told);
        self.shared.told.fetch_add(1, Ordering::Relaxed);
        // A server that tells the same again and again brings nobody further.
        let place = position(&self.cursor);
        if place > self.furthest {
            self.furthest = place;
            *self.shared.progress.lock().expect("a time") = Instant::now();
        }
        self.left = self.left.saturating_sub(1);
    }
}

/// A server that stops or starts may refuse, and so may one that has too much to do to look at a request in time;
/// any other refusal is a fault.
fn refused(status: u16, why: &str) -> io::Result<()> {
    assert!(matches!(status, 408 | 503), "{status} {why}");
    Err(io::Error::other("the server is not ready"))
}
