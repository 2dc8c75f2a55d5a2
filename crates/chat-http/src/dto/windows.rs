//! Which messages are listed: whose, and which part of them.

use chat_domain::{GroupId, MessageId, Offset, UserId, Window};
use chat_service::{ListMessages, MessageSource};
use serde::Deserialize;
use utoipa::IntoParams;
use validator::{Validate, ValidationError};

use super::messages::{one_of_both, two_users};
use super::paging;
use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::openapi::Id;
use crate::problem::Problem;

/// The query of `GET /messages`.
#[derive(Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = one_source, skip_on_field_errors = false))]
#[validate(schema(function = two_sides, skip_on_field_errors = false))]
#[validate(schema(function = sender_of_direct, skip_on_field_errors = false))]
#[validate(schema(function = one_window, skip_on_field_errors = false))]
pub(crate) struct MessagesQuery {
    /// The group whose messages are listed.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    group_id: Option<WireInt>,
    /// The other side of a direct conversation; for the system alone, whose inbox is listed.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    receiver_id: Option<WireInt>,
    /// The acting user, beside `receiver_id`.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    sender_id: Option<WireInt>,
    /// At most how many.
    #[param(value_type = i64, required = false, minimum = 1, maximum = 200, default = 50)]
    #[validate(custom(function = rules::limit))]
    limit: Option<WireInt>,
    /// A message id; the page ends before it.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    before: Option<WireInt>,
    /// A message id; the page begins after it.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    after: Option<WireInt>,
    /// A message of the conversation, in whose middle the page lies.
    #[param(value_type = Id, required = false)]
    #[validate(custom(function = rules::id))]
    around: Option<WireInt>,
    /// How many are skipped, counted from the newest; for simple clients.
    #[param(value_type = i64, required = false, minimum = 0, maximum = 10_000)]
    #[validate(custom(function = rules::offset))]
    offset: Option<WireInt>,
}

impl Fields for MessagesQuery {
    /// Only a direct conversation has a sender: one of its two users, who reads it.
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        self.receiver_id.is_some().then_some(&mut self.sender_id)
    }
}

impl MessagesQuery {
    pub(crate) fn parse(self) -> Result<ListMessages, Problem> {
        Ok(ListMessages {
            source: self.source()?,
            window: self.window()?,
            limit: paging::limit(self.limit)?,
        })
    }

    fn source(&self) -> Result<MessageSource, Problem> {
        if let Some(group) = perhaps("group_id", self.group_id, int(GroupId::parse))? {
            return Ok(MessageSource::Group(group));
        }
        let peer = given("receiver_id", self.receiver_id, int(UserId::parse))?;
        let sender = perhaps("sender_id", self.sender_id, int(UserId::parse))?;
        Ok(match sender {
            Some(user) => MessageSource::Direct { user, peer },
            None => MessageSource::Inbox(peer),
        })
    }

    fn window(&self) -> Result<Window, Problem> {
        let message = int(MessageId::parse);
        Ok(match (self.before, self.after, self.around, self.offset) {
            (before @ Some(_), ..) => Window::Before(given("before", before, message)?),
            (_, after @ Some(_), ..) => Window::After(given("after", after, message)?),
            (_, _, around @ Some(_), _) => Window::Around(given("around", around, message)?),
            (.., offset @ Some(_)) => Window::Offset(given("offset", offset, int(Offset::parse))?),
            _ => Window::Newest,
        })
    }
}

fn one_source(query: &MessagesQuery) -> Result<(), ValidationError> {
    one_of_both(query.group_id, query.receiver_id)
}

fn two_sides(query: &MessagesQuery) -> Result<(), ValidationError> {
    two_users(query.sender_id, query.receiver_id)
}

fn sender_of_direct(query: &MessagesQuery) -> Result<(), ValidationError> {
    match (query.sender_id, query.receiver_id, query.group_id) {
        (Some(_), None, Some(_)) => Err(rules::between(
            &["sender_id"],
            "conflict",
            "goes only with receiver_id",
        )),
        _ => Ok(()),
    }
}

fn one_window(query: &MessagesQuery) -> Result<(), ValidationError> {
    let given: Vec<&'static str> = [
        ("before", query.before),
        ("after", query.after),
        ("around", query.around),
        ("offset", query.offset),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|_| name))
    .collect();
    if given.len() < 2 {
        return Ok(());
    }
    let message = "must be the only one of before, after, around and offset";
    Err(rules::between(&given, "conflict", message))
}
