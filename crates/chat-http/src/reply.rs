//! Answers to changes as plain data, so that one can be kept with the change and given again.

use actix_web::HttpResponse;
use actix_web::http::header::{EntityTag, HeaderName, HeaderValue};
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::answer::JSON;
use crate::etag;
use crate::problem::Problem;

/// Marks an answer that was given before.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What is told of a change that was made. How it is kept is for this type alone to know; keys are
/// kept across updates, so what an older version has written must stay readable.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Reply {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// What stands between the quotes of the validator that GET would show the thing with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// What else stands in its head.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    /// The JSON as it was sent, to the byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
}

/// A reply, unless the thing that was made can't be written down.
pub(crate) type Made = serde_json::Result<Reply>;

impl Reply {
    /// 200 with a thing.
    pub(crate) fn ok(thing: &impl Serialize) -> Made {
        Self::with(StatusCode::OK, thing)
    }

    /// 200 with a thing that has an address of its own, as it is shown there.
    pub(crate) fn changed(thing: &impl Serialize) -> Made {
        let mut reply = Self::with(StatusCode::OK, thing)?;
        reply.etag = reply.body.as_deref().map(etag_of);
        Ok(reply)
    }

    /// 201 with the new thing, which is shown like this at `location`.
    pub(crate) fn created(location: String, thing: &impl Serialize) -> Made {
        let mut reply = Self::changed(thing)?;
        reply.status = StatusCode::CREATED.as_u16();
        reply.location = Some(location);
        Ok(reply)
    }

    /// 201 with the new thing and more: at `location` it is `shown`.
    pub(crate) fn created_with(
        location: String,
        thing: &impl Serialize,
        shown: &impl Serialize,
    ) -> Made {
        let mut reply = Self::with(StatusCode::CREATED, thing)?;
        reply.location = Some(location);
        reply.etag = Some(etag_of(&to_raw_value(shown)?));
        Ok(reply)
    }

    /// 201 for a new thing at `location` of which there is nothing to say but this header.
    pub(crate) fn begun(location: String, header: &HeaderName, value: &str) -> Self {
        Self {
            status: StatusCode::CREATED.as_u16(),
            location: Some(location),
            etag: None,
            headers: vec![(header.to_string(), value.to_owned())],
            body: None,
        }
    }

    /// A thing, 201 if it is `new`; for those that have no address of their own.
    pub(crate) fn created_or_found(new: bool, thing: &impl Serialize) -> Made {
        let status = if new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Self::with(status, thing)
    }

    /// 204: it is done, and there is nothing to say.
    pub(crate) fn done() -> Made {
        Ok(Self {
            status: StatusCode::NO_CONTENT.as_u16(),
            location: None,
            etag: None,
            headers: Vec::new(),
            body: None,
        })
    }

    fn with(status: StatusCode, thing: &impl Serialize) -> Made {
        Ok(Self {
            status: status.as_u16(),
            location: None,
            etag: None,
            headers: Vec::new(),
            body: Some(to_raw_value(thing)?),
        })
    }

    /// The bytes that are kept.
    pub(crate) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// The answer for the first time.
    pub(crate) fn fresh(self) -> Result<HttpResponse, Problem> {
        let status = StatusCode::from_u16(self.status).map_err(Problem::internal)?;
        let mut response = HttpResponse::build(status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(etag) = self.etag {
            etag::show(&mut response, &EntityTag::new_strong(etag));
        }
        for header in self.headers {
            response.insert_header(header);
        }
        Ok(match self.body {
            Some(body) => response
                .insert_header((header::CONTENT_TYPE, JSON))
                .body(String::from(Box::<str>::from(body))),
            None => response.finish(),
        })
    }

    /// From the bytes that were kept.
    pub(crate) fn decode(kept: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(kept)
    }

    /// The JSON of its body, if it has one.
    pub(crate) fn body(&self) -> Option<&RawValue> {
        self.body.as_deref()
    }

    /// The answer again.
    pub(crate) fn again(self) -> Result<HttpResponse, Problem> {
        let mut response = self.fresh()?;
        let yes = HeaderValue::from_static("true");
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, yes);
        Ok(response)
    }
}

