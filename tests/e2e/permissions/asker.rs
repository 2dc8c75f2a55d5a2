//! Those who ask: with which token, or without.

use super::World;
use crate::support::{Request, expired_token_of, grant, sign, token_of, unsigned};

/// A secret that the server does not share.
const OTHER_SECRET: &str = "a secret that no server here has";

/// Somebody who asks.
#[derive(Clone, Copy)]
pub(super) enum Asker {
    Anonymous,
    /// A user who has to do with nothing here.
    Stranger,
    Member,
    Admin,
    Owner,
    /// The user whom the thing is about or from.
    Itself,
    /// The one who has the direct messages of that user.
    Another,
    System,
    /// The user itself, with a token whose time is over.
    Expired,
    /// The same, with a token of another key.
    WrongKey,
    /// The same, with a token that nobody has signed.
    None,
}

impl Asker {
    pub(super) const ALL: [Self; 11] = [
        Self::Anonymous,
        Self::Stranger,
        Self::Member,
        Self::Admin,
        Self::Owner,
        Self::Itself,
        Self::Another,
        Self::System,
        Self::Expired,
        Self::WrongKey,
        Self::None,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Stranger => "stranger",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Itself => "the user itself",
            Self::Another => "another user",
            Self::System => "system",
            Self::Expired => "expired",
            Self::WrongKey => "wrong key",
            Self::None => "alg: none",
        }
    }

    /// The request as this one sends it.
    pub(super) fn sign(self, request: Request, world: &World) -> Request {
        let user = |id| request.clone().token(&token_of(Some(id)));
        match self {
            Self::Anonymous => request,
            Self::Stranger => user(world.stranger),
            Self::Member => user(world.member),
            Self::Admin => user(world.admin),
            Self::Owner => user(world.owner),
            Self::Itself => user(world.itself),
            Self::Another => user(world.another),
            Self::System => request.token(&token_of(None)),
            Self::Expired => request.token(&expired_token_of(world.itself)),
            Self::WrongKey => request.token(&sign(OTHER_SECRET, &grant(Some(world.itself)))),
            Self::None => request.token(&by_nobody(world.itself)),
        }
    }
}

fn by_nobody(user: i64) -> String {
    let claims = format!("{{\"sub\":\"{user}\",\"exp\":9999999999}}");
    unsigned("{\"alg\":\"none\",\"typ\":\"JWT\"}", &claims)
}
