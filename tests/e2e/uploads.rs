//! Uploads that can be resumed: what a client of tus 1.0 may rely on, over good lines and bad ones.

mod begins;
mod broken;
mod crash;
mod ends;
mod held;
mod parts;
mod protocol;
mod storm;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Answer, App, Request};

pub(crate) const MIB: usize = 1024 * 1024;

/// A request by this user.
fn of(user: i64, method: &str, target: &str) -> Request {
    Request::new(method, target).header("X-User-Id", &user.to_string())
}

/// Bytes that are at no two places alike, so that a part in the wrong place shows.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let numbers = 0..u32::try_from(length.div_ceil(4)).expect("not that many");
    let mut bytes: Vec<u8> = numbers.flat_map(u32::to_be_bytes).collect();
    bytes.truncate(length);
    bytes
}

/// An upload, as who began it sees it.
#[derive(Clone)]
struct Upload {
    address: SocketAddr,
    user: i64,
    path: String,
}

impl Upload {
    /// Begins one of so many bytes.
    fn begin(app: &App, user: i64, length: usize) -> Self {
        Self::begin_at(app.address(), user, length)
    }

    fn begin_at(address: SocketAddr, user: i64, length: usize) -> Self {
        let create = of(user, "POST", "/uploads").tus();
        let create = create.header("Upload-Length", &length.to_string());
        let answer = create.send(address);
        answer.expect(201);
        let path = answer.header("location").expect("where it is").to_owned();
        Self {
            address,
            user,
            path,
        }
    }

    /// The same, where it is after a restart.
    fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    fn request(&self, method: &str) -> Request {
        of(self.user, method, &self.path)
    }

    /// A part of it, to be sent.
    fn part(&self, offset: usize, bytes: impl Into<Vec<u8>>) -> Request {
        self.request("PATCH").part(offset, bytes)
    }

    fn append(&self, offset: usize, bytes: impl Into<Vec<u8>>) -> Answer {
        self.part(offset, bytes).send(self.address)
    }

    /// As a client asks: again, while a part can't be ended.
    fn head(&self) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.request("HEAD").tus().send(self.address);
            if answer.status != 423 || begun.elapsed() > Duration::from_secs(30) {
                assert_eq!(answer.status, 200, "of {}", self.path);
                return answer;
            }
        }
    }

    /// How many bytes have come.
    fn offset(&self) -> usize {
        number(&self.head(), "upload-offset").expect("an offset")
    }

    /// The bytes of the file that it has become, as they are served.
    fn content(&self) -> Vec<u8> {
        let file = number(&self.head(), "upload-file-id").expect("it is a file");
        let get = of(self.user, "GET", &format!("/files/{file}/content"));
        let answer = get.send(self.address);
        assert_eq!(answer.status, 200);
        answer.body
    }

    /// Goes on from where it is to the end, and holds what comes of it against what it should be.
    fn finish(&self, whole: &[u8]) {
        let offset = self.offset();
        self.append(offset, &whole[offset..]).expect(204);
        assert!(self.content() == whole, "other bytes came of {}", self.path);
    }
}

fn number(answer: &Answer, header: &str) -> Option<usize> {
    answer
        .header(header)
        .map(|value| value.parse().expect("a number"))
}

/// How many bytes are staged in the folder of files, and in how many files.
pub(crate) fn staged(files: &Path) -> (u64, usize) {
    let entries = files.join("staging").read_dir().expect("a folder");
    let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    sizes.fold((0, 0), |(sum, count), size| (sum + size, count + 1))
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
