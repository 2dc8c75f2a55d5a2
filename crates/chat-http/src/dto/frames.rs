//! What clients say over a WebSocket, and what they are answered there.

use chat_domain::{Fault, IdempotencyKey, Invalid, MessageId, Recipient, UserId};
use chat_service::MarkSeen;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use validator::{Validate, ValidationError};

use super::messages::{CreateMessage, one_of_both, recipient};
use crate::fields::{self, Fields, Unreadable, WireInt, given, int, rules};
use crate::problem::{Document, FieldError, Problem};

/// The most bytes of a `ref`.
const MOST_REF: usize = 255;

/// What a client asks for.
pub(crate) enum Asked {
    /// To tell the others that it is writing.
    Typing(TypingFrame),
    /// To mark a message as seen.
    Seen(SeenFrame),
    /// To send a message, under a key if there is one.
    Send(CreateMessage, Option<IdempotencyKey>),
}

/// A frame that was read, or why it can't be.
pub(crate) struct Read {
    /// By what the client knows the answer.
    pub(crate) reference: Option<String>,
    /// What it asks for.
    pub(crate) asked: Result<Asked, Problem>,
}

/// The fields of `typing`.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = one_recipient, skip_on_field_errors = false))]
pub(crate) struct TypingFrame {
    #[validate(custom(function = rules::id))]
    receiver_id: Option<WireInt>,
    #[validate(custom(function = rules::id))]
    group_id: Option<WireInt>,
}

impl Fields for TypingFrame {}

impl TypingFrame {
    /// Where it is written.
    pub(crate) fn parse(&self) -> Result<Recipient, Problem> {
        recipient(self.group_id, self.receiver_id)
    }
}

fn one_recipient(frame: &TypingFrame) -> Result<(), ValidationError> {
    one_of_both(frame.group_id, frame.receiver_id)
}

/// The fields of `seen`; `user_id` names the actor.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenFrame {
    #[validate(required, custom(function = rules::id))]
    message_id: Option<WireInt>,
    #[validate(required, custom(function = rules::id))]
    user_id: Option<WireInt>,
    #[validate(skip)]
    up_to: Option<bool>,
}

impl Fields for SeenFrame {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.user_id)
    }
}

impl SeenFrame {
    /// The command.
    pub(crate) fn parse(&self) -> Result<MarkSeen, Problem> {
        Ok(MarkSeen {
            message: given("message_id", self.message_id, int(MessageId::parse))?,
            reader: given("user_id", self.user_id, int(UserId::parse))?,
            up_to: self.up_to.unwrap_or(false),
        })
    }
}

/// Reads a frame from a client whose connection is `user`'s, if it is anyone's.
pub(crate) fn read(text: &[u8], user: Option<UserId>) -> Read {
    let mut frame = match fields::read_entries(text) {
        Ok(entries) => Envelope::open(entries),
        Err(unreadable) => {
            return Read {
                reference: None,
                asked: Err(why(unreadable)),
            };
        }
    };
    Read {
        reference: frame.reference.take(),
        asked: frame.read(user),
    }
}

/// The fields that are the frame's own, and the others.
struct Envelope<'a> {
    kind: Option<String>,
    reference: Option<String>,
    key: Option<IdempotencyKey>,
    rest: Vec<(String, &'a RawValue)>,
    errors: Vec<FieldError>,
}

