//! From where, and how, what happens is read.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};
use chat_domain::{ConversationId, Cursor, PageLimit};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::{Validate, ValidationError};

use super::paging;
use crate::actor::Acting;
use crate::fields::{Fields, WireInt, int, perhaps, rules};
use crate::openapi::Id;
use crate::problem::{FieldError, Problem};

/// Where a browser puts the cursor when it connects again.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The longest that a poll may wait, in seconds.
const LONGEST_WAIT: i64 = 60;

/// The query of `GET /events`.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// A cursor: what comes after it is read. Without one it is read from now on.
    #[param(required = false)]
    #[validate(skip)]
    after: Option<String>,
    /// At most how many; of a poll alone.
    #[param(value_type = i64, required = false, minimum = 1, maximum = 200, default = 50)]
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
    /// For how many seconds a poll waits for the first event, when there is none.
    #[param(value_type = i64, required = false, minimum = 0, maximum = 60, default = 0)]
    #[validate(custom(function = within_reach))]
    wait: Option<WireInt>,
    /// A ticket, in the place of credentials.
    #[param(required = false)]
    #[validate(skip)]
    #[expect(dead_code, reason = "the door has used it by now")]
    ticket: Option<String>,
    /// Who reads, in open mode: as `X-User-Id`.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    user_id: Option<WireInt>,
}

impl Fields for EventsQuery {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.user_id)
    }
}

/// The query of `GET /ws`.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SocketQuery {
    /// A cursor: what comes after it is told. Without one it is told from now on.
    #[param(required = false)]
    #[validate(skip)]
    after: Option<String>,
    /// A ticket, in the place of credentials.
    #[param(required = false)]
    #[validate(skip)]
    #[expect(dead_code, reason = "the door has used it by now")]
    ticket: Option<String>,
    /// Who reads, in open mode: as `X-User-Id`.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    user_id: Option<WireInt>,
}

impl Fields for SocketQuery {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.user_id)
    }
}

/// The query of `GET /sync`.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyncQuery {
    /// At most how many conversations.
    #[param(value_type = i64, required = false, minimum = 1, maximum = 200, default = 50)]
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
    /// A conversation's id; the page begins with the first one after it.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    after: Option<WireInt>,
    /// The cursor of the first page.
    #[param(required = false)]
    #[validate(skip)]
    cursor: Option<String>,
}

impl Fields for SyncQuery {}

/// How a poll is answered.
#[derive(Debug)]
pub(crate) struct Poll {
    /// From where on.
    pub(crate) after: Option<Cursor>,
    /// With at most how many events.
    pub(crate) most: usize,
    /// After how long at the latest.
    pub(crate) wait: Duration,
}

impl EventsQuery {
    /// The query of a poll.
    pub(crate) fn poll(self) -> Result<Poll, Problem> {
        let limit = paging::limit(self.limit)?;
        let WireInt(wait) = self.wait.unwrap_or(WireInt(0));
        Ok(Poll {
            after: cursor(self.after.as_deref())?,
            most: usize::try_from(limit.get()).map_err(Problem::internal)?,
            wait: Duration::from_secs(u64::try_from(wait).map_err(Problem::internal)?),
        })
    }

    /// From where on a stream is told, which `headers` say too when it is not the first.
    pub(crate) fn stream(self, headers: &HeaderMap) -> Result<Option<Cursor>, Problem> {
        let of_polls = [("limit", self.limit), ("wait", self.wait)];
        let errors = of_polls.into_iter().filter(|(_, value)| value.is_some());
        let errors: Vec<_> = errors
            .map(|(name, _)| FieldError::new(name, "conflict", "is for polls, not for a stream"))
            .collect();
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let after = cursor(self.after.as_deref())?;
        let mut last = headers.get_all(&LAST_EVENT_ID);
        // Empty is what some clients send who have seen nothing yet.
        match (last.next(), last.next()) {
            (None, _) => Ok(after),
            (Some(id), None) if id.is_empty() => Ok(after),
            (Some(id), None) => cursor(Some(id.to_str().map_err(|_| Problem::cursor_invalid())?)),
            _ => Err(Problem::cursor_invalid()),
        }
    }

    /// Who reads.
    pub(crate) fn reader(&self, acting: Acting) -> Result<Acting, Problem> {
        reader(self.user_id, acting)
    }
}

impl SocketQuery {
    /// From where on it is told.
    pub(crate) fn after(&self) -> Result<Option<Cursor>, Problem> {
        cursor(self.after.as_deref())
    }

    /// Who reads.
    pub(crate) fn reader(&self, acting: Acting) -> Result<Acting, Problem> {
        reader(self.user_id, acting)
    }
}

impl SyncQuery {
    /// The cursor of the first page if this is another, after which conversation, and at most how many.
    pub(crate) fn parse(
        self,
    ) -> Result<(Option<Cursor>, Option<ConversationId>, PageLimit), Problem> {
        Ok((
            cursor(self.cursor.as_deref())?,
            perhaps("after", self.after, int(ConversationId::parse))?,
            paging::limit(self.limit)?,
        ))
    }
}

/// Who reads: in open mode the parameter is as good as the header. The system can't name anyone by it, who would
/// believe to be given what that user sees.
fn reader(named: Option<WireInt>, acting: Acting) -> Result<Acting, Problem> {
    match (acting, named) {
        (Acting::Named(user), _) => Ok(Acting::User(user)),
        (Acting::System, Some(_)) => Err(Problem::invalid(vec![FieldError::new(
            "user_id",
            "conflict",
            "can't be named by the system, which reads everything",
        )])),
        (acting, _) => Ok(acting),
    }
}

fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let parse = |text: &str| text.parse().map_err(|_| Problem::cursor_invalid());
    text.map(parse).transpose()
}

fn within_reach(&WireInt(seconds): &WireInt) -> Result<(), ValidationError> {
    if (0..=LONGEST_WAIT).contains(&seconds) {
        return Ok(());
    }
    let message = format!("must be from 0 to {LONGEST_WAIT}");
    Err(ValidationError::new("range").with_message(message.into()))
}
