//! Users in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::dto::paging::PageQuery;
use crate::dto::users::{CreateUser, FoundUserJson, UpdateUser, UserJson};
use crate::problem::code;

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
            .shows::<FoundUserJson<'_>>("The user.", examples::user())
            .refuses(&[&code::USER_NOT_FOUND]),
        Operation::change("PATCH", "/users/{id}", "update_user")
            .about(
                "Users",
                "Change a user",
                "For the user itself and the system. What is absent stays as it is, and `null` clears.",
            )
            .patch::<UpdateUser>(json!({"display_name": "Ada Lovelace"}))
            .if_matches()
            .leaves::<UserJson<'_>>("The user as it is now.", examples::user())
            .refuses(&[
                &code::FORBIDDEN,
                &code::USER_NOT_FOUND,
                &code::FILE_NOT_FOUND,
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
            .if_matches()
            .does()
            .refuses(&[
                &code::FORBIDDEN,
                &code::USER_NOT_FOUND,
                &code::OWNER_MUST_TRANSFER,
            ]),
    ]
}
