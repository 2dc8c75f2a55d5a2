//! `/uploads`, as tus has them.

use std::time::Duration;

use actix_web::rt::{self, time::timeout};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chat_domain::{FileName, Upload, UploadId};
use chat_service::{DeleteUpload, ServiceError};

use super::Service;
use crate::actor::Acting;
use crate::answer::Answer;
use crate::body::declared_length;
use crate::change::Change;
use crate::dto::paths::IdPath;
use crate::etag::IfMatch;
use crate::incoming::Incoming;
use crate::input::{self, Ask, Deletion};
use crate::problem::Problem;
use crate::reply::{Made, Reply};
use crate::trace;
use crate::tus::request::{Chunk, Creation, check};
use crate::tus::{Metadata, answer};
use crate::uploading::Uploading;

/// How long a request waits for the one before it to let go of the upload.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn create(service: Service, request: HttpRequest) -> Answer {
    check(request.headers())?;
    let (caller, key) = input::read_head(&request)?;
    let creation = Creation::of(request.headers())?;
    let acting = caller.acting_as(None)?;
    trace::acts(&request, acting);
    let metadata = creation.metadata;
    let name = metadata.as_ref().and_then(Metadata::name);
    let name = name.and_then(FileName::cleaned);
    let said = metadata.map(|metadata| metadata.raw().to_owned());
    let create = service.new_upload(creation.length, name, said);
    let create = create.map_err(Problem::by_the_head)?;
    Change::new(&request, acting, key)
        .make(&service, create, created)
        .await
}

fn created(upload: &Upload) -> Made {
    answer::begun(format!("/uploads/{}", upload.id), upload)
}

pub(crate) async fn show(service: Service, request: HttpRequest) -> Answer {
    check(request.headers())?;
    let ask = Ask::<IdPath>::extract(&request).await?;
    let acting = ask.acting;
    let id = ask.path.id(UploadId::parse)?;
    let upload = async move { service.upload(acting.actor(), id).await };
    let upload = soon(acting, upload).await?;
    let mut response = HttpResponse::Ok().finish();
    answer::found(response.headers_mut(), &upload)?;
    Ok(response)
}

pub(crate) async fn append(service: Service, request: HttpRequest) -> Answer {
    check(request.headers())?;
    let ask = Ask::<IdPath>::extract(&request).await?;
    let acting = ask.acting;
    let id = ask.path.id(UploadId::parse)?;
    let if_match = IfMatch::of(request.headers());
    let if_match = if_match.map_err(|error| Problem::invalid(vec![error]))?;
    let Chunk { offset, checksum } = Chunk::of(request.headers())?;
    if if_match != IfMatch::Anything {
        return Err(never_matches(service, acting, id).await);
    }
    let whole = checksum.is_some();
    let part = async move {
        let actor = acting.actor();
        service.resume_upload(actor, id, offset, whole).await
    };
    let part = soon(acting, part).await?;
    let declared = declared_length(request.headers());
    if declared.is_some_and(|length| length > part.wants()) {
        let limit = part.length();
        return Err(ServiceError::FileTooLarge { limit }.into());
    }
    let body = Incoming::of(&request);
    let upload = Uploading::new(part, checksum).take(&body, acting).await?;
    let mut response = HttpResponse::NoContent().finish();
    answer::advanced(response.headers_mut(), &upload)?;
    Ok(response)
}

/// An upload is shown without a validator, so that it has none of those that are listed. That it is missing
/// is told before.
async fn never_matches(service: Service, acting: Acting, id: UploadId) -> Problem {
    let upload = async move { service.upload(acting.actor(), id).await };
    match soon(acting, upload).await {
        Ok(_) => ServiceError::PreconditionFailed.into(),
        Err(problem) => problem,
    }
}

pub(crate) async fn delete(service: Service, request: HttpRequest) -> Answer {
    check(request.headers())?;
    let deletion = Deletion::<IdPath>::extract(&request).await?;
    let upload = deletion.path.id(UploadId::parse)?;
    let acting = deletion.change.acting();
    let asked = service.clone();
    // A part that is coming is ended first, for nothing of it is wanted. What else this says, the
    // deletion says itself.
    let ended = async move { asked.upload(acting.actor(), upload).await };
    drop(soon(acting, ended).await);
    let delete = DeleteUpload { upload };
    deletion
        .change
        .make(&service, delete, |_| Reply::done())
        .await
}

/// What is answered once nobody else goes on with the upload, unless that takes too long. The work goes on
/// also then: the bytes of an upload may take long to be copied to where they are kept, and who asks
/// again must not begin that anew.
async fn soon<T: 'static>(
    acting: Acting,
    answer: impl Future<Output = Result<T, ServiceError>> + 'static,
) -> Result<T, Problem> {
    match timeout(PATIENCE, rt::spawn(answer)).await {
        Ok(Ok(answer)) => acting.told(answer),
        Ok(Err(lost)) => Err(Problem::internal(lost)),
        Err(_) => Err(Problem::upload_locked()),
    }
}
