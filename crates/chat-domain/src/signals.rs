//! What nodes tell each other at once and nobody stores: a lost signal is never told again.

use crate::{ConversationId, Timestamp, UserId};

/// A signal. Whoever listens on any node hears it, soon or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The log has grown. Losing it delays whoever reads the log, and loses nothing.
    LogGrown,
    /// Somebody is writing.
    Typing(Typing),
    /// Somebody has come or gone.
    Presence(Presence),
}

/// A user writes in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Unless it comes again, it is over then.
    pub expires_at: Timestamp,
}

/// Whether a user is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub user_id: UserId,
    /// Whether any connection of it lives.
    pub online: bool,
    /// When its last connection ended, if none lives.
    pub last_seen: Option<Timestamp>,
}
