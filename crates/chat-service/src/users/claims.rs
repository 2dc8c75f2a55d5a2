//! Users as the tokens of another service tell of them: found by their external id, and made when one is
//! seen for the first time.

use chat_domain::ports::{Conflict, Cost, StoreError, WriteTx};
use chat_domain::{DisplayName, EmailAddress, ExternalId, NewUser, Timestamp, UserId, Username};
use sha2::{Digest, Sha256};

use crate::{ChatService, ServiceError};

/// How many numbers are tried behind a name that is taken, before the external id is told apart by a digest.
const NUMBERED: u32 = 9;

/// A user as the claims of a token tell of it. They were verified, and nothing of them is parsed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFromClaims {
    /// By what it is known from now on.
    pub external_id: ExternalId,
    /// What it would like as its name.
    pub username: Option<String>,
    /// What it is called where people read it.
    pub display_name: Option<String>,
    /// Its email address.
    pub email: Option<String>,
}

impl ChatService {
    /// The living user with this external id.
    ///
    /// # Errors
    /// `Store`.
    pub async fn user_of(&self, external: ExternalId) -> Result<Option<UserId>, ServiceError> {
        self.read(Cost::Bounded, move |tx| Ok(tx.user_of(&external)?))
            .await
    }

    /// The user with the external id of these claims, who is made of them if there is none.
    ///
    /// Its name is the claimed one, else the external id, else `user`, whichever can be a name, with a
    /// number or a digest behind it while that is taken. A display name that can't be one is left out.
    ///
    /// A user is never found by its email address: whoever has it confirmed elsewhere need not be who has it
    /// here.
    ///
    /// # Errors
    /// `NotMade` if the email address is missing, is none, or is another user's; `Store`.
    pub async fn first_seen(&self, claims: NewFromClaims) -> Result<UserId, ServiceError> {
        self.write(move |tx, at| match tx.user_of(&claims.external_id)? {
            Some(user) => Ok(user),
            None => make(tx, &claims, at),
        })
        .await
    }
}

fn make(
    tx: &mut dyn WriteTx,
    claims: &NewFromClaims,
    at: Timestamp,
) -> Result<UserId, ServiceError> {
    let email = claims.email.as_deref();
    let email = email.ok_or(ServiceError::NotMade("it names no email address"))?;
    let email = EmailAddress::parse(email)
        .map_err(|_| ServiceError::NotMade("its email address is not a valid one"))?;
    let display_name = claims.display_name.as_deref();
    let display_name = display_name.and_then(|name| DisplayName::parse(name).ok());
    for username in names(claims) {
        let made = tx.insert_user(&NewUser {
            username,
            email: email.clone(),
            display_name: display_name.clone(),
            external_id: Some(claims.external_id.clone()),
            at,
        });
        return match made {
            Ok(user) => Ok(user.id),
            Err(StoreError::Conflict(Conflict::Username)) => continue,
            // Another node may have made it just now, and then the address is its own.
            Err(StoreError::Conflict(Conflict::ExternalId | Conflict::Email)) => {
                let taken = ServiceError::NotMade("its email address is another user's");
                tx.user_of(&claims.external_id)?.ok_or(taken)
            }
            Err(error) => Err(error.into()),
        };
    }
    Err(ServiceError::NotMade("every name for it is taken"))
}

/// The names to be tried, one after the other.
fn names(claims: &NewFromClaims) -> impl Iterator<Item = Username> {
    let claimed = claims.username.as_deref().map(Username::parse);
    let wanted = claimed
        .and_then(Result::ok)
        .or_else(|| Username::parse(claims.external_id.as_str()).ok())
        .map_or_else(|| "user".to_owned(), Username::into_string);
    let digest = Sha256::digest(claims.external_id.as_str());
    let digest: String = digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let endings = (2..=NUMBERED).map(|number| number.to_string());
    let endings = endings.chain([digest]).map(|ending| format!("-{ending}"));
    let endings = [String::new()].into_iter().chain(endings);
    endings.filter_map(move |ending| Username::parse(ended(&wanted, &ending)).ok())
}

/// The name with something behind it, and so much of its end left out that it is not too long.
fn ended(name: &str, ending: &str) -> String {
    let room = Username::MAX_CHARS.saturating_sub(ending.chars().count());
    let kept: String = name.chars().take(room).collect();
    format!("{kept}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(external: &str, username: Option<&str>) -> Vec<String> {
        let claims = NewFromClaims {
            external_id: ExternalId::parse(external).unwrap(),
            username: username.map(str::to_owned),
            display_name: None,
            email: None,
        };
        names(&claims).map(Username::into_string).collect()
    }

    #[test]
    fn the_claimed_name_comes_first_then_numbers_then_a_digest() {
        let names = all("google|1", Some("ada"));
        let numbered: Vec<_> = (2..=NUMBERED).map(|n| format!("ada-{n}")).collect();
        assert_eq!(names[0], "ada");
        assert_eq!(names[1..9], numbered);
        assert_eq!(names[9], "ada-3a69b256b86a");
        assert_eq!(names.len(), 10);
        assert_ne!(all("google|2", Some("ada"))[9], names[9]);
    }

    #[test]
    fn what_can_be_no_name_makes_way_for_what_can() {
        assert_eq!(all("a|1", None)[0], "a|1");
        assert_eq!(all("a|1", Some(" ada"))[0], "a|1");
        assert_eq!(all("a|1", Some(""))[0], "a|1");
        assert_eq!(all(&"x".repeat(65), None)[0], "user");
        assert_eq!(all(&"x".repeat(65), Some("y\n"))[1], "user-2");
    }

    #[test]
    fn a_long_name_gives_way_to_its_ending() {
        let names = all("a|1", Some(&"é".repeat(64)));
        assert_eq!(names[0], "é".repeat(64));
        assert_eq!(names[1], format!("{}-2", "é".repeat(62)));
        assert!(names.iter().all(|name| name.chars().count() == 64));
    }
}
