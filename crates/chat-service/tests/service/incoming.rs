//! Room for files that come in: 128 at once, of which one user has 32.

use chat_domain::{Actor, FileSize};
use chat_service::{IncomingFile, ServiceError};

use crate::support::Fixture;

impl Fixture {
    async fn incoming(&self, actor: Actor, many: usize) -> Vec<IncomingFile> {
        let mut coming = Vec::new();
        for _ in 0..many {
            let one = self.service.receive_file(actor, None).await;
            coming.push(one.expect("there is room"));
        }
        coming
    }

    async fn has_room(&self, actor: Actor) -> bool {
        match self.service.receive_file(actor, None).await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, ServiceError::Overloaded);
                false
            }
        }
    }
}

#[tokio::test]
async fn so_many_come_in_at_once_and_no_more() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let mut coming = fixture.incoming(Actor::System, 128).await;
    assert!(!fixture.has_room(Actor::System).await);
    // Who is refused has used nothing of the share.
    for _ in 0..32 {
        assert!(!fixture.has_room(ada).await);
    }
    coming.truncate(96);
    let of_ada = fixture.incoming(ada, 32).await;
    drop((coming, of_ada));
    assert!(fixture.has_room(Actor::System).await);
}

#[tokio::test]
async fn one_user_leaves_room_for_others() {
    let fixture = Fixture::new();
    let [ada, bob] = fixture.users(["ada", "bob"]).await.map(Actor::User);
    let (id, other) = (fixture.begin(ada, 10).await, fixture.begin(ada, 10).await);
    // Parts of uploads count as whole files do.
    let part = fixture.part(ada, id, 0, b"01234").await.expect("a part");
    let coming = fixture.incoming(ada, 31).await;
    assert!(!fixture.has_room(ada).await);
    let refused = fixture.part(ada, other, 0, b"01234").await.map(drop);
    assert_eq!(refused, Err(ServiceError::Overloaded));
    assert!(fixture.has_room(bob).await);
    assert!(fixture.has_room(Actor::System).await);

    part.end().await.expect("it ends");
    assert!(fixture.has_room(ada).await);
    drop(coming);
    drop(fixture.incoming(ada, 32).await);
}

#[tokio::test]
async fn an_upload_that_becomes_a_file_late_takes_room_too() {
    let fixture = Fixture::new();
    let ada = Actor::User(fixture.user("ada").await);
    let bytes = b"some bytes";
    let id = fixture.begin(ada, bytes.len()).await;
    let whole = fixture.append(ada, id, 0, bytes).await.expect("it");
    fixture.interrupt(&whole, bytes);
    let mut coming = fixture.incoming(ada, 32).await;
    let service = &fixture.service;
    let asked = service.upload(ada, id).await;
    assert_eq!(asked, Err(ServiceError::Overloaded));
    let end = FileSize::parse(bytes.len() as i64).expect("a size");
    let goes_on = service.resume_upload(ada, id, end, false).await.map(drop);
    assert_eq!(goes_on, Err(ServiceError::Overloaded));
    // One that still comes only tells how far it is.
    let other = fixture.begin(ada, 10).await;
    assert!(service.upload(ada, other).await.is_ok());

    coming.pop();
    let found = service.upload(ada, id).await.expect("it");
    assert_eq!(fixture.reads(ada, &found).await, bytes);
    coming.extend(fixture.incoming(ada, 1).await);
    let again = service.upload(ada, id).await.expect("it");
    assert_eq!(again.file_id, found.file_id);
}
