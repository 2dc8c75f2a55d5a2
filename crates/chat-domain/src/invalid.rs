//! Why a value from outside is not what it should be.

use std::borrow::Cow;

/// The kind of a failed rule; the edge gives it to clients as `errors[].code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too short or too long.
    Length,
    /// Not of the form it must have.
    Format,
    /// A number outside its bounds.
    Range,
    /// At odds with another value of the same request.
    Conflict,
}

impl Fault {
    /// The stable name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Format => "format",
            Self::Range => "range",
            Self::Conflict => "conflict",
        }
    }
}

/// A value that was refused, with a clause that reads after the field's name: "must be …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Which kind of rule was broken.
    pub fault: Fault,
    /// What the rule asks, for a person to read.
    pub message: Cow<'static, str>,
}

impl Invalid {
    /// A refusal for `fault`; `message` reads after the name of the field.
    pub fn new(fault: Fault, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fault,
            message: message.into(),
        }
    }
}
