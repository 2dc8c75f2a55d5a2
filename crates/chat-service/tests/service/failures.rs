//! A store that fails: every failure reaches the caller as what it is, and nothing hangs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_domain::ports::{
    Cost, LogWatcher, Outcome, ReadJob, Refused, Store, StoreError, SystemClock, WriteJob,
};
use chat_domain::{Actor, EmailAddress, FileUrl, Recipient, UserId, Username};
use chat_service::{ChatService, CreateExternalFile, CreateUser, ServiceError};

use crate::support::{Fixture, text};

/// How the store fails.
#[derive(Clone)]
enum Failing {
    /// It hands every job back.
    Refuse(StoreError),
    /// It takes every job and fails it at the end.
    Fail(StoreError),
    /// It takes every job and forgets it.
    Forget,
}

impl Store for Failing {
    fn submit(&self, job: Box<dyn WriteJob>) -> Result<(), Refused<dyn WriteJob>> {
        match self {
            Self::Refuse(error) => return Err((error.clone(), job)),
            Self::Fail(error) => job.finish(Outcome::Failed(error)),
            Self::Forget => drop(job),
        }
        Ok(())
    }

    fn submit_read(&self, _: Cost, job: Box<dyn ReadJob>) -> Result<(), Refused<dyn ReadJob>> {
        match self {
            Self::Refuse(error) => return Err((error.clone(), job)),
            Self::Fail(error) => job.finish(Err(error.clone())),
            Self::Forget => drop(job),
        }
        Ok(())
    }

    fn watch_log(&self, _: LogWatcher) {}
}

#[tokio::test]
async fn each_failure_of_the_store_keeps_its_code() {
    for (error, code) in [
        (StoreError::Overloaded, "overloaded"),
        (StoreError::Unavailable("gone".to_owned()), "unavailable"),
        (
            StoreError::OutcomeUnknown("cut".to_owned()),
            "outcome_unknown",
        ),
        (StoreError::KeyInFlight, "idempotency_in_flight"),
        (StoreError::Panicked, "internal"),
        (StoreError::Broken("torn".to_owned()), "internal"),
    ] {
        for store in [Failing::Refuse(error.clone()), Failing::Fail(error.clone())] {
            let service = ChatService::new(Arc::new(store), Arc::new(SystemClock));
            let name = Username::parse("ada").unwrap();
            let email = EmailAddress::parse("ada@example.org").unwrap();
            let written = service
                .create_user(
                    Actor::System,
                    CreateUser {
                        username: name,
                        email,
                        display_name: None,
                        external_id: None,
                    },
                )
                .await
                .unwrap_err();
            assert_eq!(written.code(), code);
            let id = UserId::parse(1).unwrap();
            assert_eq!(
                service.user(Actor::System, id).await.unwrap_err().code(),
                code
            );
            assert_eq!(service.ready().await.unwrap_err().code(), code);
        }
    }
}

#[tokio::test]
async fn a_forgotten_job_is_an_error_and_no_hang() {
    let service = ChatService::new(Arc::new(Failing::Forget), Arc::new(SystemClock));
    assert_eq!(service.ready().await.unwrap_err().code(), "internal");
    // Of a write nobody knows whether it was done.
    let url = FileUrl::parse("https://example.org").unwrap();
    let file = CreateExternalFile {
        url,
        name: None,
        size: None,
        media_type: None,
    };
    let written = service.create_external_file(Actor::System, file).await;
    assert_eq!(written.unwrap_err().code(), "outcome_unknown");
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_is_done_whole() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let mut sending = Box::pin(
        f.service
            .send(Actor::User(ada), text(ada, Recipient::User(bob))),
    );
    // Polled once, so that it is queued, and then dropped.
    let waker = std::task::Waker::noop();
    drop(
        sending
            .as_mut()
            .poll(&mut std::task::Context::from_waker(waker)),
    );
    drop(sending);
    // A store may do it after what comes later.
    let next = f.tell(ada, Recipient::User(bob)).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while f.total_unseen(bob).await < 2 {
        assert!(Instant::now() < deadline, "{next:?} is all there is");
    }
    assert_eq!(f.total_unseen(bob).await, 2);
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let f = Fixture::new();
    let ada = f.user("ada").await;
    f.close();
    let error = f.service.check_actor(Actor::User(ada)).await.unwrap_err();
    assert!(
        matches!(error, ServiceError::Store(StoreError::Unavailable(_))),
        "{error}"
    );
}
