//! Who deals with what clients ask for over a WebSocket: as an answer over HTTP would, by the same rules.

use std::pin::Pin;
use std::rc::Rc;

use actix_web::web::{Bytes, Data};
use chat_service::{ChatService, Seen};
use serde_json::value::RawValue;

use super::encode::{self, Unwritable};
use crate::actor::Caller;
use crate::change::{Change, Told};
use crate::dto::frames::{self, Asked, ErrorFrame, Read, SentFrame};
use crate::dto::receipts::SeenJson;
use crate::handlers::messages;
use crate::limits::{Class, CountedBy};
use crate::problem::Problem;
use crate::random;
use crate::reply::Reply;
use crate::turns::Turns;

/// An answer under way; none at its end where there is nothing to say.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Option<Bytes>, Unwritable>>>>;

/// What a connection needs to have its frames dealt with.
pub(crate) struct Desk {
    pub(crate) service: ChatService,
    /// Whose connection it is.
    pub(crate) caller: Caller,
    pub(crate) turns: Option<Data<Turns>>,
    /// By what it is counted how much is asked, if it is.
    pub(crate) counted: Option<CountedBy>,
}

impl Desk {
    /// Deals with a text.
    pub(super) fn take(self: &Rc<Self>, text: &[u8]) -> Answering {
        let Read { reference, asked } = frames::read(text, self.caller.user());
        let desk = Rc::clone(self);
        Box::pin(async move {
            let done = match asked {
                Ok(asked) => desk.deal_with(asked).await,
                Err(problem) => Err(problem),
            };
            answer(reference.as_deref(), done)
        })
    }

    /// Answers what is no text.
    pub(super) fn refuse_binary() -> Result<Bytes, Unwritable> {
        error(
            None,
            &Problem::unsupported_media_type("a frame must be a text, with a JSON object in it"),
        )
    }

    /// What was sent, if something was.
    async fn deal_with(&self, asked: Asked) -> Result<Option<Told>, Problem> {
        match asked {
            Asked::Typing(frame) => {
                self.count(Class::Reads)?;
                let place = frame.parse()?;
                let acting = self.caller.acting_as(None)?;
                acting.told(self.service.typing(acting.actor(), place).await)?;
                Ok(None)
            }
            Asked::Seen(mut frame) => {
                self.count(Class::Writes)?;
                let mark = frame.parse()?;
                let acting = self.caller.acting_as(crate::input::named(&mut frame))?;
                let seen = |seen: &Seen| Reply::ok(&SeenJson::from(*seen));
                let change = Change::in_turn(None, acting, None);
                change.told(&self.service, mark, seen).await?;
                Ok(None)
            }
            Asked::Send(mut body, key) => {
                self.count(Class::Sends)?;
                let acting = self.caller.acting_as(crate::input::named(&mut body))?;
                let send = body.parse()?;
                let change = Change::in_turn(self.turns.clone(), acting, key);
                change
                    .told(&self.service, send, messages::sent)
                    .await
                    .map(Some)
            }
        }
    }

    /// Counts it as a request of this class.
    fn count(&self, class: Class) -> Result<(), Problem> {
        match (&self.counted, self.caller) {
            (None, _) | (_, Caller::System) => Ok(()),
            (Some(counted), caller) => counted.count(class, caller.user()),
        }
    }
}

fn answer(
    reference: Option<&str>,
    done: Result<Option<Told>, Problem>,
) -> Result<Option<Bytes>, Unwritable> {
    match done {
        Ok(None) => Ok(None),
        Ok(Some(told)) => sent(reference, told.reply().body()).map(Some),
        Err(problem) => error(reference, &problem).map(Some),
    }
}

fn sent(reference: Option<&str>, message: Option<&RawValue>) -> Result<Bytes, Unwritable> {
    encode::text(&SentFrame {
        kind: "sent",
        reference,
        message,
    })
}

fn error(reference: Option<&str>, problem: &Problem) -> Result<Bytes, Unwritable> {
    let id = random::name();
    problem.log(&id);
    encode::text(&ErrorFrame {
        kind: "error",
        reference,
        problem: problem.document(&id),
    })
}
