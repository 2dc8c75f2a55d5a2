//! Users in the document.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::dto::paging::PageQuery;
use crate::dto::users::{CreateUser, FoundUserJson, UserJson};
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
            .gives::<FoundUserJson<'_>>(200, "The user.", examples::user())
            .refuses(&[&code::USER_NOT_FOUND]),
    ]
}
