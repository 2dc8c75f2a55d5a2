//! Why a token is not taken.

/// Why a token is not taken. The texts are for whoever sent it: they tell nothing of it, or of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// It is too long, not three parts in base64url, not JSON, or a claim has another type than it must
    /// have.
    #[error("the token is malformed")]
    Malformed,
    /// It says it was signed in another way than the key is for.
    #[error("the token is signed with an algorithm that is not accepted")]
    Algorithm,
    /// It asks for an extension (`crit`), and none is known.
    #[error("the token asks for an extension that is not known")]
    Critical,
    /// It names a key that is not there, or none where there are several.
    #[error("the token is signed with a key that is not known")]
    UnknownKey,
    /// The signature is not that of the key over this token.
    #[error("the token's signature is wrong")]
    Signature,
    /// It would be good for ever.
    #[error("the token has no time of expiry")]
    NoExpiry,
    /// Its time is over, by the leeway or more.
    #[error("the token has expired")]
    Expired,
    /// Its time comes later, by more than the leeway.
    #[error("the token is not valid yet")]
    NotYet,
    /// It has no issuer, or another one.
    #[error("the token comes from another issuer")]
    Issuer,
    /// It has no audience, or is for others.
    #[error("the token is for another audience")]
    Audience,
    /// Whether its key is there can't be said now: the keys can't be read. Nothing is wrong with the token;
    /// it may be sent again later.
    #[error("tokens can't be verified now")]
    KeysUnavailable,
}