impl<'a> Envelope<'a> {
    fn open(entries: Vec<(String, &'a RawValue)>) -> Self {
        let mut rest = entries;
        let mut errors = Vec::new();
        let mut own = |name: &'static str| {
            let (own, others) = std::mem::take(&mut rest)
                .into_iter()
                .partition::<Vec<_>, _>(|(other, _)| other == name);
            rest = others;
            text_of(name, &own).unwrap_or_else(|error| {
                errors.push(error);
                None
            })
        };
        let (kind, reference, key) = (own("kind"), own("ref"), own("idempotency_key"));
        let long = |text: &String| text.is_empty() || text.len() > MOST_REF;
        if reference.as_ref().is_some_and(long) {
            let message = format!("must have 1 to {MOST_REF} bytes");
            errors.push(FieldError::new("ref", "length", message));
        }
        let key = key.and_then(|key| {
            let refuse = |invalid: Invalid| {
                let code = invalid.fault.as_str();
                errors.push(FieldError::new("idempotency_key", code, invalid.message));
            };
            IdempotencyKey::parse(&key).map_err(refuse).ok()
        });
        Self {
            kind,
            reference: reference.filter(|text| !long(text)),
            key,
            rest,
            errors,
        }
    }

    fn read(mut self, user: Option<UserId>) -> Result<Asked, Problem> {
        let Some(kind) = self.kind.take() else {
            if !self.errors.iter().any(|error| error.field == "kind") {
                let missing = FieldError::new("kind", "required", rules::REQUIRED);
                self.errors.push(missing);
            }
            return Err(Problem::invalid(self.errors));
        };
        match kind.as_str() {
            "typing" => self.keyless().fields(user).map(Asked::Typing),
            "seen" => self.keyless().fields(user).map(Asked::Seen),
            "send" => {
                let key = self.key.take();
                self.fields(user).map(|body| Asked::Send(body, key))
            }
            _ => {
                let message = "must be typing, seen or send";
                let unknown = FieldError::new("kind", Fault::Format.as_str(), message);
                self.errors.push(unknown);
                Err(Problem::invalid(self.errors))
            }
        }
    }

    /// What changes nothing that could be doubled takes no key.
    fn keyless(mut self) -> Self {
        if self.key.is_some() {
            let unknown = FieldError::new("idempotency_key", "unknown", "is not known here");
            self.errors.push(unknown);
        }
        self
    }

    /// The other fields, by the rules of a body.
    fn fields<B: Fields>(self, user: Option<UserId>) -> Result<B, Problem> {
        let mut body = String::from("{");
        for (name, value) in &self.rest {
            if body.len() > 1 {
                body.push(',');
            }
            let name = serde_json::to_string(name).map_err(Problem::internal)?;
            body.extend([&name, ":", value.get()]);
        }
        body.push('}');
        let mut errors = self.errors;
        match fields::read_json(body.as_bytes(), user) {
            Ok(fields) if errors.is_empty() => return Ok(fields),
            Ok(_) => {}
            Err(Unreadable::Fields(bad)) => errors.extend(bad),
            Err(malformed @ Unreadable::Malformed(_)) => return Err(why(malformed)),
        }
        Err(Problem::invalid(errors))
    }
}

/// The text of a field that is there at most once; `null` is as good as nothing.
fn text_of(
    name: &'static str,
    values: &[(String, &RawValue)],
) -> Result<Option<String>, FieldError> {
    match values {
        [] => Ok(None),
        [(_, value)] => serde_json::from_str(value.get())
            .map_err(|_| FieldError::new(name, "type", "must be a string")),
        _ => Err(FieldError::new(name, "repeated", "is given more than once")),
    }
}

fn why(unreadable: Unreadable) -> Problem {
    match unreadable {
        Unreadable::Malformed(error) => Problem::malformed_json(&error),
        Unreadable::Fields(errors) => Problem::invalid(errors),
    }
}

/// A message was sent.
#[derive(Serialize)]
pub(crate) struct SentFrame<'a> {
    /// Always `sent`.
    pub(crate) kind: &'static str,
    /// As the client said it.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<&'a str>,
    /// As `POST /messages` answers it.
    pub(crate) message: Option<&'a RawValue>,
}

/// A frame was not done.
#[derive(Serialize)]
pub(crate) struct ErrorFrame<'a> {
    /// Always `error`.
    pub(crate) kind: &'static str,
    /// As the client said it.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<&'a str>,
    /// Why, as an answer over HTTP would say it.
    #[serde(flatten)]
    pub(crate) problem: Document<'a>,
}
