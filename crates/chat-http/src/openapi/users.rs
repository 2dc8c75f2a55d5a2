//! Users in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::dto::paging::PageQuery;
use crate::dto::users::{CreateUser, FoundUserJson, UpdateUser, UserJson};
use crate::problem::code;

const IF_MATCH: &str = "Validators of the user; it is changed only if it has one of them.";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::change("POST", "/users", "create_user")
            .about("Users", "Create a user", "Only the system creates users.")
            .body::<CreateUser>(json!({"username": "ada", "email": "ada@example.org"}))
            .creates::<UserJson<'_>>("The new user.", examples::user())
            .refuses(&[
                &code::FORBIDDEN,
                &code::USERNAME_TAKEN,
                &code::EMAIL_TAKEN,
                &code::EXTERNAL_ID_TAKEN,
            ]),
        Operation::ask("/users", "list_users")
            .about("Users", "List users", "By id.")
            .query::<PageQuery>()
            .lists::<UserJson<'_>>("A page of users.", json!([examples::user()])),
        Operation::ask("/users/{id}", "get_user")
            .about(
                "Users",
                "Fetch a user",
                "Of one that was deleted, what is left of it.",
            )
            .gives::<FoundUserJson<'_>>(200, "The user.", examples::user())
            .refuses(&[&code::USER_NOT_FOUND]),
        Operation::change("PATCH", "/users/{id}", "update_user")
            .about(
                "Users",
                "Change a user",
                "For the user itself and the system. What is absent stays as it is, and `null` clears.",
            )
            .header("If-Match", false, IF_MATCH, "\"2cf24dba5fb0a30e\"")
            .body::<UpdateUser>(json!({"display_name": "Ada Lovelace"}))
            .gives::<UserJson<'_>>(200, "The user as it is now.", examples::user())
            .refuses(&[
                &code::FORBIDDEN,
                &code::USER_NOT_FOUND,
                &code::FILE_NOT_FOUND,
                &code::PRECONDITION_FAILED,
                &code::USERNAME_TAKEN,
                &code::EMAIL_TAKEN,
                &code::EXTERNAL_ID_TAKEN,
            ]),
        Operation::change("DELETE", "/users/{id}", "delete_user")
            .about(
                "Users",
                "Delete a user",
                "For the user itself and the system. Its names are erased and free, and it leaves its \
                 groups; its messages stay.",
            )
            .header("If-Match", false, IF_MATCH, "\"2cf24dba5fb0a30e\"")
            .does()
            .refuses(&[
                &code::FORBIDDEN,
                &code::USER_NOT_FOUND,
                &code::PRECONDITION_FAILED,
                &code::OWNER_MUST_TRANSFER,
            ]),
    ]
}
