//! A change that a request asks for: who asks, and under which key it is made only once.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Data;
use chat_domain::IdempotencyKey;
use chat_service::{self as service, ChatService};

use crate::actor::Acting;
use crate::answer::Answer;
use crate::etag::{IfMatch, Tagged};
use crate::problem::{FieldError, Problem};
use crate::reply::{Made, Reply};
use crate::turns::Turns;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header's name as clients write it.
const IDEMPOTENCY_KEY_FIELD: &str = "Idempotency-Key";

/// Who asks for a change, and under which key.
pub(crate) struct Change {
    acting: Acting,
    key: Option<IdempotencyKey>,
    turns: Option<Data<Turns>>,
}

impl Change {
    pub(crate) fn new(request: &HttpRequest, acting: Acting, key: Option<IdempotencyKey>) -> Self {
        // Only who comes with a key waits for a turn.
        let keyed = key.is_some();
        let turns = keyed.then(|| request.app_data::<Data<Turns>>().cloned());
        Self::in_turn(turns.flatten(), acting, key)
    }

    /// The same that no request of its own asks for.
    pub(crate) fn in_turn(
        turns: Option<Data<Turns>>,
        acting: Acting,
        key: Option<IdempotencyKey>,
    ) -> Self {
        Self { acting, key, turns }
    }

    /// Who asks for it.
    pub(crate) fn acting(&self) -> Acting {
        self.acting
    }

    /// Makes the change, or gives the first answer again if it was made under this key before.
    pub(crate) async fn make<C: service::Command>(
        self,
        service: &ChatService,
        command: C,
        reply: fn(&C::Done) -> Made,
    ) -> Answer {
        match self.told(service, command, reply).await? {
            Told::Fresh(reply) => reply.fresh(),
            Told::Again(reply) => reply.again(),
        }
    }

    /// The same, and what is told of it.
    pub(crate) async fn told<C: service::Command>(
        self,
        service: &ChatService,
        command: C,
        reply: fn(&C::Done) -> Made,
    ) -> Result<Told, Problem> {
        let actor = self.acting.actor();
        let Some(key) = self.key else {
            let done = self.acting.told(service.run(actor, command).await)?;
            return reply(&done).map(Told::Fresh).map_err(Problem::internal);
        };
        let _turn = match &self.turns {
            Some(turns) => {
                let turn = turns.take(actor, &key).await;
                Some(turn.ok_or_else(Problem::idempotency_in_flight)?)
            }
            None => None,
        };
        let encode = move |done: &C::Done| {
            let reply = reply(done).and_then(|reply| reply.encode());
            reply.map_err(|error| error.to_string())
        };
        let answer = service.run_once(actor, key, command, encode).await;
        let told = match self.acting.told(answer)? {
            service::Answer::Fresh(done) => reply(&done).map(Told::Fresh),
            service::Answer::Replayed(kept) => Reply::decode(&kept).map(Told::Again),
        };
        told.map_err(Problem::internal)
    }
}

/// What is told of a change.
pub(crate) enum Told {
    /// It was made now.
    Fresh(Reply),
    /// It was made before.
    Again(Reply),
}

impl Told {
    /// What is told, whenever it was made.
    pub(crate) fn reply(&self) -> &Reply {
        match self {
            Self::Fresh(reply) | Self::Again(reply) => reply,
        }
    }
}

/// A change of a thing that is there: it can be asked for only if that is still what the client has.
pub(crate) struct Alteration {
    change: Change,
    if_match: IfMatch,
}

impl Alteration {
    pub(crate) fn new(change: Change, if_match: IfMatch) -> Self {
        Self { change, if_match }
    }

    /// Who asks for it.
    pub(crate) fn acting(&self) -> Acting {
        self.change.acting()
    }

    /// As [`Change::make`], if the thing is what it is expected to be. One without a validator never has
    /// any of those that are listed.
    pub(crate) async fn make<C>(
        self,
        service: &ChatService,
        command: C,
        reply: fn(&C::Done) -> Made,
    ) -> Answer
    where
        C: service::Conditional,
        C::Thing: Tagged,
    {
        let command = command.only_if(self.if_match.precondition());
        self.change.make(service, command, reply).await
    }
}

/// The key that the headers give.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, FieldError> {
    let refuse = |code, message| FieldError::new(IDEMPOTENCY_KEY_FIELD, code, message);
    let mut values = headers.get_all(&IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refuse("repeated", "is given more than once"));
    }
    // What is no text has bytes that no key may have either.
    let text = value.to_str().unwrap_or("\u{80}");
    IdempotencyKey::parse(text).map(Some).map_err(|invalid| {
        FieldError::new(
            IDEMPOTENCY_KEY_FIELD,
            invalid.fault.as_str(),
            invalid.message,
        )
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    fn headers(keys: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for key in keys {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(key).unwrap());
        }
        headers
    }

    #[test]
    fn no_header_is_no_key() {
        assert_eq!(key(&headers(&[])).unwrap(), None);
    }

    #[test]
    fn a_key_is_taken_as_it_is() {
        let key = key(&headers(&[b"\"k-1\""])).unwrap().unwrap();
        assert_eq!(key.as_str(), "\"k-1\"");
    }

    #[rstest]
    #[case::empty(&[&b""[..]], "length")]
    #[case::too_long(&[&[b'k'; 256][..]], "length")]
    #[case::blank(&[&b"a b"[..]], "format")]
    #[case::no_ascii(&["é".as_bytes()], "format")]
    #[case::no_utf8(&[&b"\xff"[..]], "format")]
    #[case::repeated(&[&b"k"[..], b"k"], "repeated")]
    fn keys_that_are_none(#[case] keys: &[&[u8]], #[case] code: &str) {
        let error = key(&headers(keys)).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("Idempotency-Key", code)
        );
    }
}
