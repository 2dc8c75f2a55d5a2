//! Schemas that no shape of `dto` gives by itself: of plain values, of problems, and of the one request
//! whose fields depend on each other.

use std::borrow::Cow;

use chat_domain::{MAX_ID, ThumbnailSize};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Components, ComponentsBuilder, Object, ObjectBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::dto::events::EventJson;
use crate::dto::{events, files, groups, members, messages, overviews, receipts, tickets, users};
use crate::handlers::health::Health;
use crate::problem::{FieldError, code};

macro_rules! schema {
    ($(#[$doc:meta])* $type:ident as $name:literal: $schema:expr) => {
        $(#[$doc])*
        pub(crate) struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

schema!(
    /// What names a thing.
    Id as "Id": ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(MAX_ID))
        .description(Some("A positive integer below 2^53."))
);

schema!(
    /// What a member of a group is.
    RoleName as "Role": names(&["owner", "admin", "member"])
);

schema!(
    /// What a message carries.
    MessageKindName as "MessageType": names(&["text", "image", "file"])
);

schema!(
    /// What kind of conversation it is.
    ConversationKindName as "ConversationKind": names(&["direct", "group"])
);

schema!(
    /// What has happened.
    EventKindName as "EventKind": names(&[
        "message.created", "message.deleted", "message.seen",
        "group.created", "group.updated", "group.deleted",
        "member.added", "member.role_changed", "member.removed",
        "user.updated", "user.deleted",
    ])
);

schema!(
    /// What is stored nowhere.
    EphemeralKindName as "EphemeralKind": names(&["typing", "presence"])
);

schema!(
    /// How large a thumbnail can be.
    ThumbnailPixels as "ThumbnailSize": ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(ThumbnailSize::ALL))
);

schema!(
    /// Which kind of rule a field breaks.
    FaultName as "Fault": names(&[
        "required", "type", "unknown", "repeated", "length", "format", "range", "conflict",
    ])
);

schema!(
    /// Every code there is; which of them an operation can have stands with it.
    CodeName as "Code": names(&code::ALL.iter().map(|code| code.name).collect::<Vec<_>>())
);

schema!(
    /// RFC 9457 problem details.
    ProblemSchema as "Problem": ObjectBuilder::new()
        .description(Some("RFC 9457 problem details; branch on `code`."))
        .property("type", text("What kind of problem it is, as a URI reference."))
        .property("title", text("The code in words."))
        .property("status", ObjectBuilder::new().schema_type(Type::Integer))
        .property("detail", text("What is wrong with this request."))
        .property("code", Ref::from_schema_name(CodeName::name()))
        .property("request_id", text("The answer's `X-Request-Id`."))
        .property(
            "errors",
            ArrayBuilder::new().items(Ref::from_schema_name(FieldError::name())),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("code")
        .required("request_id")
);

schema!(
    /// The body of `POST /messages`: which fields go together.
    CreateMessageSchema as "CreateMessage": OneOfBuilder::new()
        .item(message("A text to a user", "receiver_id", "group_id", text_message))
        .item(message("A text to a group", "group_id", "receiver_id", text_message))
        .item(message("A file to a user", "receiver_id", "group_id", file_message))
        .item(message("A file to a group", "group_id", "receiver_id", file_message))
        .description(Some("Exactly one of `receiver_id` and `group_id` says whom it is for."))
);

schema!(
    /// What a poll is answered with.
    EventsPageSchema as "EventsPage": ObjectBuilder::new()
        .property(
            "events",
            ArrayBuilder::new().items(Ref::from_schema_name(EventJson::name())),
        )
        .property("cursor", text("From where on to ask next, whether there were events or not."))
        .property(
            "more",
            ObjectBuilder::new()
                .schema_type(Type::Boolean)
                .description(Some("Whether there is more to be read at once; a page may have no events and yet say so.")),
        )
        .required("events")
        .required("cursor")
        .required("more")
);

schema!(
    /// The form of `POST /files`.
    UploadFile as "UploadFile": ObjectBuilder::new()
        .property("file", file())
        .required("file")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
);

schema!(
    /// The form of `POST /messages`.
    SendFile as "SendFile": ObjectBuilder::new()
        .description(Some("Exactly one of `receiver_id` and `group_id` says whom it is for."))
        .property("file", file())
        .property("sender_id", Ref::from_schema_name(Id::name()))
        .property("receiver_id", Ref::from_schema_name(Id::name()))
        .property("group_id", Ref::from_schema_name(Id::name()))
        .property("type", names(&["image", "file"]))
        .property("content", text("The caption, as in a message of JSON."))
        .required("file")
        .required("type")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
);

/// The field of a form that has the file.
fn file() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .content_media_type("application/octet-stream")
        .description(Some("The file, with its name."))
        .build()
}

/// All schemas that the document refers to.
pub(super) fn components() -> Components {
    let mut found = Vec::new();
    fn add<T: ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(found);
        found.push((T::name().into(), T::schema()));
    }
    add::<Id>(&mut found);
    add::<MessageKindName>(&mut found);
    add::<ThumbnailPixels>(&mut found);
    add::<CodeName>(&mut found);
    add::<FaultName>(&mut found);
    add::<FieldError>(&mut found);
    add::<ProblemSchema>(&mut found);
    add::<Health>(&mut found);
    add::<users::CreateUser>(&mut found);
    add::<users::UpdateUser>(&mut found);
    add::<users::UserJson<'_>>(&mut found);
    add::<users::FoundUserJson<'_>>(&mut found);
    add::<users::DeletedUserJson>(&mut found);
    add::<groups::CreateGroup>(&mut found);
    add::<groups::UpdateGroup>(&mut found);
    add::<groups::GroupJson<'_>>(&mut found);
    add::<members::AddMember>(&mut found);
    add::<members::MemberJson>(&mut found);
    add::<CreateMessageSchema>(&mut found);
    add::<messages::MessageJson<'_>>(&mut found);
    add::<receipts::MarkMessage>(&mut found);
    add::<receipts::SeenJson>(&mut found);
    add::<receipts::ReceiptJson>(&mut found);
    add::<receipts::UnseenJson<'_>>(&mut found);
    add::<ConversationKindName>(&mut found);
    add::<EventKindName>(&mut found);
    add::<EphemeralKindName>(&mut found);
    add::<overviews::SyncJson<'_>>(&mut found);
    add::<EventJson<'_>>(&mut found);
    add::<events::EphemeralJson>(&mut found);
    add::<events::ReadyJson>(&mut found);
    add::<EventsPageSchema>(&mut found);
    add::<tickets::TicketJson<'_>>(&mut found);
    add::<files::CreateFile>(&mut found);
    add::<files::FileJson<'_>>(&mut found);
    add::<UploadFile>(&mut found);
    add::<SendFile>(&mut found);
    ComponentsBuilder::new().schemas_from_iter(found).build()
}

fn names(names: &[&str]) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names.iter().copied()))
        .build()
}

