//! What can be wrong.

mod text;

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
    /// A member of a group who was deleted.
    DeletedMember { group: i64, user: i64 },
    /// An avatar that is no living file, or that a deleted user has.
    Avatar { user: i64, file: i64 },
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
    /// An event at a position below 1.
    PositionBelowOne { position: i64 },
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
    /// Whether it is of a kind that a repair can mend: a counter, or the time of a mark.
    ///
    /// A repair mends it where what must be there follows from the rows or from the log without doubt,
    /// and not where those disagree about what was counted. What was mended, [`Repair::mended`] says.
    ///
    /// [`Repair::mended`]: crate::Repair::mended
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counters_and_times_can_be_mended() {
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
