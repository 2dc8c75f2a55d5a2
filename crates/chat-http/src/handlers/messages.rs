//! `/messages`

use actix_web::{FromRequest, HttpRequest};
use chat_domain::{Message, MessageId};
use chat_service::DeleteMessage;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::forms::SendFileForm;
use crate::dto::messages::{CreateMessage, MessageJson};
use crate::dto::paths::IdPath;
use crate::dto::windows::MessagesQuery;
use crate::fields::Nothing;
use crate::form;
use crate::input::{Ask, Command, Deletion};
use crate::reply::{Made, Reply};

/// A message as JSON, or as a form with the file that it carries.
pub(crate) async fn send(service: Service, request: HttpRequest) -> Answer {
    if form::is_form(&request) {
        let command = form::read::<SendFileForm>(&request, &service).await?;
        let send = command.body.parse(command.file)?;
        return command.change.make(&service, send, sent).await;
    }
    let command = Command::<CreateMessage>::extract(&request).await?;
    let send = command.body.parse()?;
    command.change.make(&service, send, sent).await
}

/// What is told of a message that was sent.
pub(crate) fn sent(message: &Message) -> Made {
    let location = format!("/messages/{}", message.id);
    Reply::created(location, &MessageJson::from(message))
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

pub(crate) async fn show(service: Service, request: HttpRequest, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(MessageId::parse)?;
    let message = acting.told(service.message(acting.actor(), id).await)?;
    answer::resource(&request, &MessageJson::from(&message))
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let message = deletion.path.id(MessageId::parse)?;
    let delete = DeleteMessage { message };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
