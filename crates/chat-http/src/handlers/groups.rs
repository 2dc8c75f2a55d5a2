//! `/groups`

use actix_web::HttpRequest;
use chat_domain::{Group, GroupId};
use chat_service::{CreatedGroup, DeleteGroup};

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::groups::{CreateGroup, GroupJson, UpdateGroup};
use crate::dto::paging::GroupsQuery;
use crate::dto::paths::IdPath;
use crate::fields::Nothing;
use crate::input::{Amendment, Ask, Command, Deletion};
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

pub(crate) async fn list(
    service: Service,
    request: HttpRequest,
    ask: Ask<Nothing, GroupsQuery>,
) -> Answer {
    let acting = ask.acting;
    let (after, limit) = ask.query.parse()?;
    let groups = acting.told(service.groups(acting.actor(), after, limit).await)?;
    answer::page::<_, GroupJson>(&request, &groups, |group| group.id.get())
}

pub(crate) async fn update(service: Service, amendment: Amendment<UpdateGroup, IdPath>) -> Answer {
    let update = amendment.body.parse(amendment.path.id(GroupId::parse)?)?;
    let updated = |group: &Group| Reply::changed(&GroupJson::from(group));
    amendment.change.make(&service, update, updated).await
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let group = deletion.path.id(GroupId::parse)?;
    let delete = DeleteGroup { group };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
