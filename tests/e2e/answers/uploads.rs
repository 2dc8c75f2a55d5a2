//! What goes on with uploads, well or not.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use chat_domain::ports::{Store, StoreError};
use chat_server::Seams;

use super::Reached;
use super::story::{ADA, BOB, of};
use super::troubled::Troubled;
use crate::support::{App, Request};

/// Tells it on servers of its own.
pub(super) fn tell(reached: &mut Reached) {
    let app = App::start();
    app.users(["ada", "bob"]);
    let at = app.address();
    let mut ask = |request: Request| reached.send(at, &request);
    let create = |length: &str| {
        let request = of(ADA, "POST", "/uploads");
        request.tus().header("Upload-Length", length)
    };
    ask(create("10"));
    ask(create("0"));
    ask(create("99999999999"));
    ask(of(ADA, "POST", "/uploads").header("Upload-Length", "10"));
    for (method, path) in [
        ("POST", "/uploads"),
        ("HEAD", "/uploads/1"),
        ("PATCH", "/uploads/1"),
        ("DELETE", "/uploads/1"),
    ] {
        ask(of(ADA, method, path).header("X-HTTP-Method-Override", "PUT"));
    }
    for method in ["HEAD", "PATCH", "DELETE"] {
        ask(of(ADA, method, "/uploads/1"));
        ask(of(BOB, method, "/uploads/1").fit_for(method, "/uploads"));
    }
    ask(of(ADA, "HEAD", "/uploads/1").tus());
    for method in ["PATCH", "DELETE"] {
        let other = of(ADA, method, "/uploads/1").fit_for(method, "/uploads");
        ask(other.header("If-Match", "\"other\""));
    }
    let patch = || of(ADA, "PATCH", "/uploads/1");
    ask(patch().part(5, "56789"));
    ask(patch().part(0, "0123456789x"));
    let checked = patch().part(0, "01234");
    ask(checked.header("Upload-Checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="));
    let half = patch().part(0, "012").header("Content-Length", "10");
    ask(half.breaks_off());
    ask(patch().tus().header("Upload-Offset", "3").body("3"));
    ask(patch().part(3, "3456789"));
    ask(of(ADA, "HEAD", "/uploads/1").tus());
    ask(of(ADA, "DELETE", "/uploads/1").tus());
    interrupted(&app, reached);
    unknown(reached);
    locked(reached);
}

/// A part that is still coming when another request goes on.
fn interrupted(app: &App, reached: &mut Reached) {
    let at = app.address();
    reached.send(at, &of(ADA, "POST", "/uploads").fit_for("POST", "/uploads"));
    let slow = of(ADA, "PATCH", "/uploads/2").part(0, "01234");
    let slow = slow.header("Content-Length", "10");
    std::thread::scope(|scope| {
        let slow = scope.spawn(move || slow.send_and_place(at).1);
        // Whether it has begun nobody can see: who asks before that interrupts nothing.
        while !slow.is_finished() {
            std::thread::sleep(Duration::from_millis(100));
            reached.send(at, &of(ADA, "HEAD", "/uploads/2").tus());
        }
        reached.0.extend(slow.join().expect("it is answered"));
    });
}

/// A server over a store that can be made to fail, with an upload that was begun.
fn over(wrap: impl FnOnce(Arc<dyn Store>) -> Troubled + Send + 'static) -> (App, Arc<Troubled>) {
    let (told, troubled) = mpsc::channel();
    let seams = Seams::default().over_store(move |store| {
        let troubled = Arc::new(wrap(store));
        told.send(Arc::clone(&troubled)).expect("the test waits");
        troubled
    });
    let app = App::start_over(&[], seams);
    app.user("ada");
    let begin = of(ADA, "POST", "/uploads").fit_for("POST", "/uploads");
    begin.send(app.address());
    (app, troubled.recv().expect("it is composed"))
}

/// A store that does not say whether it has noted a part.
fn unknown(reached: &mut Reached) {
    let error = StoreError::OutcomeUnknown("cut".to_owned());
    let (app, troubled) = over(|store| Troubled::turning(store, error));
    troubled.turn();
    reached.send(
        app.address(),
        &of(ADA, "PATCH", "/uploads/1").part(0, "01234"),
    );
}

/// A part that is not noted for long, so that nobody can go on after it.
fn locked(reached: &mut Reached) {
    let (app, troubled) = over(Troubled::stalling);
    troubled.turn();
    let at = app.address();
    std::thread::scope(|scope| {
        let held = scope.spawn(move || of(ADA, "PATCH", "/uploads/1").part(0, "01234").send(at));
        std::thread::sleep(Duration::from_millis(300));
        let others = ["HEAD", "PATCH"].map(|method| {
            let other = of(ADA, method, "/uploads/1").fit_for(method, "/uploads");
            scope.spawn(move || other.send_and_place(at).1)
        });
        for other in others {
            reached.0.extend(other.join().expect("it is answered"));
        }
        troubled.let_go();
        held.join().expect("it is answered");
    });
}
