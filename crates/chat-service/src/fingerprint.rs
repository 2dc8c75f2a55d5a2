//! By what a command is known when it comes again: a digest of the use case and of every field.
//!
//! It is taken of the parsed command, so that a transport's spelling does not matter: white space in
//! JSON, the order of its fields, or whether it came by REST at all. Digests are stored: how a command
//! is told must stay as it is, or a retry across an update is refused.

use chat_domain::{BlobHash, Content, FileId, Fingerprint, Recipient};
use sha2::{Digest, Sha256};

use crate::{Command, Field};

/// Takes a command's name and fields, one after the other in a fixed order.
pub struct Fields(Sha256);

impl Fields {
    /// The fingerprint of a command.
    pub(crate) fn of(command: &impl Command) -> Fingerprint {
        let mut fields = Self(Sha256::new());
        command.tell(&mut fields);
        Fingerprint::from_bytes(fields.0.finalize().into())
    }

    /// Takes a text. Its length goes first, so that what ends one field can't begin the next.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    /// Takes the hash of a file's bytes.
    pub fn hash(&mut self, hash: BlobHash) -> &mut Self {
        self.0.update(hash.as_bytes());
        self
    }

    /// Takes a number.
    pub fn number(&mut self, number: i64) -> &mut Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// Takes a field that may be absent.
    pub fn perhaps<T>(
        &mut self,
        value: Option<T>,
        tell: impl FnOnce(&mut Self, T) -> &mut Self,
    ) -> &mut Self {
        self.number(value.is_some().into());
        match value {
            Some(value) => tell(self, value),
            None => self,
        }
    }

