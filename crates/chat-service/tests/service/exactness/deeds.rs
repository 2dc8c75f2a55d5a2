//! What can be done in a history: calls with their users, groups and messages, told in words.
//!
//! Users, groups and messages are numbered in the order in which they came. A number beyond the last
//! names what does not exist.

use std::fmt::{Display, Formatter, Result};

use chat_domain::Role;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    System,
    User(usize),
}

/// Where a message is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Group(usize),
    User(usize),
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// A group with a name of its own, or with that of another group.
    CreateGroup {
        owner: Option<usize>,
        named_as: Option<usize>,
    },
    DeleteGroup {
        group: usize,
    },
    Put {
        group: usize,
        user: usize,
        role: Option<Role>,
    },
    Remove {
        group: usize,
        user: usize,
    },
    Send {
        sender: usize,
        to: To,
        text: u16,
    },
    Mark {
        reader: usize,
        message: usize,
        up_to: bool,
    },
    DeleteMessage {
        message: usize,
    },
}

/// One call of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) by: By,
    pub(super) deed: Deed,
}

impl Display for By {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::System => f.write_str("system"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

impl Display for To {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Group(group) => write!(f, "group {group}"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Self::CreateGroup { owner, named_as } => {
                f.write_str("create a group")?;
                owner.map_or(Ok(()), |user| write!(f, " owned by user {user}"))?;
                named_as.map_or(Ok(()), |group| write!(f, " with the name of group {group}"))
            }
            Self::DeleteGroup { group } => write!(f, "delete group {group}"),
            Self::Put { group, user, role } => {
                write!(f, "put user {user} into group {group}")?;
                role.map_or(Ok(()), |role| write!(f, " as {}", role.as_str()))
            }
            Self::Remove { group, user } => write!(f, "remove user {user} from group {group}"),
            Self::Send { sender, to, .. } => write!(f, "user {sender} sends to {to}"),
            Self::Mark {
                reader,
                message,
                up_to,
            } => {
                let up_to = if up_to { "all up to " } else { "" };
                write!(f, "user {reader} has seen {up_to}message {message}")
            }
            Self::DeleteMessage { message } => write!(f, "delete message {message}"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}: {}", self.by, self.deed)
    }
}