/// The validator of a thing that is shown as this JSON.
fn etag_of(shown: &RawValue) -> String {
    etag::of_bytes(shown.get().as_bytes()).tag().to_owned()
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;
    use serde_json::json;

    use super::*;

    fn told(response: HttpResponse) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let status = response.status().as_u16();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        let body = response.into_body().try_into_bytes().unwrap();
        (status, headers, body.to_vec())
    }

    #[test]
    fn a_replay_is_the_first_answer_and_a_mark() {
        let thing = json!({"b": 1, "a": "\u{1f600} \"quoted\" \n", "c": 1.5});
        for made in [
            || Reply::created("/things/1".to_owned(), &json!({})),
            Reply::done,
        ] {
            let kept = made().unwrap().encode().unwrap();
            let first = told(made().unwrap().fresh().unwrap());
            let mut again = told(Reply::decode(&kept).unwrap().again().unwrap());
            let mark = ("idempotency-replayed".to_owned(), "true".to_owned());
            let at = again.1.iter().position(|header| *header == mark);
            again.1.remove(at.unwrap());
            assert_eq!(first, again);
        }
        let kept = Reply::ok(&thing).unwrap().encode().unwrap();
        let again = told(Reply::decode(&kept).unwrap().again().unwrap());
        assert_eq!(again.2, serde_json::to_vec(&thing).unwrap());
    }

    /// Replies are in databases: this form must stay readable.
    #[test]
    fn the_form_in_which_replies_are_kept() {
        let created = Reply::created("/users/1".to_owned(), &json!({"id": 1}));
        assert_eq!(
            String::from_utf8(created.unwrap().encode().unwrap()).unwrap(),
            r#"{"status":201,"location":"/users/1","etag":"A3ySFO73TMOIfzpPCFtOFw","body":{"id":1}}"#
        );
        let done = Reply::done().unwrap().encode().unwrap();
        assert_eq!(String::from_utf8(done).unwrap(), r#"{"status":204}"#);
    }

    #[test]
    fn a_thing_has_the_validator_that_it_is_shown_with() {
        let etag = |made: Made| {
            let response = made.unwrap().fresh().unwrap();
            let header = |name| {
                response
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
            };
            (header(header::ETAG), header(header::CACHE_CONTROL))
        };
        let shown = json!({"id": 1});
        let is = (
            Some(r#""A3ySFO73TMOIfzpPCFtOFw""#.to_owned()),
            Some("private, no-cache".to_owned()),
        );
        let location = || "/things/1".to_owned();
        assert_eq!(etag(Reply::created(location(), &shown)), is);
        assert_eq!(etag(Reply::changed(&shown)), is);
        let more = json!({"id": 1, "parts": []});
        assert_eq!(etag(Reply::created_with(location(), &more, &shown)), is);
        assert_eq!(etag(Reply::ok(&shown)), (None, None));
    }

    /// Those of before there were validators.
    #[test]
    fn replies_of_older_versions_are_read() {
        let kept = br#"{"status":201,"location":"/users/1","body":{"id":1}}"#;
        let (status, headers, body) = told(Reply::decode(kept).unwrap().again().unwrap());
        assert_eq!((status, body.as_slice()), (201, &br#"{"id":1}"#[..]));
        assert!(!headers.iter().any(|(name, _)| name == "etag"));
    }

    #[test]
    fn bytes_of_something_else_are_a_defect() {
        for kept in [
            &b""[..],
            b"{}",
            b"[]",
            b"{\"status\":99999}",
            b"{\"status\":7}",
        ] {
            let again = Reply::decode(kept)
                .map_err(Problem::internal)
                .and_then(Reply::again);
            assert_eq!(again.unwrap_err().code(), "internal");
        }
    }
}
