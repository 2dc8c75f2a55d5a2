//! Changes that expect something of the thing, several at once: what was expected is so when they are made.

use chat_domain::ports::Conflict;
use chat_domain::{Actor, Group, GroupId, GroupName, Recipient};
use chat_service::{
    Command, Conditional, DeleteGroup, DeleteMessage, Precondition, ServiceError, UpdateGroup,
};
use tokio::task::JoinSet;

use crate::support::Fixture;

fn rename(group: GroupId, name: &str) -> UpdateGroup {
    let name = GroupName::parse(name).ok();
    UpdateGroup { group, name }
}

/// Runs them at once, as the system; what became of each.
async fn at_once<C>(
    f: &Fixture,
    commands: impl IntoIterator<Item = C>,
) -> Vec<Result<C::Done, ServiceError>>
where
    C: Command<Done: Sync>,
{
    let mut running = JoinSet::new();
    for command in commands {
        let service = f.service.clone();
        running.spawn(async move { service.run(Actor::System, command).await });
    }
    running.join_all().await
}

/// How many went well; all others failed with `error`.
fn good<T: std::fmt::Debug>(answers: &[Result<T, ServiceError>], error: &ServiceError) -> usize {
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(failed.clone().all(|other| other == error), "{answers:?}");
    answers.len() - failed.count()
}

#[tokio::test]
async fn of_those_who_expect_the_same_name_one_is_not_too_late() {
    let f = Fixture::new();
    let ada = f.user("ada").await;
    let group = f.group("team", ada, &[]).await;
    let is_team = || Precondition::new(|group: &Group| Ok(group.name.as_str() == "team"));
    let renames = (0..16).map(|n| rename(group, &format!("crew {n}")).only_if(is_team()));
    let answers = at_once(&f, renames).await;
    assert_eq!(good(&answers, &ServiceError::PreconditionFailed), 1);
    let renamed = answers.into_iter().find_map(Result::ok);
    let found = f.service.group(Actor::System, group).await;
    assert_eq!(renamed, found.ok());
}

#[tokio::test]
async fn of_those_who_expect_a_message_one_deletes_it() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    let message = f.tell(ada, Recipient::User(bob)).await;
    let delete = DeleteMessage {
        message: message.id,
    };
    let expected = message.clone();
    let is_it = Precondition::new(move |found| Ok(*found == expected));
    let other = Precondition::new(|_| Ok(false));
    let refused = f.service.run(Actor::System, delete.only_if(other)).await;
    assert_eq!(refused, Err(ServiceError::PreconditionFailed));
    let mut commands = vec![delete.only_if(is_it)];
    commands.extend((0..7).map(|_| {
        let expected = message.clone();
        delete.only_if(Precondition::new(move |found| Ok(*found == expected)))
    }));
    let (id, actor) = (message.id, Actor::System);
    let gone = ServiceError::MessageNotFound { id, actor };
    assert_eq!(good(&at_once(&f, commands).await, &gone), 1);
}

/// How many members a group has is part of what is expected of it, and changes by others' doing.
#[tokio::test]
async fn nobody_joins_a_group_that_goes_because_it_is_empty() {
    let f = Fixture::new();
    let [ada, bob] = f.users(["ada", "bob"]).await;
    for round in 0..20 {
        let group = f.group(&format!("team {round}"), ada, &[]).await;
        let alone = Precondition::new(|group: &Group| Ok(group.member_count == 1));
        let delete = DeleteGroup { group }.only_if(alone);
        let (deleted, joined) = tokio::join!(
            f.service.run(Actor::User(ada), delete),
            f.put(ada, group, bob, None),
        );
        match (&deleted, &joined) {
            (Ok(()), Err(ServiceError::GroupNotFound { .. }))
            | (Err(ServiceError::PreconditionFailed), Ok(())) => {}
            both => panic!("{both:?}"),
        }
    }
}

#[tokio::test]
async fn of_those_who_want_one_name_one_gets_it() {
    let f = Fixture::new();
    let ada = f.user("ada").await;
    let mut renames = Vec::new();
    for n in 0..8 {
        let group = f.group(&format!("team {n}"), ada, &[]).await;
        renames.push(rename(group, "the team"));
    }
    let taken = ServiceError::Taken(Conflict::GroupName);
    assert_eq!(good(&at_once(&f, renames).await, &taken), 1);
}
