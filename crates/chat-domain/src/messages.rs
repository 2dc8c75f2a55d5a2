//! Messages and what they say.

use crate::names::text;
use crate::{
    ConversationId, Fault, File, FileId, GroupId, Invalid, MessageId, Seq, Timestamp, UserId,
};

/// The most bytes of UTF-8 in a body or a caption.
const MAX_CONTENT_BYTES: usize = 16_384;

fn check_content(text: &str) -> Result<(), Invalid> {
    if text.is_empty() || text.len() > MAX_CONTENT_BYTES {
        return Err(Invalid::new(Fault::Length, "must have 1 to 16384 bytes"));
    }
    if text.contains('\0') {
        return Err(Invalid::new(Fault::Format, "must not contain NUL"));
    }
    Ok(())
}

text!(
    /// What a text message says: at most 16,384 bytes of UTF-8, any character but NUL, something
    /// besides white space; kept byte for byte.
    MessageBody
);

impl MessageBody {
    /// The most bytes of UTF-8.
    pub const MAX_BYTES: usize = MAX_CONTENT_BYTES;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        check_content(text)?;
        if text.chars().all(char::is_whitespace) {
            return Err(Invalid::new(
                Fault::Format,
                "must have something besides white space",
            ));
        }
        Ok(())
    }
}

text!(
    /// What is written under an image or a file: 1 to 16,384 bytes of UTF-8, any character but
    /// NUL; kept byte for byte.
    Caption
);

impl Caption {
    /// The most bytes of UTF-8.
    pub const MAX_BYTES: usize = MAX_CONTENT_BYTES;

    /// Whether `text` keeps the rules.
    pub fn check(text: &str) -> Result<(), Invalid> {
        check_content(text)
    }
}

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Words.
    Text,
    /// A file that is an image, with an optional caption.
    Image,
    /// Any file, with an optional caption.
    File,
}

/// A text that names no message type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text, image or file")]
pub struct UnknownMessageKind;

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Text, Self::Image, Self::File];

    /// The stable name, on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
        }
    }
}

impl std::str::FromStr for MessageKind {
    type Err = UnknownMessageKind;

    fn from_str(text: &str) -> Result<Self, UnknownMessageKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownMessageKind)
    }
}

/// What a message says. `F` is how its file is held: by id when it is sent, whole when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<F> {
    /// Words.
    Text(MessageBody),
    /// An image; the file's type is `image/*`.
    Image {
        /// The file.
        file: F,
        /// The words under it.
        caption: Option<Caption>,
    },
    /// Any file.
    File {
        /// The file.
        file: F,
        /// The words under it.
        caption: Option<Caption>,
    },
}

impl<F> Content<F> {
    /// Its type.
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Image { .. } => MessageKind::Image,
            Self::File { .. } => MessageKind::File,
        }
    }

    /// Its words, if it has any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(body) => Some(body.as_str()),
            Self::Image { caption, .. } | Self::File { caption, .. } => {
                caption.as_ref().map(Caption::as_str)
            }
        }
    }

    /// Its file, if it has one.
    pub const fn file(&self) -> Option<&F> {
        match self {
            Self::Text(_) => None,
            Self::Image { file, .. } | Self::File { file, .. } => Some(file),
        }
    }
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The other user of a direct conversation.
    User(UserId),
    /// The members of a group.
    Group(GroupId),
}

/// A message that has not been deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation it stands in.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// Who sent it.
    pub sender_id: UserId,
    /// Whom it is for.
    pub recipient: Recipient,
    /// What it says.
    pub content: Content<File>,
    /// When it was sent; for display only, the order is `seq`.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

/// What is left of a deleted message: its place, and nothing of what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Its id.
    pub id: MessageId,
    /// The conversation it stood in.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// Who sent it.
    pub sender_id: UserId,
    /// Whom it was for.
    pub recipient: Recipient,
    /// Its type.
    pub kind: MessageKind,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A message that is there, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundMessage {
    /// It is there.
    Living(Message),
    /// It was deleted.
    Deleted(Tombstone),
}

impl FoundMessage {
    /// Its id.
    pub const fn id(&self) -> MessageId {
        match self {
            Self::Living(message) => message.id,
            Self::Deleted(tombstone) => tombstone.id,
        }
    }

    /// Its place in its conversation.
    pub const fn seq(&self) -> Seq {
        match self {
            Self::Living(message) => message.seq,
            Self::Deleted(tombstone) => tombstone.seq,
        }
    }
}

/// A message to be stored; the store gives it its id and its `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The conversation it goes to.
    pub conversation_id: ConversationId,
    /// Who sends it, a participant of the conversation.
    pub sender_id: UserId,
    /// Whom it is for.
    pub recipient: Recipient,
    /// What it says.
    pub content: Content<FileId>,
    /// When it is sent.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::word("hi")]
    #[case::kept_spaces("  hi \n")]
    #[case::control("bell \u{7}")]
    #[case::marks("\u{202e}עברית\u{200f} 👩‍💻")]
    fn bodies_are_kept_byte_for_byte(#[case] text: &str) {
        assert_eq!(MessageBody::parse(text).unwrap().as_str(), text);
    }

    #[rstest]
    #[case::empty("", Fault::Length)]
    #[case::blank(" \t\n", Fault::Format)]
    #[case::wide_blank("\u{3000}\u{2003}", Fault::Format)]
    #[case::nul("a\0b", Fault::Format)]
    fn bodies_that_fail(#[case] text: &str, #[case] fault: Fault) {
        assert_eq!(MessageBody::parse(text).unwrap_err().fault, fault);
    }

    #[test]
    fn a_body_ends_at_16384_bytes() {
        assert!(MessageBody::parse("é".repeat(8_192)).is_ok());
        assert_eq!(
            MessageBody::parse("é".repeat(8_193)).unwrap_err().fault,
            Fault::Length
        );
    }

    #[test]
    fn a_caption_may_be_blank_but_not_empty() {
        assert!(Caption::parse(" ").is_ok());
        assert_eq!(Caption::parse("").unwrap_err().fault, Fault::Length);
        assert_eq!(Caption::parse("\0").unwrap_err().fault, Fault::Format);
    }

    #[test]
    fn names_and_kinds_are_one_to_one() {
        for kind in MessageKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("Text".parse::<MessageKind>(), Err(UnknownMessageKind));
    }
}
