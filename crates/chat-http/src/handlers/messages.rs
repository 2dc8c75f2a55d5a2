//! `/messages`

use actix_web::HttpRequest;
use chat_domain::{Message, MessageId};
use chat_service::DeleteMessage;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::messages::{CreateMessage, MessageJson};
use crate::dto::paths::IdPath;
use crate::dto::windows::MessagesQuery;
use crate::fields::Nothing;
use crate::input::{Ask, Command, Deletion};
use crate::reply::Reply;

pub(crate) async fn send(service: Service, command: Command<CreateMessage>) -> Answer {
    let send = command.body.parse()?;
    let sent = |message: &Message| {
        let location = format!("/messages/{}", message.id);
        Reply::created(location, &MessageJson::from(message))
    };
    command.change.make(&service, send, sent).await
}

pub(crate) async fn list(
    service: Service,
    request: HttpRequest,
    ask: Ask<Nothing, MessagesQuery>,
) -> Answer {
    let acting = ask.acting;
    let list = ask.query.parse()?;
    let window = list.window;
    let page = acting.told(service.messages(acting.actor(), list).await)?;
    answer::messages(&request, &page, window)
}

pub(crate) async fn show(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(MessageId::parse)?;
    let message = acting.told(service.message(acting.actor(), id).await)?;
    answer::ok(&MessageJson::from(&message))
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let message = deletion.path.id(MessageId::parse)?;
    let delete = DeleteMessage { message };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
