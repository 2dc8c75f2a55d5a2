//! The sentence for each difference: one line that names the place, what is there, and what must be.

use std::fmt;

use super::Difference;

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
            Self::DeletedMember { group, user } => {
                write!(f, "group {group}, user {user}: a deleted user is a member")
            }
            Self::Avatar { user, file } => {
                write!(
                    f,
                    "user {user}: its avatar is file {file}, and user and file must both live"
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
            Self::PositionBelowOne { position } => {
                write!(f, "event {position}: its position must be 1 or more")
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
}
