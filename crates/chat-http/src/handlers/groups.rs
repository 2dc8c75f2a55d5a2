//! `/groups`

use actix_web::HttpRequest;
use chat_domain::GroupId;
use chat_service::{CreatedGroup, DeleteGroup};

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::groups::{CreateGroup, GroupJson};
use crate::dto::paths::IdPath;
use crate::input::{Ask, Command, Deletion};
use crate::reply::Reply;

pub(crate) async fn create(service: Service, command: Command<CreateGroup>) -> Answer {
    let create = command.body.parse()?;
    let created = |created: &CreatedGroup| {
        let location = format!("/groups/{}", created.group.id);
        let shown = GroupJson::from(&created.group);
        Reply::created_with(location, &GroupJson::from(created), &shown)
    };
    command.change.make(&service, create, created).await
}

pub(crate) async fn show(service: Service, request: HttpRequest, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(GroupId::parse)?;
    let group = acting.told(service.group(acting.actor(), id).await)?;
    answer::resource(&request, &GroupJson::from(&group))
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let group = deletion.path.id(GroupId::parse)?;
    let delete = DeleteGroup { group };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
