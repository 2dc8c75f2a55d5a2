//! Changes that are made only if the thing is still what the caller believes it to be.

use chat_domain::policy::Denial;
use chat_domain::ports::{StoreError, WriteTx};
use chat_domain::{Actor, StageMark, Timestamp};

use crate::fingerprint::Fields;
use crate::{Command, ServiceError};

/// What must hold of a thing as it is now, for a change of it to be made. What that is only the caller
/// knows, as it alone knows what an answer that is kept says.
pub struct Precondition<T>(Option<Judge<T>>);

/// It says whether it holds, or why that can't be told.
type Judge<T> = Box<dyn Fn(&T) -> Result<bool, String> + Send>;

impl<T> Precondition<T> {
    /// Nothing, but that the thing is there.
    pub const fn none() -> Self {
        Self(None)
    }

    /// What `judge` says of the thing. It may be asked again after the store had to undo the change, and
    /// is asked while the thing is locked.
    pub fn new(judge: impl Fn(&T) -> Result<bool, String> + Send + 'static) -> Self {
        Self(Some(Box::new(judge)))
    }

    /// Fails with `PreconditionFailed` unless it holds of the `thing`, which is locked, and as the actor
    /// sees it.
    pub(crate) fn check(&self, thing: &T) -> Result<(), ServiceError> {
        match self.0.as_ref().map_or(Ok(true), |judge| judge(thing)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ServiceError::PreconditionFailed),
            Err(cause) => Err(ServiceError::Store(StoreError::Broken(format!(
                "a precondition can't be judged: {cause}"
            )))),
        }
    }

    /// The same after a rule was asked. A denial of what the actor may not know or do goes before it, one
    /// that tells what is in the way comes after it.
    pub(crate) fn check_after<R>(
        &self,
        allowed: &Result<R, Denial>,
        thing: &T,
    ) -> Result<(), ServiceError> {
        match allowed {
            Err(Denial::Unknown | Denial::Forbidden) => Ok(()),
            Ok(_) | Err(Denial::OwnerMustTransfer | Denial::InUse) => self.check(thing),
        }
    }
}

/// A command that changes or removes a thing, and so can be made to depend on what that is.
pub trait Conditional: Command {
    /// The thing, as the actor sees it.
    type Thing: 'static;

    /// Does it as [`Command::run`] does, if the precondition holds. That is looked at under the locks of
    /// the change, after it is known that the thing exists and that the actor may do this, and before
    /// anything that it is at odds with.
    ///
    /// # Errors
    /// Those of the use case, `PreconditionFailed`.
    fn run_if(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
        precondition: &Precondition<Self::Thing>,
    ) -> Result<Self::Done, ServiceError>;

    /// The same command under a precondition.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use chat_domain::ports::SystemClock;
    /// # use chat_domain::{Actor, Group, GroupName};
    /// # use chat_service::{ChatService, CreateGroup};
    /// # use chat_store::{SqliteOptions, SqliteStore};
    /// use chat_service::{Conditional, DeleteGroup, Precondition, ServiceError};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(&SqliteOptions::new(dir.path().join("chat.db")))?;
    /// # let chat = ChatService::new(Arc::new(store), Arc::new(SystemClock));
    /// # let create = CreateGroup { name: GroupName::parse("team")?, owner: None };
    /// # let group = chat.create_group(Actor::System, create).await?.group.id;
    /// let empty = |members| Precondition::new(move |group: &Group| Ok(group.member_count == members));
    /// let delete = DeleteGroup { group };
    /// let refused = chat.run(Actor::System, delete.only_if(empty(1))).await;
    /// assert_eq!(refused, Err(ServiceError::PreconditionFailed));
    /// chat.run(Actor::System, delete.only_if(empty(0))).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn only_if(self, precondition: Precondition<Self::Thing>) -> OnlyIf<Self>
    where
        Self: Sized,
    {
        OnlyIf {
            command: self,
            precondition,
        }
    }
}

/// A command under a precondition; made by [`Conditional::only_if`].
pub struct OnlyIf<C: Conditional> {
    command: C,
    precondition: Precondition<C::Thing>,
}

impl<C: Conditional> Command for OnlyIf<C> {
    type Done = C::Done;

    /// The precondition is no part of what is told: who retries under a key gets the first answer, though
    /// by that very change the thing is no longer what it was expected to be.
    fn tell(&self, fields: &mut Fields) {
        self.command.tell(fields);
    }

    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<C::Done, ServiceError> {
        self.command.run_if(tx, actor, at, &self.precondition)
    }

    fn leaves(done: &C::Done) -> Option<&StageMark> {
        C::leaves(done)
    }
}

#[cfg(test)]
mod tests {
    use chat_domain::policy::Denial::{Forbidden, InUse, OwnerMustTransfer, Unknown};

    use super::*;

    #[test]
    fn a_precondition_holds_fails_or_cant_be_judged() {
        let is = |expected: i32| Precondition::new(move |thing: &i32| Ok(*thing == expected));
        assert_eq!(Precondition::none().check(&1), Ok(()));
        assert_eq!(is(1).check(&1), Ok(()));
        assert_eq!(is(2).check(&1), Err(ServiceError::PreconditionFailed));
        let broken = Precondition::new(|_: &i32| Err("no words".to_owned()));
        assert_eq!(broken.check(&1).unwrap_err().code(), "internal");
    }

    #[test]
    fn it_is_judged_after_what_the_actor_may_and_before_what_is_in_the_way() {
        let fails = Precondition::new(|_: &i32| Ok(false));
        let after = |allowed: Result<(), Denial>| fails.check_after(&allowed, &1).is_err();
        for judged in [Ok(()), Err(InUse), Err(OwnerMustTransfer)] {
            assert!(after(judged), "{judged:?}");
        }
        for denied in [Unknown, Forbidden] {
            assert!(!after(Err(denied)), "{denied:?}");
        }
    }
}
