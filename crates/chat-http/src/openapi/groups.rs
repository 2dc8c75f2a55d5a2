//! Groups and their members in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::dto::groups::{CreateGroup, GroupJson, UpdateGroup};
use crate::dto::members::{AddMember, MemberJson};
use crate::dto::paging::{GroupsQuery, PageQuery};
use crate::problem::code;

pub(super) fn operations() -> Vec<Operation> {
    let mut created = examples::group();
    created["members"] = json!([examples::member()]);
    vec![
        Operation::change("POST", "/groups", "create_group")
            .about(
                "Groups",
                "Create a group",
                "The acting user becomes its owner. The system may name one, or leave the group without.",
            )
            .body::<CreateGroup>(json!({"name": "Project Team"}))
            .creates::<GroupJson<'_>>("The new group, with its members.", created)
            .refuses(&[&code::FORBIDDEN, &code::USER_NOT_FOUND, &code::GROUP_NAME_TAKEN]),
        Operation::ask("/groups", "list_groups")
            .about(
                "Groups",
                "List one's groups",
                "By id: those that the acting user is a member of. For the system all groups.",
            )
            .query::<GroupsQuery>()
            .lists::<GroupJson<'_>>("A page of groups.", json!([examples::group()])),
        Operation::ask("/groups/{id}", "get_group")
            .about("Groups", "Fetch a group", "")
            .shows::<GroupJson<'_>>("The group.", examples::group())
            .refuses(&[&code::GROUP_NOT_FOUND]),
        Operation::change("PATCH", "/groups/{id}", "update_group")
            .about(
                "Groups",
                "Change a group",
                "For its admins and the system. What is left out stays as it is.",
            )
            .patch::<UpdateGroup>(json!({"name": "Project Team"}))
            .if_matches()
            .leaves::<GroupJson<'_>>("The group as it is from now on.", examples::group())
            .refuses(&[&code::FORBIDDEN, &code::GROUP_NOT_FOUND, &code::GROUP_NAME_TAKEN]),
        Operation::change("DELETE", "/groups/{id}", "delete_group")
            .about(
                "Groups",
                "Delete a group",
                "For its owner and the system. Its messages and unseen counts are gone for everyone.",
            )
            .if_matches()
            .does()
            .refuses(&[&code::FORBIDDEN, &code::GROUP_NOT_FOUND]),
        Operation::change("POST", "/groups/{id}/members", "put_member")
            .about(
                "Groups",
                "Add a member, or change its role",
                "Admins add members; only the owner grants `admin` or changes roles. Granting `owner` \
                 hands the group over: the old owner becomes an admin.",
            )
            .body::<AddMember>(json!({"user_id": 2, "role": "member"}))
            .gives::<MemberJson>(200, "A member from before, with its role of now.", examples::member())
            .gives::<MemberJson>(201, "The new member.", examples::member())
            .refuses(&[
                &code::FORBIDDEN,
                &code::GROUP_NOT_FOUND,
                &code::USER_NOT_FOUND,
                &code::OWNER_MUST_TRANSFER,
            ]),
        Operation::ask("/groups/{id}/members", "list_members")
            .about("Groups", "List a group's members", "By user id.")
            .query::<PageQuery>()
            .lists::<MemberJson>("A page of members.", json!([examples::member()]))
            .refuses(&[&code::GROUP_NOT_FOUND]),
        Operation::change("DELETE", "/groups/{id}/members/{user_id}", "remove_member")
            .about(
                "Groups",
                "Remove a member, or leave",
                "Admins remove members, only the owner removes admins, everyone may leave. The last to \
                 leave deletes the group.",
            )
            .if_matches()
            .does()
            .refuses(&[
                &code::FORBIDDEN,
                &code::GROUP_NOT_FOUND,
                &code::MEMBER_NOT_FOUND,
                &code::OWNER_MUST_TRANSFER,
            ]),
    ]
}
