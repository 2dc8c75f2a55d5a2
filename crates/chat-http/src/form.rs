//! Forms: a file and the texts beside it, as `multipart/form-data`. The file goes to where files are
//! kept while it comes; nothing of it is held here.

use actix_web::{HttpMessage, HttpRequest};
use chat_domain::{Actor, FileName};
use chat_service::{ChatService, IncomingFile, ServiceError, StoreFile};

use crate::actor::{Acting, Caller};
use crate::body::{declared_length, plain_type};
use crate::change::Change;
use crate::fields::{self, Fields, rules};
use crate::incoming::{Incoming, Pieces};
use crate::input;
use crate::multipart::{Malformed, Multipart};
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
        let too_large = ServiceError::FileTooLarge { limit: most };
        return Err(Problem::by_the_head(too_large));
    }
    let (caller, key) = input::read_head(request)?;
    if let Some(user) = caller.user() {
        service.check_actor(Actor::User(user)).await?;
    }
    let body = Incoming::at_most(request, most, MOST_TEXT as u64);
    let mut parts = Parts::default();
    parts.read(request, &body, service, caller).await?;
    let mut errors = parts.errors;
    let missing = || FieldError::new(FILE, "required", rules::REQUIRED);
    if parts.file.is_none() {
        errors.push(missing());
    }
    let texts = fields::read_text::<B>(&parts.texts, errors, caller.user());
    let mut texts = texts.map_err(Problem::invalid)?;
    let file = parts
        .file
        .ok_or_else(|| Problem::invalid(vec![missing()]))?;
    if file.is_empty() {
        return Err(ServiceError::FileEmpty.into());
    }
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
        &mut self,
        request: &HttpRequest,
        body: &Incoming,
        service: &ChatService,
        caller: Caller,
    ) -> Result<(), Problem> {
        let kind = request.mime_type().ok().flatten();
        let boundary = kind.as_ref().and_then(|kind| kind.get_param("boundary"));
        let boundary = boundary.map_or("", |boundary| boundary.as_str());
        let problem = |malformed| malformed_in(body, malformed);
        let mut form = Multipart::new(boundary, body.pieces()).map_err(problem)?;
        while let Some(head) = form.next().await.map_err(problem)? {
            if head.name != FILE {
                self.take_text(head.name, &mut form, body).await?;
            } else if self.file.is_none() {
                let name = head.file_name.as_deref();
                self.name = name.and_then(FileName::cleaned);
                self.take_file(&mut form, body, service, caller).await?;
            } else if !self.errors.iter().any(|error| error.field == FILE) {
                let message = "is given more than once";
                self.errors.push(FieldError::new(FILE, "repeated", message));
            }
        }
        Ok(())
    }

    async fn take_file(
        &mut self,
        form: &mut Multipart<Pieces>,
        body: &Incoming,
        service: &ChatService,
        caller: Caller,
    ) -> Result<(), Problem> {
        let acting = caller.user().map_or(Acting::System, Acting::User);
        let mut file = acting.told(service.receive_file(acting.actor(), None).await)?;
        while let Some(bytes) = form.bytes().await.map_err(|why| malformed_in(body, why))? {
            acting.told(file.write(bytes).await)?;
        }
        self.file = Some(file);
        Ok(())
    }

    async fn take_text(
        &mut self,
        name: String,
        form: &mut Multipart<Pieces>,
        body: &Incoming,
    ) -> Result<(), Problem> {
        let mut text = Vec::new();
        self.size += name.len();
        while let Some(bytes) = form.bytes().await.map_err(|why| malformed_in(body, why))? {
            self.size += bytes.len();
            if self.size > MOST_TEXT {
                return Err(Problem::payload_too_large(MOST_TEXT));
            }
            text.extend_from_slice(&bytes);
        }
        match String::from_utf8(text) {
            Ok(text) => self.texts.push((name, text)),
            Err(_) => {
                let message = "must be text in UTF-8";
                self.errors.push(FieldError::new(name, "format", message));
            }
        }
        Ok(())
    }
}

/// What is wrong with a form, or with the body that it is in.
fn malformed_in(body: &Incoming, malformed: Malformed) -> Problem {
    match malformed {
        Malformed::Broken => body.broken(),
        Malformed::Form(detail) => Problem::malformed_form(detail),
    }
}
