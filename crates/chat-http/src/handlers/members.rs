//! `/groups/:id/members`

use actix_web::HttpRequest;
use chat_domain::GroupId;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::members::{AddMember, MemberJson};
use crate::dto::paging::PageQuery;
use crate::dto::paths::{IdPath, MemberPath};
use crate::input::{Ask, Command};

pub(crate) async fn add(service: Service, command: Command<AddMember, IdPath>) -> Answer {
    let acting = command.acting;
    let put = command.body.parse(command.path.id(GroupId::parse)?)?;
    let (member, added) = acting.told(service.put_member(acting.actor(), put).await)?;
    answer::created_or_found(added, &MemberJson::from(&member))
}

pub(crate) async fn remove(service: Service, ask: Ask<MemberPath>) -> Answer {
    let acting = ask.acting;
    let (group, user) = ask.path.parse()?;
    acting.told(service.remove_member(acting.actor(), group, user).await)?;
    Ok(answer::done())
}

pub(crate) async fn list(
    service: Service,
    request: HttpRequest,
    ask: Ask<IdPath, PageQuery>,
) -> Answer {
    let acting = ask.acting;
    let group = ask.path.id(GroupId::parse)?;
    let (after, limit) = ask.query.parse()?;
    let members = acting.told(service.members(acting.actor(), group, after, limit).await)?;
    answer::page::<_, MemberJson>(&request, &members, |member| member.user_id.get())
}
