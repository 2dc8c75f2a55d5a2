//! Requests under the key of one that is still under way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::rt;
use actix_web::test::{TestRequest, call_service, init_service, try_call_service};

use super::{post, request};
use crate::testing::FakeStore;
use crate::{HttpOptions, app};

fn create() -> TestRequest {
    let user = r#"{"username":"ada","email":"ada@example.org"}"#;
    post("/users", user).insert_header(("idempotency-key", "k"))
}

#[actix_web::test]
async fn a_twin_of_one_that_hangs_is_told_so_after_a_while() {
    tokio::time::pause();
    let jobs = Arc::new(Mutex::new(Vec::new()));
    let store = FakeStore::Hangs(Arc::clone(&jobs));
    let app = std::rc::Rc::new(init_service(app(store.service(), &HttpOptions::default())).await);
    let first = rt::spawn({
        let app = std::rc::Rc::clone(&app);
        async move { drop(try_call_service(&*app, create().to_request()).await) }
    });
    // The store has the first before the twin comes.
    while jobs.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let begun = tokio::time::Instant::now();
    let twin = try_call_service(&*app, create().to_request()).await;
    let told = twin.expect("an answer");
    assert_eq!(told.status(), 409);
    assert_eq!(told.headers().get("retry-after").unwrap(), "1");
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert_eq!(jobs.lock().unwrap().len(), 1, "the twin was never stored");
    // Others go their way meanwhile.
    let health = request("GET", "/health").to_request();
    assert_eq!(call_service(&*app, health).await.status(), 200);
    // When the first has gone, whatever became of it, the next one is asked of the store.
    first.abort();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let again = rt::spawn({
        let app = std::rc::Rc::clone(&app);
        async move { drop(try_call_service(&*app, create().to_request()).await) }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(jobs.lock().unwrap().len(), 2);
    again.abort();
}
