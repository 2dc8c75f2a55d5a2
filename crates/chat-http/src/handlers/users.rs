//! `/users`

use actix_web::HttpRequest;
use chat_domain::{UserId, VisibleUser};
use chat_service::DeleteUser;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::paging::PageQuery;
use crate::dto::paths::IdPath;
use crate::dto::users::{CreateUser, FoundUserJson, UpdateUser, UserJson};
use crate::fields::Nothing;
use crate::input::{Amendment, Ask, Command, Deletion};
use crate::reply::Reply;

pub(crate) async fn create(service: Service, command: Command<CreateUser>) -> Answer {
    let create = command.body.parse()?;
    let created =
        |user: &VisibleUser| Reply::created(format!("/users/{}", user.id), &UserJson::from(user));
    command.change.make(&service, create, created).await
}

pub(crate) async fn list(
    service: Service,
    request: HttpRequest,
    ask: Ask<Nothing, PageQuery>,
) -> Answer {
    let acting = ask.acting;
    let (after, limit) = ask.query.parse()?;
    let users = acting.told(service.users(acting.actor(), after, limit).await)?;
    answer::page::<_, UserJson>(&request, &users, |user| user.id.get())
}

pub(crate) async fn show(service: Service, request: HttpRequest, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(UserId::parse)?;
    let user = acting.told(service.user(acting.actor(), id).await)?;
    answer::resource(&request, &FoundUserJson::from(&user))
}

pub(crate) async fn update(service: Service, amendment: Amendment<UpdateUser, IdPath>) -> Answer {
    let user = amendment.path.id(UserId::parse)?;
    let update = amendment.body.parse(user)?;
    let updated = |user: &VisibleUser| Reply::changed(&UserJson::from(user));
    amendment.change.make(&service, update, updated).await
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let user = deletion.path.id(UserId::parse)?;
    let delete = DeleteUser { user };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
