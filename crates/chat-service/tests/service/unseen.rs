//! Unseen counts through joins, leaves and returns; the counts that HTTP tests don't reach.

use chat_domain::{Actor, Recipient};
use chat_service::{DeleteMessage, RemoveMember};

use crate::support::Fixture;

#[tokio::test]
async fn who_returns_starts_anew_and_keeps_its_receipts() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let group = f.group("team", ada, &[bob]).await;
    let first = f.tell(ada, Recipient::Group(group)).await;
    let second = f.tell(ada, Recipient::Group(group)).await;
    f.see(bob, &first, true).await;
    assert_eq!(f.total_unseen(bob).await, 1);
    f.service
        .remove_member(Actor::User(bob), RemoveMember { group, user: bob })
        .await
        .unwrap();
    let away = f.tell(ada, Recipient::Group(group)).await;
    f.put(ada, group, bob, None).await.unwrap();
    assert_eq!(f.total_unseen(bob).await, 0);
    let back = f.tell(ada, Recipient::Group(group)).await;
    assert_eq!(f.total_unseen(bob).await, 1);
    // Marking older ones by name is allowed and takes nothing from the count.
    f.see(bob, &away, false).await;
    f.see(bob, &second, true).await;
    assert_eq!(f.total_unseen(bob).await, 1);
    f.see(bob, &back, true).await;
    assert_eq!(f.total_unseen(bob).await, 0);
    for message in [&first, &second, &away, &back] {
        let readers = f
            .service
            .receipts(Actor::User(ada), message.id, None, Default::default())
            .await
            .unwrap();
        assert_eq!(
            readers.items.iter().map(|r| r.user_id).collect::<Vec<_>>(),
            [bob]
        );
    }
}

#[tokio::test]
async fn up_to_counts_right_from_either_end() {
    // Marked far from the end and near it, over own, deleted and already seen messages.
    for target in [2, 17] {
        let f = Fixture::new();
        let [ada, bob] = f.users(["ada", "bob"]).await;
        let mut sent = Vec::new();
        for n in 0..20 {
            let (from, to) = if n % 5 == 4 { (bob, ada) } else { (ada, bob) };
            sent.push(f.tell(from, Recipient::User(to)).await);
        }
        f.see(bob, &sent[1], false).await;
        f.see(bob, &sent[18], false).await;
        f.service
            .delete_message(
                Actor::User(ada),
                DeleteMessage {
                    message: sent[0].id,
                },
            )
            .await
            .unwrap();
        f.service
            .delete_message(
                Actor::User(ada),
                DeleteMessage {
                    message: sent[18].id,
                },
            )
            .await
            .unwrap();
        assert_eq!(f.total_unseen(bob).await, 13);
        f.see(bob, &sent[target], true).await;
        let left = (target + 1..20).filter(|n| n % 5 != 4 && *n != 18).count();
        assert_eq!(
            f.total_unseen(bob).await,
            i64::try_from(left).unwrap(),
            "up to {target}"
        );
    }
}

#[tokio::test]
async fn deleting_what_was_seen_changes_no_count() {
    let f = Fixture::new();
    let [ada, bob, cyd] = f.users(["ada", "bob", "cyd"]).await;
    let group = f.group("team", ada, &[bob]).await;
    let old = f.tell(ada, Recipient::Group(group)).await;
    f.put(ada, group, cyd, None).await.unwrap();
    let new = f.tell(ada, Recipient::Group(group)).await;
    f.see(bob, &new, true).await;
    assert_eq!(
        (f.total_unseen(bob).await, f.total_unseen(cyd).await),
        (0, 1)
    );
    f.service
        .delete_message(Actor::User(ada), DeleteMessage { message: old.id })
        .await
        .unwrap();
    assert_eq!(
        (f.total_unseen(bob).await, f.total_unseen(cyd).await),
        (0, 1)
    );
    f.service
        .delete_message(Actor::User(ada), DeleteMessage { message: new.id })
        .await
        .unwrap();
    assert_eq!(
        (f.total_unseen(bob).await, f.total_unseen(cyd).await),
        (0, 0)
    );
    assert_eq!(f.total_unseen(ada).await, 0);
}
