//! The floor of live delivery: actix-ws pushes one text, made once, to all who are connected.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::{Bytes, Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse, rt};
use actix_ws::Session;
use futures_util::StreamExt;

/// An event of the size that those of the server have.
const EVENT: &str = concat!(
    r#"{"cursor":"fF4sWLJlkr1A1unE-5EbCwAAAAAAAAAB","kind":"message.created","at":"2026-11-22T10:21:00.123Z","#,
    r#""conversation_id":3,"data":{"id":123456,"conversation_id":3,"seq":123456,"sender_id":1,"group_id":2,"#,
    r#""type":"text","content":"message            1 says something of about a hundred bytes........................................","#,
    r#""created_at":"2026-11-22T10:21:00.123Z","updated_at":"2026-11-22T10:21:00.123Z"}}"#,
);

/// Who is connected.
#[derive(Clone, Default)]
pub(super) struct Audience(Arc<Mutex<Arc<Vec<Session>>>>);

impl Audience {
    fn all(&self) -> Arc<Vec<Session>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, session: Session) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut all).push(session);
    }

    /// Forgets all: whoever measures next connects anew.
    fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

/// `GET /ws`
pub(super) async fn connect(
    request: HttpRequest,
    body: Payload,
    audience: Data<Audience>,
) -> Result<HttpResponse, Error> {
    let (response, mut session, mut said) = actix_ws::handle(&request, body)?;
    let ready = r#"{"kind":"ready"}"#;
    audience.add(session.clone());
    rt::spawn(async move {
        if session.text(ready).await.is_ok() {
            while said.next().await.is_some() {}
        }
    });
    Ok(response)
}

/// `POST /push`, to all, in turn; it waits where somebody has no room.
pub(super) async fn push(_: Bytes, audience: Data<Audience>) -> HttpResponse {
    for session in audience.all().iter() {
        // Whoever has gone misses it.
        drop(session.clone().text(EVENT).await);
    }
    HttpResponse::Created().finish()
}

/// `POST /clear`
pub(super) async fn clear(audience: Data<Audience>) -> HttpResponse {
    audience.clear();
    HttpResponse::NoContent().finish()
}
