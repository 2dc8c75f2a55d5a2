//! `/files`

use chat_domain::{File, FileId};

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::files::{CreateFile, FileJson};
use crate::dto::paths::IdPath;
use crate::input::{Ask, Command};
use crate::reply::Reply;

pub(crate) async fn create(service: Service, command: Command<CreateFile>) -> Answer {
    let create = command.body.parse()?;
    let created =
        |file: &File| Reply::created(format!("/files/{}", file.id), &FileJson::from(file));
    command.change.make(&service, create, created).await
}

pub(crate) async fn show(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let file = acting.told(service.file(acting.actor(), id).await)?;
    answer::ok(&FileJson::from(&file))
}
