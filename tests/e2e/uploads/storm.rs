//! Many uploads at once, in parts of any size, over lines that are cut at any byte.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Upload;
use crate::crash::Dice;
use crate::support::{App, Begun};

const CLIENTS: i64 = 20;

/// How long uploads are begun; those that are under way come to their end.
const LASTS: Duration = Duration::from_secs(3);

#[test]
fn every_upload_comes_to_its_own_bytes() {
    let app = App::start();
    let ada = app.user("ada");
    let start = Instant::now();
    let done: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|seed| {
                let app = &app;
                scope.spawn(move || {
                    let mut client = Client(Dice::new(seed));
                    let mut done = 0;
                    while done == 0 || start.elapsed() < LASTS {
                        client.upload(app, ada);
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().expect("its uploads are good"))
            .sum()
    });
    assert!(done >= 20, "{done}");
}

/// What a request for a part comes to on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Cut,
    HangsUp,
    /// Another request comes before it is through.
    Overtaken,
}

/// Somebody who uploads over bad lines.
struct Client(Dice);

impl Client {
    fn upload(&mut self, app: &App, user: i64) {
        let length = 1 + self.0.below(300_000);
        let whole: Vec<u8> = (0..length).map(|_| self.byte()).collect();
        let upload = Upload::begin(app, user, length);
        let mut offset = 0;
        let mut tries = 0;
        while offset < length {
            tries += 1;
            // Some luck after a while, so that it ends.
            let fate = if tries > 20 {
                Fate::Arrives
            } else {
                self.fate()
            };
            let end = offset + 1 + self.0.below(length - offset);
            let part = &whole[offset..end];
            let reached = self.send(&upload, offset, part, fate);
            assert!(
                (offset..=length).contains(&reached),
                "{reached} after {fate:?} of {} bytes at {offset}",
                part.len()
            );
            offset = reached;
        }
        let content = upload.content();
        assert!(content == whole, "{} has other bytes", upload.path);
    }

    /// Sends a part, or some of it; how far the upload has come then. What nobody waits for may still be on
    /// its way in, and count later.
    fn send(&mut self, upload: &Upload, offset: usize, part: &[u8], fate: Fate) -> usize {
        let sent = match fate {
            Fate::Arrives => part.len(),
            _ => self.0.below(part.len() + 1),
        };
        let request = upload.part(offset, &part[..sent]);
        let mut request = request.header("Content-Length", &part.len().to_string());
        if self.0.below(4) == 0 {
            let checksum = STANDARD.encode(Sha256::digest(part));
            request = request.header("Upload-Checksum", &format!("sha256 {checksum}"));
        }
        match fate {
            Fate::Arrives => {
                let answer = request.send(upload.address);
                assert!(
                    [204, 409, 423].contains(&answer.status),
                    "{}",
                    answer.status
                );
            }
            Fate::Cut => Begun::of(&request, upload.address).cut(),
            Fate::HangsUp => Begun::of(&request, upload.address).hang_up(),
            Fate::Overtaken => {
                let overtaken = Begun::of(&request, upload.address);
                assert!(upload.offset() >= offset);
                drop(overtaken);
            }
        }
        upload.offset()
    }

    fn fate(&mut self) -> Fate {
        match self.0.below(6) {
            0 => Fate::Cut,
            1 => Fate::HangsUp,
            2 => Fate::Overtaken,
            _ => Fate::Arrives,
        }
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.0.below(256)).unwrap_or_default()
    }
}
