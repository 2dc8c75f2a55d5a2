//! Changes: each is a command, run in one transaction, and once if it comes with a key.

use std::pin::Pin;

use chat_domain::ports::WriteTx;
use chat_domain::{Actor, IdempotencyKey, KeptAnswer, StageMark, Timestamp};

use crate::access::known_actor;
use crate::fingerprint::Fields;
use crate::{ChatService, ServiceError};

/// A change that an actor asks for. Every method of [`ChatService`] that changes something takes one;
/// with a key it is made through [`ChatService::run_once`].
pub trait Command: Send + 'static {
    /// What it leaves for the caller.
    type Done: Send + 'static;

    /// Tells the use case's name and every field, by which the command is known when it comes again.
    fn tell(&self, fields: &mut Fields);

    /// Does it, in a transaction that it shares with nothing else, after it has seen that the actor
    /// exists. It may be called again after the store had to undo it.
    ///
    /// # Errors
    /// Those of the use case; whatever was written is undone.
    fn run(
        &self,
        tx: &mut dyn WriteTx,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Self::Done, ServiceError>;

    /// Does it in a transaction with others, if the service is [set to](ChatService::sending_together) and
    /// this is what can be. What comes to nothing is run in a transaction of its own.
    fn share<'s>(&self, _: &'s ChatService, _: Actor) -> Option<Shared<'s, Self::Done>> {
        None
    }

    /// Staged bytes that nobody needs any more once it is done: they are removed before it is answered,
    /// or swept later.
    fn leaves(_done: &Self::Done) -> Option<&StageMark> {
        None
    }
}

/// What a command comes to together with others; none when it has to be run alone.
pub type Shared<'s, T> = Pin<Box<dyn Future<Output = Option<Result<T, ServiceError>>> + Send + 's>>;

/// What became of a command that came with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// It was done now, and its answer is kept.
    Fresh(T),
    /// It had been done before; these are the bytes that were kept then.
    Replayed(Vec<u8>),
}

impl ChatService {
    /// Runs a command.
    ///
    /// # Errors
    /// Those of the command, `UnknownActor`, `Store`.
    pub async fn run<C: Command>(&self, actor: Actor, command: C) -> Result<C::Done, ServiceError> {
        if let Some(shared) = command.share(self, actor)
            && let Some(answer) = shared.await
        {
            return answer;
        }
        let done = self.write(move |tx, at| command.run(tx, actor, at)).await?;
        self.clear_after::<C>(&done).await;
        Ok(done)
    }

    async fn clear_after<C: Command>(&self, done: &C::Done) {
        if let Some(mark) = C::leaves(done) {
            self.discard_staged(mark).await;
        }
    }

    /// Runs a command unless the actor has done so under this key before: then the first answer comes
    /// again, as the bytes that `encode` made of it in the transaction of the change. Those who ask at
    /// the same time make one change. A command that fails leaves its key unused.
    ///
    /// Answers are kept for the time given by [`ChatService::keeping_answers`].
    ///
    /// # Errors
    /// `KeyReused` if the key was used for another command; besides that, those of the command,
    /// `UnknownActor`, and `Store`, also when `encode` fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use chat_domain::ports::SystemClock;
    /// # use chat_domain::{Actor, EmailAddress, IdempotencyKey, Username};
    /// # use chat_store::{SqliteOptions, SqliteStore};
    /// use chat_service::{Answer, ChatService, CreateUser};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(&SqliteOptions::new(dir.path().join("chat.db")))?;
    /// # let chat = ChatService::new(Arc::new(store), Arc::new(SystemClock));
    /// let key = IdempotencyKey::parse("import-of-ada")?;
    /// let ada = CreateUser {
    ///     username: Username::parse("ada")?,
    ///     email: EmailAddress::parse("ada@example.org")?,
    ///     display_name: None,
    ///     external_id: None,
    /// };
    /// for attempt in 1..=2 {
    ///     let answer = chat
    ///         .run_once(Actor::System, key.clone(), ada.clone(), |user| {
    ///             Ok(user.id.to_string().into_bytes())
    ///         })
    ///         .await?;
    ///     match answer {
    ///         Answer::Fresh(user) => assert_eq!((attempt, user.id.get()), (1, 1)),
    ///         Answer::Replayed(bytes) => assert_eq!((attempt, bytes), (2, b"1".to_vec())),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_once<C: Command>(
        &self,
        actor: Actor,
        key: IdempotencyKey,
        command: C,
        encode: impl Fn(&C::Done) -> Result<Vec<u8>, String> + Send + 'static,
    ) -> Result<Answer<C::Done>, ServiceError> {
        let fingerprint = Fields::of(&command);
        let kept_for = self.answers_kept_for;
        let work = self.write(move |tx, at| {
            let kept = tx.lock_key(actor, &key)?;
            if let Some(kept) = kept.filter(|kept| kept.at >= at.earlier_by(kept_for)) {
                // Whoever is gone gets no answer again either; a command itself looks for its actor.
                known_actor(tx, actor)?;
                return if kept.fingerprint == fingerprint {
                    Ok(Answer::Replayed(kept.answer))
                } else {
                    Err(ServiceError::KeyReused)
                };
            }
            let done = command.run(tx, actor, at)?;
            tx.keep_answer(&KeptAnswer {
                actor,
                key: key.clone(),
                fingerprint,
                answer: encode(&done).map_err(|cause| ServiceError::not_encoded(&cause))?,
                at,
            })?;
            Ok(Answer::Fresh(done))
        });
        let answer = work.await?;
        if let Answer::Fresh(done) = &answer {
            self.clear_after::<C>(done).await;
        }
        Ok(answer)
    }

    /// Forgets some of the answers that were kept long enough, and says how many: at most about
    /// 500, so that other writes wait for it only shortly. A host calls it now and then, until it
    /// says 0.
    ///
    /// # Errors
    /// `Store`.
    pub async fn forget_answers(&self) -> Result<usize, ServiceError> {
        let kept_for = self.answers_kept_for;
        self.write(move |tx, at| Ok(tx.forget_answers(at.earlier_by(kept_for), FORGOTTEN_AT_ONCE)?))
            .await
    }
}

/// How many answers are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 500;
