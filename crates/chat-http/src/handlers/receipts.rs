//! `/messages/:id/seen` and `/messages/unseen`

use actix_web::HttpRequest;
use chat_domain::MessageId;
use chat_service::Seen;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::paging::PageQuery;
use crate::dto::paths::{IdPath, ReaderPath};
use crate::dto::receipts::{MarkMessage, ReceiptJson, SeenJson, UnseenJson};
use crate::input::{Ask, Command};
use crate::reply::Reply;

pub(crate) async fn mark(service: Service, command: Command<MarkMessage, IdPath>) -> Answer {
    let mark = command.body.parse(command.path.id(MessageId::parse)?)?;
    let seen = |seen: &Seen| Reply::ok(&SeenJson::from(*seen));
    command.change.make(&service, mark, seen).await
}

pub(crate) async fn list(
    service: Service,
    request: HttpRequest,
    ask: Ask<IdPath, PageQuery>,
) -> Answer {
    let acting = ask.acting;
    let message = ask.path.id(MessageId::parse)?;
    let (after, limit) = ask.query.parse()?;
    let receipts = acting.told(
        service
            .receipts(acting.actor(), message, after, limit)
            .await,
    )?;
    answer::page::<_, ReceiptJson>(&request, &receipts, |receipt| receipt.user_id.get())
}

pub(crate) async fn unseen(service: Service, ask: Ask<ReaderPath>) -> Answer {
    let acting = ask.acting;
    let user = ask.path.parse()?;
    let unseen = acting.told(service.unseen(acting.actor(), user).await)?;
    answer::ok(&UnseenJson::from(&unseen))
}
