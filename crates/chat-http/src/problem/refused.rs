//! What the service refuses, as a problem: one exhaustive match.

use chat_domain::ports::{BlobError, Conflict, StoreError};
use chat_service::ServiceError;

use super::code::{self, Code};
use super::{FieldError, Problem};

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Invalid { field, invalid } => Self::invalid(vec![FieldError::new(
                *field,
                invalid.fault.as_str(),
                invalid.message.clone(),
            )]),
            ServiceError::Store(store) => of_store(store),
            ServiceError::Blobs(blobs) => of_blobs(blobs),
            refused => Self::new(code_of(refused), refused.to_string()),
        }
        .settled()
    }
}

fn code_of(error: &ServiceError) -> &'static Code {
    match error {
        ServiceError::UnknownActor(_) | ServiceError::NotMade(_) => &code::UNKNOWN_ACTOR,
        ServiceError::ActorMismatch { .. } => &code::ACTOR_MISMATCH,
        ServiceError::Invalid { .. } => &code::VALIDATION_FAILED,
        ServiceError::UserNotFound(_) => &code::USER_NOT_FOUND,
        ServiceError::GroupNotFound { .. } => &code::GROUP_NOT_FOUND,
        ServiceError::MemberNotFound { .. } => &code::MEMBER_NOT_FOUND,
        ServiceError::MessageNotFound { .. } => &code::MESSAGE_NOT_FOUND,
        ServiceError::FileNotFound { .. } => &code::FILE_NOT_FOUND,
        ServiceError::FileIsExternal(_) => &code::FILE_IS_EXTERNAL,
        ServiceError::FileContentLost(_) => &code::FILE_CONTENT_LOST,
        ServiceError::FileInUse(_) => &code::FILE_IN_USE,
        ServiceError::FileEmpty => &code::FILE_EMPTY,
        ServiceError::FileTooLarge { .. } => &code::FILE_TOO_LARGE,
        ServiceError::ThumbnailUnavailable(_) => &code::THUMBNAIL_UNAVAILABLE,
        ServiceError::UploadNotFound { .. } => &code::UPLOAD_NOT_FOUND,
        ServiceError::UploadOffset { .. } => &code::UPLOAD_OFFSET_MISMATCH,
        ServiceError::UploadInterrupted(_) => &code::UPLOAD_INTERRUPTED,
        ServiceError::UploadStopped(_) => &code::UPLOAD_STALLED,
        ServiceError::Forbidden(_) => &code::FORBIDDEN,
        ServiceError::PreconditionFailed => &code::PRECONDITION_FAILED,
        ServiceError::NotAMember { .. } => &code::NOT_A_MEMBER,
        ServiceError::NotARecipient { .. } => &code::NOT_A_RECIPIENT,
        ServiceError::OwnerMustTransfer(_) => &code::OWNER_MUST_TRANSFER,
        ServiceError::KeyReused => &code::IDEMPOTENCY_MISMATCH,
        ServiceError::CursorExpired => &code::CURSOR_EXPIRED,
        ServiceError::Taken(Conflict::Username) => &code::USERNAME_TAKEN,
        ServiceError::Taken(Conflict::Email) => &code::EMAIL_TAKEN,
        ServiceError::Taken(Conflict::ExternalId) => &code::EXTERNAL_ID_TAKEN,
        ServiceError::Taken(Conflict::GroupName) => &code::GROUP_NAME_TAKEN,
        ServiceError::Overloaded | ServiceError::Store(StoreError::Overloaded) => &code::OVERLOADED,
        ServiceError::Store(StoreError::Unavailable(_))
        | ServiceError::Blobs(BlobError::Unavailable(_)) => &code::UNAVAILABLE,
        ServiceError::Store(StoreError::OutcomeUnknown(_)) => &code::OUTCOME_UNKNOWN,
        ServiceError::Store(StoreError::KeyInFlight) => &code::IDEMPOTENCY_IN_FLIGHT,
        ServiceError::Store(
            StoreError::Conflict(_) | StoreError::Panicked | StoreError::Broken(_),
        )
        | ServiceError::Blobs(BlobError::Missing | BlobError::Broken(_)) => &code::INTERNAL,
    }
}

/// A store's own words may name tables and paths: they go to the log.
fn of_store(error: &StoreError) -> Problem {
    match error {
        StoreError::Overloaded => Problem::new(
            &code::OVERLOADED,
            "the server has more work than it accepts; nothing was done",
        ),
        StoreError::Unavailable(cause) => Problem::unavailable(cause),
        StoreError::KeyInFlight => Problem::idempotency_in_flight(),
        StoreError::OutcomeUnknown(cause) => Problem::new(
            &code::OUTCOME_UNKNOWN,
            "whether the change was stored is unknown",
        )
        .caused_by(cause),
        StoreError::Conflict(_) | StoreError::Panicked | StoreError::Broken(_) => {
            Problem::internal(error)
        }
    }
}

