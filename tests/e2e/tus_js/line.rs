//! A line between a client and a server, which breaks after so many bytes.
//!
//! It breaks no sooner than some of them have been staged: a client that comes back at once would else be
//! ahead of them, and find nothing to go on with.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::support::App;
use crate::uploads::{staged, until};

/// After how many bytes a connection has brought more than requests without a body.
const BEGUN: usize = 16 * 1024;

/// A listener that passes on what it is sent, and breaks connections.
pub(super) struct Line {
    address: SocketAddr,
    cuts: Cuts,
}

/// After how many bytes from the client the connections break, one after the other.
#[derive(Clone)]
struct Cuts(Arc<Mutex<VecDeque<usize>>>);

impl Line {
    /// A line to this server. It breaks for the first time once a connection brought the first number
    /// of bytes, then once one brought the second, and at the end no more.
    pub(super) fn to(app: &App, cuts: &[usize]) -> Self {
        let (server, files) = (app.address(), app.files());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a port");
        let cuts = Cuts(Arc::new(Mutex::new(cuts.iter().copied().collect())));
        let shared = cuts.clone();
        // It ends with the process of the tests.
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else {
                    continue;
                };
                pass_on(client, server, shared.clone(), files.clone());
            }
        });
        Self { address, cuts }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it still is to break.
    pub(super) fn breaks_left(&self) -> usize {
        let left = self.cuts.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.len()
    }
}

impl Cuts {
    /// How many of `more` bytes get through after `passed`; fewer than all when the line breaks.
    fn let_through(&self, passed: usize, more: usize) -> usize {
        let mut cuts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cuts.front() {
            Some(&cut) if passed + more > cut => {
                cuts.pop_front();
                cut.saturating_sub(passed)
            }
            _ => more,
        }
    }
}

fn pass_on(client: TcpStream, server: TcpStream, cuts: Cuts, files: PathBuf) {
    let clone = |stream: &TcpStream| stream.try_clone().expect("another handle");
    let (mut answers, mut told) = (clone(&server), clone(&client));
    thread::spawn(move || {
        drop(std::io::copy(&mut answers, &mut told));
        drop(told.shutdown(Shutdown::Write));
    });
    thread::spawn(move || {
        let (mut client, mut server) = (client, server);
        let mut piece = vec![0; 16 * 1024];
        let mut passed = 0;
        let mut before = None;
        while let Ok(come) = client.read(&mut piece)
            && come > 0
        {
            let through = cuts.let_through(passed, come);
            let written = server.write_all(&piece[..through]);
            passed += through;
            if before.is_none() && passed > BEGUN {
                before = Some(staged(&files).0);
            }
            if through < come {
                until("some is staged", || Some(staged(&files).0) > before);
                drop(client.shutdown(Shutdown::Both));
            }
            if through < come || written.is_err() {
                break;
            }
        }
        drop(server.shutdown(Shutdown::Both));
    });
}
