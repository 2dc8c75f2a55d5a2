//! What can be wrong, each with the sentence that names it.

use std::fmt;

/// Something that is not what it must be. Its text is one line that names the place, what is there,
/// and what must be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "ids, places and counts by the names of their columns"
)]
#[non_exhaustive]
pub enum Difference {
    /// A conversation's counter of messages.
    LastSeq {
        conversation: i64,
        is: i64,
        must: i64,
    },
    /// A group's counter of members.
    MemberCount { group: i64, is: i64, must: i64 },
    /// How many places of a conversation are not unseen to a participant.
    Cleared {
        conversation: i64,
        user: i64,
        is: i64,
        must: i64,
    },
    /// Up to where a participant has seen everything since it joined.
    SeenThrough {
        conversation: i64,
        user: i64,
        is: i64,
        must: i64,
    },
    /// When a message was marked by name; the log has the other time.
    SeenAt {
        message: i64,
        user: i64,
        is: i64,
        must: i64,
    },
    /// When a range was marked; the log has the other time.
    RangeSeenAt {
        conversation: i64,
        user: i64,
        to_seq: i64,
        is: i64,
        must: i64,
    },
    /// The head of the log.
    LogPosition { is: i64, must: i64 },
    /// Places without a message.
    NoMessages {
        conversation: i64,
        from: i64,
        to: i64,
    },
    /// A message at a place below 1.
    PlaceBelowOne {
        conversation: i64,
        message: i64,
        seq: i64,
    },
    /// A message whose id is not above the id at the place before.
    IdOrder { conversation: i64, message: i64 },
    /// A group without a conversation.
    NoConversation { group: i64 },
    /// A member of a group that was deleted.
    MemberOfDeleted { group: i64, user: i64 },
    /// A member, or one of a pair, that does not take part.
    NoParticipant { conversation: i64, user: i64 },
    /// Somebody takes part who must not.
    Intruder { conversation: i64, user: i64 },
    /// Where a participant joined, and must have by the kind of the conversation, or by the log.
    JoinedSeq {
        conversation: i64,
        user: i64,
        is: i64,
        must: i64,
    },
    /// A participant joined at a place that there never was.
    JoinedOutside {
        conversation: i64,
        user: i64,
        is: i64,
        last_seq: i64,
    },
    /// A range that ends after the last message.
    RangeOutside {
        conversation: i64,
        user: i64,
        from: i64,
        to: i64,
        last_seq: i64,
    },
    /// A range that shares places with another of the same reader.
    RangeOverlap {
        conversation: i64,
        user: i64,
        from: i64,
        to: i64,
    },
    /// Places after joining that are marked, while some before them are not.
    RangeApart {
        conversation: i64,
        user: i64,
        from: i64,
        to: i64,
        joined_seq: i64,
    },
    /// A mark of a message that does not exist.
    SeenOfNothing { message: i64, user: i64 },
    /// A mark by the message's own sender.
    SeenBySender { message: i64, user: i64 },
    /// Positions of the log without an event.
    NoEvents { from: i64, to: i64 },
    /// A message has not one `message.created`.
    MessageCreated { message: i64, is: i64 },
    /// A deleted message has not one `message.deleted`, or a living one has any.
    MessageDeleted { message: i64, is: i64, must: i64 },
    /// A group has not one `group.created`.
    GroupCreated {
        conversation: i64,
        is: i64,
        must: i64,
    },
    /// A deleted group has not one `group.deleted`, or a living one has any.
    GroupDeleted {
        conversation: i64,
        is: i64,
        must: i64,
    },
    /// An event of a message that does not exist.
    EventOfNothing { position: i64, message: i64 },
    /// Events of a conversation that does not exist.
    LogOfNothing { conversation: i64 },
    /// An event in another conversation than its message.
    EventElsewhere {
        position: i64,
        message: i64,
        is: i64,
        must: i64,
    },
    /// A message that was logged after a later one.
    LogOrder {
        conversation: i64,
        position: i64,
        seq: i64,
        before: i64,
    },
    /// The group and the last event of a member don't agree; none means no member.
    MemberRole {
        conversation: i64,
        user: i64,
        is: Option<String>,
        must: Option<String>,
    },
    /// A message is marked by name, and no event says so.
    SeenNotLogged { message: i64, user: i64 },
    /// An event marks a message, and no row does.
    SeenNotKept {
        position: i64,
        message: i64,
        user: i64,
    },
    /// A range is marked, and no event says so.
    RangeNotLogged {
        conversation: i64,
        user: i64,
        to_seq: i64,
    },
    /// An event marks a range, and no row does.
    RangeNotKept {
        position: i64,
        message: i64,
        user: i64,
    },
    /// An event marks what was marked by an earlier one.
    MarkedAgain {
        position: i64,
        message: i64,
        user: i64,
    },
}

