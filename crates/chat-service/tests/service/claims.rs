//! Users that tokens tell of: found by their external id, made when first seen, never taken for another.

use chat_domain::{Actor, ExternalId, FoundUser, UserId, VisibleUser};
use chat_service::{NewFromClaims, ServiceError};

use crate::support::Fixture;

fn claims(external: &str, name: Option<&str>, email: Option<&str>) -> NewFromClaims {
    NewFromClaims {
        external_id: ExternalId::parse(external).expect("an id"),
        username: name.map(str::to_owned),
        display_name: None,
        email: email.map(str::to_owned),
    }
}

impl Fixture {
    async fn seen(&self, claims: NewFromClaims) -> VisibleUser {
        let id = self.service.first_seen(claims).await.expect("a user");
        let user = self.service.user(Actor::System, id).await;
        user.ok()
            .and_then(FoundUser::living)
            .expect("a living user")
    }

    async fn of(&self, external: &str) -> Option<UserId> {
        let external = ExternalId::parse(external).expect("an id");
        self.service.user_of(external).await.expect("an answer")
    }
}

#[tokio::test]
async fn a_user_is_made_of_its_claims_once() {
    let f = Fixture::new();
    let ada = NewFromClaims {
        display_name: Some("Ada Lovelace".to_owned()),
        ..claims("a|1", Some("ada"), Some("ada@example.org"))
    };
    assert_eq!(f.of("a|1").await, None);
    let made = f.seen(ada.clone()).await;
    assert_eq!(made.username.as_str(), "ada");
    assert_eq!(
        made.email.as_ref().map(chat_domain::EmailAddress::as_str),
        Some("ada@example.org")
    );
    let display_name = made.display_name.as_ref();
    assert_eq!(
        display_name.map(chat_domain::DisplayName::as_str),
        Some("Ada Lovelace")
    );
    assert_eq!(f.of("a|1").await, Some(made.id));
    assert_eq!(f.seen(ada).await, made);
    // Whatever it says of itself later: it is the same.
    assert_eq!(f.seen(claims("a|1", Some("eve"), None)).await, made);
}

#[tokio::test]
async fn a_name_that_is_taken_gets_a_number_and_then_a_digest() {
    let f = Fixture::new();
    let mut names = Vec::new();
    for n in 1..=10 {
        let email = format!("ada{n}@example.org");
        let user = f
            .seen(claims(&format!("a|{n}"), Some("ada"), Some(&email)))
            .await;
        names.push(user.username.into_string());
    }
    assert_eq!(names[..3], ["ada", "ada-2", "ada-3"]);
    assert_eq!(names[8], "ada-9");
    assert_eq!(names[9].len(), "ada-0123456789ab".len());
}

#[tokio::test]
async fn what_can_not_be_kept_is_left_out_or_refused() {
    let f = Fixture::new();
    let odd = NewFromClaims {
        display_name: Some(" ".to_owned()),
        ..claims("a|1", Some("\n"), Some("ada@example.org"))
    };
    let made = f.seen(odd).await;
    assert_eq!((made.username.as_str(), made.display_name), ("a|1", None));
    for (email, why) in [
        (None, "it names no email address"),
        (Some("nobody"), "its email address is not a valid one"),
    ] {
        let refused = f
            .service
            .first_seen(claims("a|2", Some("bob"), email))
            .await;
        let refused = refused.expect_err("no user without an address");
        assert_eq!(refused, ServiceError::NotMade(why));
        assert_eq!(refused.code(), "unknown_actor");
    }
    assert_eq!(f.of("a|2").await, None);
}

#[tokio::test]
async fn an_address_of_another_is_no_way_into_its_account() {
    let f = Fixture::new();
    f.user("ada").await;
    let same = claims("a|1", Some("eve"), Some("ADA@example.org"));
    assert_eq!(
        f.service.first_seen(same).await,
        Err(ServiceError::NotMade("its email address is another user's"))
    );
    assert_eq!(f.of("a|1").await, None);
}

#[tokio::test]
async fn who_is_seen_first_many_times_at_once_is_one() {
    let f = Fixture::new();
    let all: Vec<_> = (0..16)
        .map(|_| {
            let service = f.service.clone();
            tokio::spawn(async move {
                service
                    .first_seen(claims("a|1", Some("ada"), Some("ada@example.org")))
                    .await
            })
        })
        .collect();
    let mut ids = Vec::new();
    for one in all {
        ids.push(one.await.expect("no panic").expect("a user"));
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}
