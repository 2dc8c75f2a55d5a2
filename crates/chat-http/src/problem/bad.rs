//! Fields of a request that are not what they should be.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::FaultName;

/// More than any request has fields: only unknown ones can be more, and naming all of those would
/// let a small request ask for a great answer.
pub(crate) const MOST_ERRORS: usize = 100;

/// One field of a request that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The field, parameter or header.
    pub(crate) field: String,
    /// Which kind of rule it breaks.
    #[schema(value_type = FaultName)]
    pub(crate) code: Cow<'static, str>,
    /// What is wrong, to be read after the field's name.
    pub(crate) message: Cow<'static, str>,
}

impl FieldError {
    pub(crate) fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// Bad fields in the order they were found, each once and for the first reason. One more is kept than
/// clients are told of at most: it means that the list was cut.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors {
    errors: Vec<FieldError>,
    named: HashSet<String>,
}

impl FieldErrors {
    pub(crate) fn push(&mut self, error: FieldError) {
        if !self.are_too_many() && self.named.insert(error.field.clone()) {
            self.errors.push(error);
        }
    }

    /// Whether the field is one of them.
    pub(crate) fn name(&self, field: &str) -> bool {
        self.named.contains(field)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether there are more than are told of.
    pub(crate) fn are_too_many(&self) -> bool {
        self.errors.len() > MOST_ERRORS
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        let mut each_once = Self::default();
        for error in errors {
            each_once.push(error);
        }
        each_once
    }
}

impl From<FieldErrors> for Vec<FieldError> {
    fn from(FieldErrors { errors, .. }: FieldErrors) -> Self {
        errors
    }
}
