//! `/messages`

use actix_web::HttpRequest;
use chat_domain::MessageId;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::messages::{CreateMessage, MessageJson};
use crate::dto::paths::IdPath;
use crate::dto::windows::MessagesQuery;
use crate::fields::Nothing;
use crate::input::{Ask, Command};

pub(crate) async fn send(service: Service, command: Command<CreateMessage>) -> Answer {
    let acting = command.acting;
    let send = command.body.parse()?;
    let message = acting.told(service.send(acting.actor(), send).await)?;
    let location = format!("/messages/{}", message.id);
    answer::created(&location, &MessageJson::from(&message))
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

pub(crate) async fn delete(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(MessageId::parse)?;
    acting.told(service.delete_message(acting.actor(), id).await)?;
    Ok(answer::done())
}