fn text(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .build()
}

/// A message with the one field, and without the other.
fn message(
    title: &str,
    with: &str,
    without: &str,
    of_kind: fn(ObjectBuilder) -> ObjectBuilder,
) -> Object {
    let sender = OneOfBuilder::new()
        .item(Ref::from_schema_name(Id::name()))
        .item(null())
        .description(Some(
            "The acting user; it may be left out when `X-User-Id` names it.",
        ));
    let fields = ObjectBuilder::new()
        .title(Some(title))
        .property("sender_id", sender)
        .property(with, Ref::from_schema_name(Id::name()))
        .property(without, null())
        .required(with)
        .required("type");
    of_kind(fields)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .build()
}

fn text_message(fields: ObjectBuilder) -> ObjectBuilder {
    let content =
        "Something besides white space. At most 16,384 bytes of UTF-8, any character but NUL.";
    let content = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(16_384))
        .description(Some(content));
    fields
        .property("type", names(&["text"]))
        .property("content", content)
        .property("file_id", null())
        .required("content")
}

fn file_message(fields: ObjectBuilder) -> ObjectBuilder {
    let caption = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .max_length(Some(16_384))
        .description(Some(
            "The caption: at most 16,384 bytes of UTF-8, any character but NUL.",
        ));
    fields
        .property("type", names(&["image", "file"]))
        .property("content", caption)
        .property("file_id", Ref::from_schema_name(Id::name()))
        .required("file_id")
}

fn null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}
