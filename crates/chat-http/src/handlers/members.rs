//! `/groups/:id/members`

use actix_web::HttpRequest;
use chat_domain::{GroupId, Member};

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::members::{AddMember, MemberJson};
use crate::dto::paging::PageQuery;
use crate::dto::paths::{IdPath, MemberPath};
use crate::input::{Ask, Command, Deletion};
use crate::reply::Reply;

pub(crate) async fn add(service: Service, command: Command<AddMember, IdPath>) -> Answer {
    let put = command.body.parse(command.path.id(GroupId::parse)?)?;
    let reply = |(member, added): &(Member, bool)| {
        Reply::created_or_found(*added, &MemberJson::from(member))
    };
    command.change.make(&service, put, reply).await
}

pub(crate) async fn remove(service: Service, deletion: Deletion<MemberPath>) -> Answer {
    let remove = deletion.path.parse()?;
    deletion
        .change
        .make(&service, remove, |()| Reply::done())
        .await
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