/// So may those of a store of files.
fn of_blobs(error: &BlobError) -> Problem {
    match error {
        BlobError::Unavailable(cause) => Problem::unavailable(cause),
        BlobError::Missing | BlobError::Broken(_) => Problem::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::{Actor, Fault, FileId, GroupId, Invalid, MessageId, UploadId, UserId};
    use rstest::rstest;

    use super::*;

    fn user() -> UserId {
        UserId::parse(7).unwrap()
    }

    fn group() -> GroupId {
        GroupId::parse(5).unwrap()
    }

    fn message() -> MessageId {
        MessageId::parse(9).unwrap()
    }

    fn file() -> FileId {
        FileId::parse(1).unwrap()
    }

    fn upload() -> UploadId {
        UploadId::parse(1).unwrap()
    }

    fn text() -> String {
        "secret".to_owned()
    }

    #[rstest]
    #[case(ServiceError::UnknownActor(user()), 401, "unknown_actor")]
    #[case(ServiceError::NotMade("why"), 401, "unknown_actor")]
    #[case(ServiceError::ActorMismatch { actor: user(), named: user() }, 403, "actor_mismatch")]
    #[case(
        ServiceError::Invalid { field: "file_id", invalid: Invalid::new(Fault::Conflict, "x") },
        400,
        "validation_failed"
    )]
    #[case(ServiceError::UserNotFound(user()), 404, "user_not_found")]
    #[case(
        ServiceError::GroupNotFound { id: group(), actor: Actor::System },
        404,
        "group_not_found"
    )]
    #[case(
        ServiceError::MemberNotFound { group: group(), user: user() },
        404,
        "member_not_found"
    )]
    #[case(
        ServiceError::MessageNotFound { id: message(), actor: Actor::System },
        404,
        "message_not_found"
    )]
    #[case(
        ServiceError::FileNotFound { id: file(), actor: Actor::System },
        404,
        "file_not_found"
    )]
    #[case(ServiceError::FileIsExternal(file()), 404, "file_is_external")]
    #[case(ServiceError::FileContentLost(file()), 404, "file_content_lost")]
    #[case(ServiceError::FileInUse(file()), 409, "file_in_use")]
    #[case(ServiceError::FileEmpty, 400, "file_empty")]
    #[case(ServiceError::FileTooLarge { limit: 5 }, 413, "file_too_large")]
    #[case(
        ServiceError::ThumbnailUnavailable(file()),
        404,
        "thumbnail_unavailable"
    )]
    #[case(
        ServiceError::UploadNotFound { id: upload(), actor: Actor::System },
        404,
        "upload_not_found"
    )]
    #[case(
        ServiceError::UploadOffset { id: upload(), offset: 5 },
        409,
        "upload_offset_mismatch"
    )]
    #[case(ServiceError::UploadInterrupted(upload()), 409, "upload_interrupted")]
    #[case(ServiceError::UploadStopped(upload()), 503, "upload_stalled")]
    #[case(ServiceError::Overloaded, 503, "overloaded")]
    #[case(
        ServiceError::Blobs(BlobError::Unavailable(text())),
        503,
        "unavailable"
    )]
    #[case(ServiceError::Blobs(BlobError::Broken(text())), 500, "internal")]
    #[case(ServiceError::Blobs(BlobError::Missing), 500, "internal")]
    #[case(ServiceError::Forbidden("no"), 403, "forbidden")]
    #[case(ServiceError::PreconditionFailed, 412, "precondition_failed")]
    #[case(ServiceError::NotAMember { group: group(), user: user() }, 403, "not_a_member")]
    #[case(
        ServiceError::NotARecipient { message: message(), user: user() },
        403,
        "not_a_recipient"
    )]
    #[case(ServiceError::OwnerMustTransfer(group()), 409, "owner_must_transfer")]
    #[case(ServiceError::CursorExpired, 410, "cursor_expired")]
    #[case(ServiceError::KeyReused, 422, "idempotency_mismatch")]
    #[case(ServiceError::Taken(Conflict::Username), 409, "username_taken")]
    #[case(ServiceError::Taken(Conflict::Email), 409, "email_taken")]
    #[case(ServiceError::Taken(Conflict::ExternalId), 409, "external_id_taken")]
    #[case(ServiceError::Taken(Conflict::GroupName), 409, "group_name_taken")]
    #[case(ServiceError::Store(StoreError::Overloaded), 503, "overloaded")]
    #[case(
        ServiceError::Store(StoreError::Unavailable(text())),
        503,
        "unavailable"
    )]
    #[case(
        ServiceError::Store(StoreError::OutcomeUnknown(text())),
        503,
        "outcome_unknown"
    )]
    #[case(
        ServiceError::Store(StoreError::KeyInFlight),
        409,
        "idempotency_in_flight"
    )]
    #[case(ServiceError::Store(StoreError::Panicked), 500, "internal")]
    #[case(ServiceError::Store(StoreError::Broken(text())), 500, "internal")]
    #[case(
        ServiceError::Store(StoreError::Conflict(Conflict::Email)),
        500,
        "internal"
    )]
    fn each_refusal_has_its_status_and_the_services_code(
        #[case] error: ServiceError,
        #[case] status: u16,
        #[case] code: &str,
    ) {
        assert_eq!(error.code(), code);
        let problem = Problem::from(error);
        assert_eq!((problem.status.as_u16(), problem.code()), (status, code));
        assert!(problem.settled);
        assert!(!problem.detail.contains("secret"), "{}", problem.detail);
    }

    #[test]
    fn a_field_refused_by_the_service_is_named() {
        let invalid = Invalid::new(Fault::Conflict, "must be an image");
        let problem = Problem::from(ServiceError::Invalid {
            field: "file_id",
            invalid,
        });
        assert_eq!(
            problem.errors,
            [FieldError::new("file_id", "conflict", "must be an image")]
        );
    }
}
