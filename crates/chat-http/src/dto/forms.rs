//! What forms say besides their file.

use chat_domain::{Caption, MessageKind, UserId};
use chat_service::{SendFile, StoreFile};
use serde::Deserialize;
use validator::{Validate, ValidationError};

use super::messages::{one_of_both, parse_kind, recipient, two_users};
use crate::fields::{Fields, WireInt, given, int, perhaps, rules};
use crate::problem::Problem;

/// The texts of a form at `POST /messages`; `sender_id` names the actor.
#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = one_recipient, skip_on_field_errors = false))]
#[validate(schema(function = to_another, skip_on_field_errors = false))]
#[validate(schema(function = carries_a_file, skip_on_field_errors = false))]
#[validate(schema(function = fit_caption, skip_on_field_errors = false))]
pub(crate) struct SendFileForm {
    #[validate(required, custom(function = rules::id))]
    sender_id: Option<WireInt>,
    #[validate(custom(function = rules::id))]
    receiver_id: Option<WireInt>,
    #[validate(custom(function = rules::id))]
    group_id: Option<WireInt>,
    #[validate(required, custom(function = rules::message_kind))]
    r#type: Option<String>,
    /// An empty one is none.
    #[validate(skip)]
    content: Option<String>,
}

impl Fields for SendFileForm {
    fn acting(&mut self) -> Option<&mut Option<WireInt>> {
        Some(&mut self.sender_id)
    }
}

impl SendFileForm {
    pub(crate) fn parse(self, file: StoreFile) -> Result<SendFile, Problem> {
        let kind = given("type", self.r#type.as_deref(), parse_kind)?;
        Ok(SendFile {
            sender: given("sender_id", self.sender_id, int(UserId::parse))?,
            recipient: recipient(self.group_id, self.receiver_id)?,
            as_image: kind == MessageKind::Image,
            caption: perhaps("content", self.caption(), Caption::parse)?,
            file,
        })
    }

    fn caption(&self) -> Option<&str> {
        self.content.as_deref().filter(|text| !text.is_empty())
    }
}

fn one_recipient(form: &SendFileForm) -> Result<(), ValidationError> {
    one_of_both(form.group_id, form.receiver_id)
}

fn to_another(form: &SendFileForm) -> Result<(), ValidationError> {
    two_users(form.sender_id, form.receiver_id)
}

fn carries_a_file(form: &SendFileForm) -> Result<(), ValidationError> {
    match form.r#type.as_deref() {
        Some("text") => Err(rules::between(
            &["type"],
            "conflict",
            "must be image or file: a text carries no file",
        )),
        _ => Ok(()),
    }
}

fn fit_caption(form: &SendFileForm) -> Result<(), ValidationError> {
    let checked = form.caption().map_or(Ok(()), Caption::check);
    checked.map_err(|invalid| rules::between(&["content"], invalid.fault.as_str(), invalid.message))
}
