//! `/groups`

use chat_domain::GroupId;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::groups::{CreateGroup, GroupJson};
use crate::dto::paths::IdPath;
use crate::input::{Ask, Command};

pub(crate) async fn create(service: Service, command: Command<CreateGroup>) -> Answer {
    let acting = command.acting;
    let (name, owner) = command.body.parse()?;
    let created = acting.told(service.create_group(acting.actor(), name, owner).await)?;
    let location = format!("/groups/{}", created.group.id);
    answer::created(&location, &GroupJson::from(&created))
}

pub(crate) async fn show(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(GroupId::parse)?;
    let group = acting.told(service.group(acting.actor(), id).await)?;
    answer::ok(&GroupJson::from(&group))
}

pub(crate) async fn delete(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(GroupId::parse)?;
    acting.told(service.delete_group(acting.actor(), id).await)?;
    Ok(answer::done())
}
