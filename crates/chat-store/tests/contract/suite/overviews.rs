//! A user's list of conversations, and what else is asked of many at once.

use chat_domain::{
    ConversationKind, FoundMessage, FoundUser, MessageId, Overview, Role, UserId, With,
};

use crate::harness::{Db, at, limit, pair};

fn overviews(db: &Db, user: UserId) -> Vec<Overview> {
    let page = db.read(move |tx| tx.overviews(user, None, limit(50)));
    assert!(!page.more);
    page.items
}

#[test]
fn a_list_shows_each_conversation_as_it_is_to_its_user() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    let group = db.group("team", &[bob, ada]);
    let hello = db.tell(ada, bob, "hello");
    db.say(&group, bob, "one");
    let two = db.say(&group, bob, "two");
    db.delete(&two);
    db.tell(bob, eve, "not for ada");
    let list = overviews(&db, ada);
    assert_eq!(list.len(), 2);
    let [of_group, direct] = &list[..] else {
        panic!("{list:?}")
    };
    assert_eq!(of_group.conversation_id, group.conversation_id);
    match &of_group.with {
        With::Group { group: shown, role } => {
            assert_eq!((shown.id, *role), (group.id, Role::Member));
            assert_eq!(shown.member_count, 2);
        }
        With::User(_) => panic!("{of_group:?}"),
    }
    assert_eq!(of_group.last_seq.get(), 2);
    assert_eq!(of_group.last_message.as_ref().unwrap().seq.get(), 1);
    assert_eq!(direct.last_message.as_ref(), Some(&hello));
    assert!(matches!(&direct.with, With::User(FoundUser::Living(user)) if user.id == bob));
    // Ada's own is not unseen to her; to bob it is.
    assert_eq!(direct.unseen_count, 0);
    let of_bob = overviews(&db, bob);
    let unseen: i64 = of_bob.iter().map(|one| one.unseen_count).sum();
    assert_eq!(unseen, db.unseen(bob));
    assert_eq!(unseen, 1);
}

#[test]
fn a_list_goes_on_after_any_conversation() {
    let db = fresh!();
    let [ada, bob, eve, mia] = db.users(["ada", "bob", "eve", "mia"]);
    let ids: Vec<_> = [bob, eve, mia]
        .map(|peer| db.tell(peer, ada, "hi").conversation_id)
        .into();
    let page = |after: Option<usize>, most| {
        let after = after.map(|place| ids[place]);
        let page = db.read(move |tx| tx.overviews(ada, after, limit(most)));
        let shown: Vec<_> = page.items.iter().map(|one| one.conversation_id).collect();
        (shown, page.more)
    };
    assert_eq!(page(None, 2), (ids[..2].to_vec(), true));
    assert_eq!(page(Some(1), 2), (ids[2..].to_vec(), false));
    assert_eq!(page(None, 3), (ids.clone(), false));
    assert_eq!(page(Some(2), 2), (vec![], false));
}

#[test]
fn who_was_deleted_is_shown_as_that_and_a_deleted_group_not_at_all() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    db.tell(bob, ada, "bye");
    db.delete_group(&group);
    db.write(move |tx| {
        let user = tx.user(bob)?.unwrap();
        tx.delete_user(&user, at(9))
    });
    let list = overviews(&db, ada);
    assert_eq!(list.len(), 1, "{list:?}");
    assert!(matches!(&list[0].with, With::User(FoundUser::Deleted(user)) if user.id == bob));
}

#[test]
fn directs_are_those_of_a_user_with_the_other_one() {
    let db = fresh!();
    let [ada, bob, eve] = db.users(["ada", "bob", "eve"]);
    db.group("team", &[ada, bob]);
    let [first, second] = [bob, eve].map(|peer| db.direct(ada, peer).id);
    assert_eq!(
        db.read(move |tx| tx.directs(ada)),
        [(first, bob), (second, eve)]
    );
    assert_eq!(db.read(move |tx| tx.directs(bob)), [(first, ada)]);
}

#[test]
fn kinds_are_known_of_deleted_groups_too() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    let direct = db.direct(ada, bob).id;
    db.delete_group(&group);
    let (group_id, place) = (group.id, group.conversation_id);
    let unknown = chat_domain::ConversationId::parse(99).unwrap();
    let mut kinds = db.read(move |tx| tx.kinds_of(&[direct, unknown, place]));
    kinds.sort_by_key(|(id, _)| id.get());
    assert_eq!(
        kinds,
        [
            (place, ConversationKind::Group(group_id)),
            (direct, ConversationKind::Direct(pair(ada, bob))),
        ]
    );
    assert!(db.read(|tx| tx.kinds_of(&[])).is_empty());
    let shown = db.read(move |tx| tx.any_group_of(place)).unwrap();
    assert_eq!((shown.id, shown.conversation_id), (group_id, place));
    assert_eq!(db.read(move |tx| tx.any_group_of(direct)), None);
}

#[test]
fn messages_are_found_whether_they_are_there_or_were() {
    let db = fresh!();
    let [ada, bob] = db.users(["ada", "bob"]);
    let group = db.group("team", &[ada]);
    let file = db.file();
    let picture = db.show(ada, bob, &file, Some("look"));
    let gone = db.tell(ada, bob, "gone");
    let with_group = db.say(&group, ada, "gone too");
    db.delete(&gone);
    db.delete_group(&group);
    let ids = [
        picture.id,
        gone.id,
        with_group.id,
        MessageId::parse(99).unwrap(),
    ];
    let mut found = db.read(move |tx| tx.found_messages(&ids));
    found.sort_by_key(|message| message.id().get());
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], FoundMessage::Living(picture));
    for (left, message) in found[1..].iter().zip([&gone, &with_group]) {
        let FoundMessage::Deleted(left) = left else {
            panic!("{left:?}");
        };
        assert_eq!((left.id, left.seq), (message.id, message.seq));
        assert_eq!(left.recipient, message.recipient);
        assert_eq!(left.kind, message.content.kind());
    }
    assert!(db.read(|tx| tx.found_messages(&[])).is_empty());
}
