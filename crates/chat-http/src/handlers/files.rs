//! `/files`

use chat_domain::FileId;

use super::Service;
use crate::answer::{self, Answer};
use crate::dto::files::{CreateFile, FileJson};
use crate::dto::paths::IdPath;
use crate::input::{Ask, Command};

pub(crate) async fn create(service: Service, command: Command<CreateFile>) -> Answer {
    let acting = command.acting;
    let file = command.body.parse()?;
    let file = acting.told(service.create_external_file(acting.actor(), file).await)?;
    answer::created(&format!("/files/{}", file.id), &FileJson::from(&file))
}

pub(crate) async fn show(service: Service, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let file = acting.told(service.file(acting.actor(), id).await)?;
    answer::ok(&FileJson::from(&file))
}