    /// Takes what becomes of a field that may be empty.
    pub(crate) fn field<T>(
        &mut self,
        field: &Field<T>,
        tell: impl for<'f> FnOnce(&'f mut Self, &T) -> &'f mut Self,
    ) -> &mut Self {
        match field {
            Field::Keep => self.number(0),
            Field::Clear => self.number(1),
            Field::Set(value) => tell(self.number(2), value),
        }
    }

    pub(crate) fn recipient(&mut self, recipient: Recipient) -> &mut Self {
        match recipient {
            Recipient::User(id) => self.text("user").number(id.get()),
            Recipient::Group(id) => self.text("group").number(id.get()),
        }
    }

    pub(crate) fn content(&mut self, content: &Content<FileId>) -> &mut Self {
        self.text(content.kind().as_str())
            .perhaps(content.text(), Self::text)
            .perhaps(content.file(), |fields, file| fields.number(file.get()))
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{
        Blob, BlobId, Caption, DisplayName, EmailAddress, ExternalId, FileName, FileSize, FileUrl,
        GroupId, GroupName, MediaType, MessageBody, MessageId, Role, UploadId, UserId, Username,
    };

    use super::*;
    use crate::*;

    fn user(id: i64) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn group(id: i64) -> GroupId {
        GroupId::parse(id).unwrap()
    }

    fn send(recipient: Recipient, content: Content<FileId>) -> Fingerprint {
        let sender = user(1);
        Fields::of(&SendMessage {
            sender,
            recipient,
            content,
        })
    }

    fn text(text: &str) -> Content<FileId> {
        Content::Text(MessageBody::parse(text).unwrap())
    }

    fn image(caption: Option<&str>) -> Content<FileId> {
        Content::Image {
            file: FileId::parse(1).unwrap(),
            caption: caption.map(|text| Caption::parse(text).unwrap()),
        }
    }

    fn new_user(name: &str, email: &str) -> Fingerprint {
        Fields::of(&CreateUser {
            username: Username::parse(name).unwrap(),
            email: EmailAddress::parse(email).unwrap(),
            display_name: None,
            external_id: None,
        })
    }

    fn put(user_id: i64, role: Option<Role>) -> Fingerprint {
        let (group, user) = (group(1), user(user_id));
        Fields::of(&PutMember { group, user, role })
    }

    fn seen(message: i64, reader: i64, up_to: bool) -> Fingerprint {
        Fields::of(&MarkSeen {
            message: MessageId::parse(message).unwrap(),
            reader: user(reader),
            up_to,
        })
    }

    fn file(url: &str, name: Option<&str>, size: Option<i64>, kind: Option<&str>) -> Fingerprint {
        Fields::of(&CreateExternalFile {
            url: FileUrl::parse(url).unwrap(),
            name: name.map(|name| FileName::parse(name).unwrap()),
            size: size.map(|size| FileSize::parse(size).unwrap()),
            media_type: kind.map(|kind| MediaType::parse(kind).unwrap()),
        })
    }

    /// One of each command, and each again with one field changed.
    fn all() -> Vec<Fingerprint> {
        let url = "https://example.org/a";
        let new_group = |name, owner: Option<i64>| {
            Fields::of(&CreateGroup {
                name: GroupName::parse(name).unwrap(),
                owner: owner.map(user),
            })
        };
        let remove = |group_id, user_id| {
            let (group, user) = (group(group_id), user(user_id));
            Fields::of(&RemoveMember { group, user })
        };
        let delete_message = |id| {
            let message = MessageId::parse(id).unwrap();
            Fields::of(&DeleteMessage { message })
        };
        vec![
            new_user("ada", "ada@example.org"),
            new_user("adaa", "da@example.org"),
            new_user("ada", "ida@example.org"),
            new_group("team", None),
            new_group("team", Some(1)),
            new_group("teams", None),
            Fields::of(&DeleteGroup { group: group(1) }),
            Fields::of(&DeleteGroup { group: group(2) }),
            put(1, None),
            put(2, None),
            put(1, Some(Role::Member)),
            put(1, Some(Role::Admin)),
            remove(1, 2),
            remove(2, 1),
            send(Recipient::User(user(2)), text("hi")),
            send(Recipient::Group(group(2)), text("hi")),
            send(Recipient::User(user(2)), text("hi ")),
            send(Recipient::User(user(2)), image(None)),
            send(Recipient::User(user(2)), image(Some("hi"))),
            delete_message(1),
            delete_message(2),
            seen(1, 2, false),
            seen(2, 1, false),
            seen(1, 2, true),
            file(url, None, None, None),
            file("https://example.org/b", None, None, None),
            file(url, Some("a"), None, None),
            file(url, None, Some(1), None),
            file(url, None, None, Some("a/b")),
        ]
    }

    /// The same of what came with files.
    fn all_of_files() -> Vec<Fingerprint> {
        let name = |name| FileName::parse(name).ok();
        let store = |byte, name| StoreFile {
            received: ReceivedFile {
                blob: Blob {
                    id: BlobId::parse(1).unwrap(),
                    hash: BlobHash::from_bytes([byte; 32]),
                    size: FileSize::parse(5).unwrap(),
                    stored: true,
                },
                media_type: MediaType::parse("a/b").unwrap(),
            },
            name,
        };
        let send = |sender, recipient, as_image, caption: Option<&str>, file| {
            Fields::of(&SendFile {
                sender: user(sender),
                recipient,
                as_image,
                caption: caption.map(|text| Caption::parse(text).unwrap()),
                file,
            })
        };
        let [bob, team] = [Recipient::User(user(2)), Recipient::Group(group(2))];
        let delete = |id| {
            let file = FileId::parse(id).unwrap();
            Fields::of(&DeleteFile { file })
        };
        let end = |id| {
            let upload = UploadId::parse(id).unwrap();
            Fields::of(&DeleteUpload { upload })
        };
        let begin = |length, name, metadata: Option<&str>| {
            let length = FileSize::parse(length).unwrap();
            let metadata = metadata.map(str::to_owned);
            Fields::of(&CreateUpload::of(length, name, metadata))
        };
        vec![
            Fields::of(&store(1, None)),
            Fields::of(&store(2, None)),
            Fields::of(&store(1, name("a"))),
            send(1, bob, false, None, store(1, None)),
            send(3, bob, false, None, store(1, None)),
            send(1, team, false, None, store(1, None)),
            send(1, bob, true, None, store(1, None)),
            send(1, bob, false, Some("hi"), store(1, None)),
            send(1, bob, false, None, store(2, None)),
            send(1, bob, false, None, store(1, name("a"))),
            delete(1),
            delete(2),
            begin(5, None, None),
            begin(6, None, None),
            begin(5, name("a"), None),
            begin(5, None, Some("a")),
            end(1),
            end(2),
        ]
    }

    /// The same of what users are called, and of what becomes of them.
    fn all_of_users() -> Vec<Fingerprint> {
        let create = |display_name: Option<&str>, external_id: Option<&str>| {
            Fields::of(&CreateUser {
                username: Username::parse("ada").unwrap(),
                email: EmailAddress::parse("ada@example.org").unwrap(),
                display_name: display_name.map(|name| DisplayName::parse(name).unwrap()),
                external_id: external_id.map(|id| ExternalId::parse(id).unwrap()),
            })
        };
        let update = |change: fn(&mut UpdateUser)| {
            let mut update = UpdateUser::of(user(1));
            change(&mut update);
            Fields::of(&update)
        };
        vec![
            update(|_| ()),
            update(|update| update.user = user(2)),
            update(|update| update.username = Username::parse("a").ok()),
            update(|update| update.email = EmailAddress::parse("a@example.org").ok()),
            update(|update| update.display_name = Field::Clear),
            update(|update| update.display_name = Field::Set(DisplayName::parse("a").unwrap())),
            update(|update| update.avatar = Field::Clear),
            update(|update| update.avatar = Field::Set(FileId::parse(1).unwrap())),
            update(|update| update.external_id = Field::Clear),
            update(|update| update.external_id = Field::Set(ExternalId::parse("a").unwrap())),
            Fields::of(&DeleteUser { user: user(1) }),
            Fields::of(&DeleteUser { user: user(2) }),
            create(Some("a"), None),
            create(Some("b"), None),
            create(None, Some("a")),
            create(Some("a"), Some("a")),
        ]
    }

    /// The same of what changes a thing that is there.
    fn all_of_updates() -> Vec<Fingerprint> {
        let rename = |id, name: Option<&str>| {
            Fields::of(&UpdateGroup {
                group: group(id),
                name: name.map(|name| GroupName::parse(name).unwrap()),
            })
        };
        vec![
            rename(1, None),
            rename(2, None),
            rename(1, Some("team")),
            rename(1, Some("teams")),
        ]
    }

    #[test]
    fn a_precondition_is_not_told() {
        let delete = DeleteGroup { group: group(1) };
        let expected = Precondition::new(|_: &chat_domain::Group| Ok(false));
        assert_eq!(Fields::of(&delete.only_if(expected)), Fields::of(&delete));
    }

    #[test]
    fn every_field_counts() {
        let all = [all(), all_of_files(), all_of_users(), all_of_updates()].concat();
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }

    /// A change here refuses retries across an update.
    #[test]
    fn fingerprints_stay_what_they_are() {
        for (fingerprints, expected) in [
            (
                all(),
                "17c2817e59decfe2039e3d7834c81fdb5895b6a4d661052a365ee16f31d18041",
            ),
            (
                all_of_files(),
                "dea566b59db881381634437cbaa5210e34056d25aa59093a7308e35bb5f1950c",
            ),
            (
                all_of_users(),
                "66862e212edf21c3e9f885e67a0b0f60d8c842ffe13fe57fb4542279b730e38d",
            ),
            (
                all_of_updates(),
                "2fdb226e50c12e03b7355f892670d184ad8ce145107f6884dd2ff72d4a591d64",
            ),
        ] {
            let mut digest = Sha256::new();
            for fingerprint in fingerprints {
                digest.update(fingerprint.as_bytes());
            }
            let digest = BlobHash::from_bytes(digest.finalize().into());
            assert_eq!(digest.to_string(), expected);
        }
    }
}
