//! A line to a server that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What goes over it; none while it is cut.
type Open = Arc<Mutex<Option<Vec<TcpStream>>>>;

/// Passes on whatever comes, until it is cut.
pub(super) struct Line {
    address: SocketAddr,
    open: Open,
}

impl Line {
    pub(super) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let open: Open = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else {
                    continue;
                };
                let mut open = shared.lock().expect("the line");
                // While it is cut, whoever comes is dropped.
                let Some(open) = open.as_mut() else { continue };
                let both = [&client, &server].map(|end| end.try_clone().expect("a copy"));
                open.extend(both);
                pass_on(&client, &server);
                pass_on(&server, &client);
            }
        });
        Self { address, open }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// In the middle of whatever goes over it.
    pub(super) fn cut(&self) {
        let open = self.open.lock().expect("the line").take();
        for end in open.into_iter().flatten() {
            // It may have ended by itself.
            drop(end.shutdown(Shutdown::Both));
        }
    }

    pub(super) fn mend(&self) {
        *self.open.lock().expect("the line") = Some(Vec::new());
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (
        from.try_clone().expect("a copy"),
        to.try_clone().expect("a copy"),
    );
    thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut piece) {
            if to.write_all(&piece[..n]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
    });
}
