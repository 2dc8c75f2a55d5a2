//! The shapes of answers, byte for byte: fields, their order, and what is left out.

use chat_domain::{
    Caption, Content, File, FileId, FileName, FileSize, FileUrl, Group, GroupId, GroupName,
    MediaType, Member, Recipient, Role, Unseen, UnseenDirect, UnseenGroup, UserId, Username,
};
use chat_service::CreatedGroup;
use serde::Serialize;

use super::files::FileJson;
use super::groups::GroupJson;
use super::messages::MessageJson;
use super::receipts::UnseenJson;
use crate::testing::{at, message};

const TIMES: &str =
    r#""created_at":"2026-11-22T10:21:00.123Z","updated_at":"2026-11-22T10:21:00.123Z""#;

/// Compares with what is expected, `TIMES` standing for the two times.
#[track_caller]
fn assert_json(thing: &impl Serialize, expected: &str) {
    let expected = expected.replace("TIMES", TIMES);
    assert_eq!(serde_json::to_string(thing).unwrap(), expected);
}

fn user(id: i64) -> UserId {
    UserId::parse(id).unwrap()
}

fn group(id: i64) -> GroupId {
    GroupId::parse(id).unwrap()
}

fn image() -> File {
    File {
        id: FileId::parse(1).unwrap(),
        url: FileUrl::parse("https://example.org/a.png").unwrap(),
        blob_id: None,
        name: FileName::parse("a.png").ok(),
        size: FileSize::parse(5120).ok(),
        media_type: MediaType::parse("image/png").ok(),
        uploader_id: Some(user(1)),
        deleted: false,
        created_at: at(),
        updated_at: at(),
    }
}

#[test]
fn a_file_tells_what_is_known_of_it() {
    assert_json(
        &FileJson::from(&image()),
        r#"{"id":1,"url":"https://example.org/a.png","name":"a.png","size":5120,"type":"image/png",TIMES}"#,
    );
    let bare = File {
        name: None,
        size: None,
        media_type: None,
        ..image()
    };
    assert_json(
        &FileJson::from(&bare),
        r#"{"id":1,"url":"https://example.org/a.png",TIMES}"#,
    );
}

#[test]
fn a_text_of_a_group() {
    assert_json(
        &MessageJson::from(&message(9)),
        r#"{"id":9,"conversation_id":3,"seq":4,"sender_id":1,"group_id":1,"type":"text","content":"hi",TIMES}"#,
    );
}

#[test]
fn an_image_of_a_direct_conversation() {
    let mut message = message(9);
    message.recipient = Recipient::User(user(2));
    message.content = Content::Image {
        file: File {
            name: None,
            size: None,
            ..image()
        },
        caption: Caption::parse("look").ok(),
    };
    assert_json(
        &MessageJson::from(&message),
        concat!(
            r#"{"id":9,"conversation_id":3,"seq":4,"sender_id":1,"receiver_id":2,"type":"image","#,
            r#""content":"look","file_id":1,"#,
            r#""file":{"id":1,"url":"https://example.org/a.png","type":"image/png",TIMES},TIMES}"#,
        ),
    );
}

#[test]
fn a_group_has_its_members_when_it_is_made() {
    let group = Group {
        id: group(1),
        conversation_id: message(1).conversation_id,
        name: GroupName::parse("Project Team").unwrap(),
        member_count: 1,
        created_at: at(),
        updated_at: at(),
    };
    let owner = Member {
        group_id: group.id,
        user_id: user(1),
        role: Role::Owner,
        created_at: at(),
        updated_at: at(),
    };
    assert_json(
        &GroupJson::from(&group),
        r#"{"id":1,"name":"Project Team","member_count":1,TIMES}"#,
    );
    let created = CreatedGroup {
        group,
        members: vec![owner],
    };
    assert_json(
        &GroupJson::from(&created),
        concat!(
            r#"{"id":1,"name":"Project Team","member_count":1,TIMES,"#,
            r#""members":[{"group_id":1,"user_id":1,"role":"owner",TIMES}]}"#,
        ),
    );
}

#[test]
fn unseen_counts_have_a_total() {
    let unseen = Unseen {
        direct: vec![UnseenDirect {
            user_id: user(1),
            username: Username::parse("ada").unwrap(),
            count: 5,
        }],
        groups: vec![UnseenGroup {
            group_id: group(1),
            group_name: GroupName::parse("Project Team").unwrap(),
            count: 4,
        }],
    };
    assert_json(
        &UnseenJson::from(&unseen),
        concat!(
            r#"{"direct_messages":[{"user_id":1,"username":"ada","unseen_count":5}],"#,
            r#""group_messages":[{"group_id":1,"group_name":"Project Team","unseen_count":4}],"#,
            r#""total":9}"#,
        ),
    );
    assert_json(
        &UnseenJson::from(&Unseen::default()),
        r#"{"direct_messages":[],"group_messages":[],"total":0}"#,
    );
}
