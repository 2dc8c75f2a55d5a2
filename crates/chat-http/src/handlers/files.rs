//! `/files`

use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest};
use chat_domain::{File, FileId};
use chat_service::DeleteFile;

use super::Service;
use crate::answer::{self, Answer};
use crate::content::{self, Content};
use crate::dto::files::{CreateFile, FileJson, ThumbnailQuery};
use crate::dto::paths::IdPath;
use crate::etag;
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

pub(crate) async fn show(service: Service, request: HttpRequest, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let file = acting.told(service.file(acting.actor(), id).await)?;
    answer::resource(&request, &FileJson::from(&file))
}

pub(crate) async fn content(service: Service, request: HttpRequest, ask: Ask<IdPath>) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let found = acting.told(service.file_content(acting.actor(), id).await)?;
    let shown = Content::of(&found);
    if request.method() == Method::GET
        && let Some(url) = service.content_link(&found, shown.terms()).await?
    {
        return Ok(answer::elsewhere(&url));
    }
    content::answer(&request, &shown, move |range| {
        let (service, found) = (service.clone(), found.clone());
        async move { service.read_content(&found, range).await }
    })
    .await
}

pub(crate) async fn thumbnail(
    service: Service,
    request: HttpRequest,
    ask: Ask<IdPath, ThumbnailQuery>,
) -> Answer {
    let acting = ask.acting;
    let id = ask.path.id(FileId::parse)?;
    let size = ask.query.size()?;
    let found = acting.told(service.file_content(acting.actor(), id).await)?;
    // Nothing is drawn for who has it.
    if let Some(had) = etag::not_again(&request, &content::thumbnail_etag(&found, size)) {
        return Ok(had);
    }
    let thumbnail = service.thumbnail(&found, size).await?;
    let shown = Content::of_thumbnail(&found, size, &thumbnail);
    content::answer(&request, &shown, content::in_memory(thumbnail.bytes)).await
}

pub(crate) async fn delete(service: Service, deletion: Deletion<IdPath>) -> Answer {
    let file = deletion.path.id(FileId::parse)?;
    let delete = DeleteFile { file };
    deletion
        .change
        .make(&service, delete, |()| Reply::done())
        .await
}
