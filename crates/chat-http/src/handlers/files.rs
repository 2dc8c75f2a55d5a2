//! `/files`

use actix_web::{FromRequest, HttpRequest};
use chat_domain::{File, FileId};
use chat_service::DeleteFile;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::files::{CreateFile, FileJson};
use crate::dto::paths::IdPath;
use crate::fields::Nothing;
use crate::form;
use crate::input::{Ask, Command, Deletion};
use crate::reply::{Made, Reply};

/// A file as a form, or one that lies elsewhere as JSON.
pub(crate) async fn create(service: Service, request: HttpRequest) -> Answer {
    if form::is_form(&request) {
        let command = form::read::<Nothing>(&request, &service).await?;
        return command.change.make(&service, command.file, created).await;
    }
    let command = Command::<CreateFile>::extract(&request).await?;
    let create = command.body.parse()?;
    command.change.make(&service, create, created).await
}

fn created(file: &File) -> Made {
    Reply::created(format!("/files/{}", file.id), &FileJson::from(file))
}

pub(crate) async fn show(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let file = acting.told(service.file(acting.actor(), id).await)?;
    answer::ok(&FileJson::from(&file))
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let file = deletion.path.id(FileId::parse)?;
    let delete = DeleteFile { file };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
