//! Forms: a file and the texts beside it, as `multipart/form-data`. The file goes to where files are
//! kept while it comes; nothing of it is held here.

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::DispositionParam;
use chat_domain::{Actor, FileName};
use chat_service::{ChatService, IncomingFile, ServiceError, StoreFile};
use futures_util::StreamExt;

use crate::actor::{Acting, Caller};
use crate::body::{declared_length, plain_type};
use crate::change::Change;
use crate::fields::{self, Fields, rules};
use crate::incoming::Incoming;
use crate::input;
use crate::problem::{FieldError, Problem};
use crate::trace;

/// The name of the field that has the file.
const FILE: &str = "file";

/// The most bytes of all that a form says besides its file.
const MOST_TEXT: usize = 256 * 1024;

/// A change with a form as its body.
pub(crate) struct FormCommand<B> {
    /// The texts.
    pub(crate) body: B,
    /// The file.
    pub(crate) file: StoreFile,
    /// Who asks for it.
    pub(crate) change: Change,
}

/// Whether the body is said to be a form.
pub(crate) fn is_form(request: &HttpRequest) -> bool {
    let kind = plain_type(request.headers()).ok().flatten();
    let essence = kind.and_then(|kind| kind.split(';').next());
    essence.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
}

/// Reads a form that must have a file. What can be refused by the head alone is, before the body is
/// read; all bad fields of the body are named at once.
pub(crate) async fn read<B: Fields>(
    request: &HttpRequest,
    service: &ChatService,
) -> Result<FormCommand<B>, Problem> {
    let most = service.max_file_size()?;
    if declared_length(request.headers()).is_some_and(|length| length > most + MOST_TEXT as u64) {
        return Err(ServiceError::FileTooLarge { limit: most }.into());
    }
    let (caller, key) = input::read_head(request)?;
    let body = Incoming::of(request);
    let parts = Parts::read(request, &body, service, caller).await?;
    let mut errors = parts.errors;
    let missing = || FieldError::new(FILE, "required", rules::REQUIRED);
    if parts.file.is_none() {
        errors.push(missing());
    }
    let texts = fields::read_text::<B>(&parts.texts, errors, caller.header());
    let mut texts = texts.map_err(Problem::invalid)?;
    let file = parts
        .file
        .ok_or_else(|| Problem::invalid(vec![missing()]))?;
    let acting = caller.acting_as(input::named(&mut texts))?;
    trace::acts(request, acting);
    let received = acting.told(file.finish().await)?;
    let name = parts.name;
    Ok(FormCommand {
        body: texts,
        file: StoreFile { received, name },
        change: Change::new(request, acting, key),
    })
}

/// What a form has.
#[derive(Default)]
struct Parts {
    texts: Vec<(String, String)>,
    file: Option<IncomingFile>,
    name: Option<FileName>,
    errors: Vec<FieldError>,
    /// How many bytes the texts have.
    size: usize,
}

impl Parts {
    async fn read(
        request: &HttpRequest,
        body: &Incoming,
        service: &ChatService,
        caller: Caller,
    ) -> Result<Self, Problem> {
        let mut parts = Self::default();
        let mut form = Multipart::new(request.headers(), body.pieces());
        while let Some(field) = form.next().await {
            let field = field.map_err(|error| malformed(&error, body))?;
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE {
                parts.take_file(field, body, service, caller).await?;
            } else {
                parts.take_text(name, field, body).await?;
            }
        }
        Ok(parts)
    }

    async fn take_file(
        &mut self,
        mut field: Field,
        body: &Incoming,
        service: &ChatService,
        caller: Caller,
    ) -> Result<(), Problem> {
        if self.file.is_some() {
            let message = "is given more than once";
            self.errors.push(FieldError::new(FILE, "repeated", message));
            return pass_by(field, body).await;
        }
        self.name = file_name(&field);
        let acting = caller.header().map_or(Acting::System, Acting::User);
        let actor: Actor = acting.actor();
        let mut file = acting.told(service.receive_file(actor, None).await)?;
        while let Some(bytes) = field.next().await {
            let bytes = bytes.map_err(|error| malformed(&error, body))?;
            acting.told(file.write(bytes).await)?;
        }
        self.file = Some(file);
        Ok(())
    }

    async fn take_text(
        &mut self,
        name: String,
        mut field: Field,
        body: &Incoming,
    ) -> Result<(), Problem> {
        let mut text = Vec::new();
        while let Some(bytes) = field.next().await {
            let bytes = bytes.map_err(|error| malformed(&error, body))?;
            self.size += bytes.len();
            text.extend_from_slice(&bytes);
            self.check_size()?;
        }
        self.size += name.len();
        self.check_size()?;
        match String::from_utf8(text) {
            Ok(text) => self.texts.push((name, text)),
            Err(_) => {
                let message = "must be text in UTF-8";
                self.errors.push(FieldError::new(name, "format", message));
            }
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Problem> {
        if self.size > MOST_TEXT {
            return Err(Problem::payload_too_large(MOST_TEXT));
        }
        Ok(())
    }
}

/// Reads a field to its end and keeps nothing of it.
async fn pass_by(mut field: Field, body: &Incoming) -> Result<(), Problem> {
    while let Some(bytes) = field.next().await {
        bytes.map_err(|error| malformed(&error, body))?;
    }
    Ok(())
}

/// The name that the client gives, made harmless; none if nothing is left of it.
fn file_name(field: &Field) -> Option<FileName> {
    let disposition = field.content_disposition()?;
    let parameters = &disposition.parameters;
    let extended = parameters.iter().find_map(|parameter| match parameter {
        DispositionParam::FilenameExt(name) => std::str::from_utf8(&name.value).ok(),
        _ => None,
    });
    FileName::cleaned(extended.or_else(|| disposition.get_filename())?)
}

/// What is wrong with a form, or with the body that it is in.
fn malformed(error: &actix_multipart::MultipartError, body: &Incoming) -> Problem {
    use actix_multipart::MultipartError;
    match error {
        MultipartError::Payload(_) => body.broken(),
        MultipartError::BoundaryMissing => {
            Problem::malformed_form("the form's boundary is missing, or not where it must be")
        }
        MultipartError::ContentDispositionMissing
        | MultipartError::ContentDispositionNameMissing => {
            Problem::malformed_form("a part of the form has no Content-Disposition with a name")
        }
        MultipartError::Incomplete => {
            Problem::malformed_form("the form ends before its last boundary")
        }
        _ => Problem::malformed_form("the form can't be read"),
    }
}
