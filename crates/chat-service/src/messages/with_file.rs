//! A file and the message that carries it, in one transaction.

use chat_domain::ports::WriteTx;
use chat_domain::{Actor, Caption, Content, Message, MessageKind, Recipient, Timestamp, UserId};

use super::{SendMessage, send};
use crate::fingerprint::Fields;
use crate::{Command, ServiceError, StoreFile};

/// A file to be made known and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendFile {
    /// Who sends it; the actor itself, or anyone the system names.
    pub sender: UserId,
    /// Whom it is for.
    pub recipient: Recipient,
    /// Whether it is sent as an image; it must be one then.
    pub as_image: bool,
    /// The words under it.
    pub caption: Option<Caption>,
    /// The file; the actor becomes its uploader.
    pub file: StoreFile,
}

impl Command for SendFile {
    type Done = Message;

    fn tell(&self, fields: &mut Fields) {
        let Self {
            sender,
            recipient,
            as_image: _,
            caption,
            file,
        } = self;
        fields.text("send_file").number(sender.get());
        fields
            .recipient(*recipient)
            .text(self.kind().as_str())
            .perhaps(caption.as_ref(), |fields, caption| {
                fields.text(caption.as_str())
            });
        file.tell_bytes(fields);
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Message, ServiceError> {
        let file = self.file.run(tx, actor, at)?.id;
        let caption = self.caption.clone();
        let content = match self.kind() {
            MessageKind::Image => Content::Image { file, caption },
            MessageKind::Text | MessageKind::File => Content::File { file, caption },
        };
        let message = SendMessage {
            sender: self.sender,
            recipient: self.recipient,
            content,
        };
        send(tx, actor, &message, at).map_err(|error| match error {
            // Whoever sends the file itself gives no id of it.
            ServiceError::Invalid {
                field: "file_id",
                invalid,
            } => ServiceError::Invalid {
                field: "file",
                invalid,
            },
            error => error,
        })
    }
}

impl SendFile {
    fn kind(&self) -> MessageKind {
        if self.as_image {
            MessageKind::Image
        } else {
            MessageKind::File
        }
    }
}