impl Difference {
    /// Whether a repair can mend it, because what must be there follows from the rows or from the
    /// log without doubt.
    pub fn is_mendable(&self) -> bool {
        matches!(
            self,
            Self::LastSeq { .. }
                | Self::MemberCount { .. }
                | Self::Cleared { .. }
                | Self::SeenThrough { .. }
                | Self::SeenAt { .. }
                | Self::RangeSeenAt { .. }
                | Self::LogPosition { .. }
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastSeq {
                conversation,
                is,
                must,
            } => {
                write!(
                    f,
                    "conversation {conversation}: last_seq is {is}, must be {must}"
                )
            }
            Self::MemberCount { group, is, must } => {
                write!(f, "group {group}: member_count is {is}, must be {must}")
            }
            Self::Cleared {
                conversation,
                user,
                is,
                must,
            } => {
                write!(
                    f,
                    "conversation {conversation}, user {user}: cleared is {is}, must be {must}"
                )
            }
            Self::SeenThrough {
                conversation,
                user,
                is,
                must,
            } => {
                write!(
                    f,
                    "conversation {conversation}, user {user}: seen_through is {is}, must be {must}"
                )
            }
            Self::SeenAt {
                message,
                user,
                is,
                must,
            } => {
                write!(
                    f,
                    "message {message}, user {user}: seen_at is {is}, must be {must} by the log"
                )
            }
            Self::RangeSeenAt {
                conversation,
                user,
                to_seq,
                is,
                must,
            } => write!(
                f,
                "conversation {conversation}, user {user}: seen_at of the range to {to_seq} is {is}, must be {must} by the log"
            ),
            Self::LogPosition { is, must } => {
                write!(f, "the log: its head is {is}, must be {must}")
            }
            Self::NoMessages {
                conversation,
                from,
                to,
            } => {
                write!(
                    f,
                    "conversation {conversation}: places {from} to {to} have no message"
                )
            }
            Self::PlaceBelowOne {
                conversation,
                message,
                seq,
            } => {
                write!(
                    f,
                    "conversation {conversation}: message {message} has seq {seq}, must be 1 or more"
                )
            }
            Self::IdOrder {
                conversation,
                message,
            } => write!(
                f,
                "conversation {conversation}: message {message} has no greater id than the one before it"
            ),
            Self::NoConversation { group } => write!(f, "group {group}: it has no conversation"),
            Self::MemberOfDeleted { group, user } => {
                write!(
                    f,
                    "group {group}, user {user}: is a member of a deleted group"
                )
            }
            Self::NoParticipant { conversation, user } => {
                write!(
                    f,
                    "conversation {conversation}, user {user}: does not take part, and must"
                )
            }
            Self::Intruder { conversation, user } => {
                write!(
                    f,
                    "conversation {conversation}, user {user}: takes part, and must not"
                )
            }
            Self::JoinedSeq {
                conversation,
                user,
                is,
                must,
            } => {
                write!(
                    f,
                    "conversation {conversation}, user {user}: joined_seq is {is}, must be {must}"
                )
            }
            Self::JoinedOutside {
                conversation,
                user,
                is,
                last_seq,
            } => write!(
                f,
                "conversation {conversation}, user {user}: joined_seq is {is}, must lie from 0 to {last_seq}"
            ),
            Self::RangeOutside {
                conversation,
                user,
                from,
                to,
                last_seq,
            } => write!(
                f,
                "conversation {conversation}, user {user}: the range {from} to {to} ends after the last message, {last_seq}"
            ),
            Self::RangeOverlap {
                conversation,
                user,
                from,
                to,
            } => write!(
                f,
                "conversation {conversation}, user {user}: the range {from} to {to} overlaps the one before it"
            ),
            Self::RangeApart {
                conversation,
                user,
                from,
                to,
                joined_seq,
            } => write!(
                f,
                "conversation {conversation}, user {user}: {from} to {to} are marked, and not all from {joined_seq} on"
            ),
            Self::SeenOfNothing { message, user } => {
                write!(
                    f,
                    "message {message}, user {user}: is marked as seen, and does not exist"
                )
            }
            Self::SeenBySender { message, user } => {
                write!(
                    f,
                    "message {message}, user {user}: is marked as seen by its sender"
                )
            }
            Self::NoEvents { from, to } => {
                write!(f, "the log: positions {from} to {to} have no event")
            }
            Self::MessageCreated { message, is } => {
                write!(
                    f,
                    "message {message}: {is} events say that it was sent, must be 1"
                )
            }
            Self::MessageDeleted { message, is, must } => {
                write!(
                    f,
                    "message {message}: {is} events say that it was deleted, must be {must}"
                )
            }
            Self::GroupCreated {
                conversation,
                is,
                must,
            } => write!(
                f,
                "conversation {conversation}: {is} events say that its group was created, must be {must}"
            ),
            Self::GroupDeleted {
                conversation,
                is,
                must,
            } => write!(
                f,
                "conversation {conversation}: {is} events say that its group was deleted, must be {must}"
            ),
            Self::EventOfNothing { position, message } => {
                write!(
                    f,
                    "event {position}: tells of message {message}, which does not exist"
                )
            }
            Self::LogOfNothing { conversation } => {
                write!(
                    f,
                    "the log: tells of conversation {conversation}, which does not exist"
                )
            }
            Self::EventElsewhere {
                position,
                message,
                is,
                must,
            } => write!(
                f,
                "event {position}: is in conversation {is}, must be in {must} as message {message} is"
            ),
            Self::LogOrder {
                conversation,
                position,
                seq,
                before,
            } => write!(
                f,
                "event {position}: place {seq} of conversation {conversation} was logged after place {before}"
            ),
            Self::MemberRole {
                conversation,
                user,
                is,
                must,
            } => {
                let [is, must] = [is, must].map(|role| role.as_deref().unwrap_or("no member"));
                write!(
                    f,
                    "conversation {conversation}, user {user}: is {is} of its group, must be {must} by the log"
                )
            }
            Self::SeenNotLogged { message, user } => {
                write!(
                    f,
                    "message {message}, user {user}: is marked as seen, and no event says so"
                )
            }
            Self::SeenNotKept {
                position,
                message,
                user,
            } => write!(
                f,
                "message {message}, user {user}: is marked as seen by event {position}, and no row says so"
            ),
            Self::RangeNotLogged {
                conversation,
                user,
                to_seq,
            } => write!(
                f,
                "conversation {conversation}, user {user}: the range to {to_seq} is marked, and no event says so"
            ),
            Self::RangeNotKept {
                position,
                message,
                user,
            } => write!(
                f,
                "message {message}, user {user}: is marked with all before it by event {position}, and no range ends there"
            ),
            Self::MarkedAgain {
                position,
                message,
                user,
            } => {
                write!(
                    f,
                    "message {message}, user {user}: event {position} marks it as seen once more"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_one_line_that_names_the_place() {
        let cleared = Difference::Cleared {
            conversation: 3,
            user: 7,
            is: 4,
            must: 5,
        };
        assert_eq!(
            cleared.to_string(),
            "conversation 3, user 7: cleared is 4, must be 5"
        );
        let role = Difference::MemberRole {
            conversation: 3,
            user: 7,
            is: None,
            must: Some("admin".into()),
        };
        assert_eq!(
            role.to_string(),
            "conversation 3, user 7: is no member of its group, must be admin by the log"
        );
    }

    #[test]
    fn only_what_follows_without_doubt_is_mended() {
        let joined = Difference::JoinedSeq {
            conversation: 3,
            user: 7,
            is: 4,
            must: 5,
        };
        assert!(!joined.is_mendable());
        assert!(Difference::LogPosition { is: 4, must: 5 }.is_mendable());
    }
}
