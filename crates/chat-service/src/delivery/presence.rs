//! Who is there: online while any of its connections lives, and for a moment longer, so that whoever comes
//! right back was never gone.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chat_domain::{Presence, Timestamp, UserId};

/// How long after its last connection a user is told to be gone.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Who is there.
#[derive(Default)]
pub(super) struct Here {
    /// How many connections of this node each user has.
    connections: HashMap<UserId, usize>,
    /// Whose last connection has ended, and when it is told.
    leaving: HashMap<UserId, Leaving>,
    /// Who is there by what all nodes have told.
    online: HashSet<UserId>,
}

struct Leaving {
    told_at: Instant,
    last_seen: Timestamp,
}

impl Here {
    /// A connection of the user begins; what is to be told of that.
    pub(super) fn come(&mut self, user: UserId) -> Option<Presence> {
        let connections = self.connections.entry(user).or_default();
        *connections += 1;
        let first = *connections == 1;
        let was_leaving = self.leaving.remove(&user).is_some();
        (first && !was_leaving).then_some(Presence {
            user_id: user,
            online: true,
            last_seen: None,
        })
    }

    /// A connection of the user has ended.
    pub(super) fn go(&mut self, user: UserId, now: Instant, last_seen: Timestamp) {
        let Some(connections) = self.connections.get_mut(&user) else {
            return;
        };
        *connections -= 1;
        if *connections == 0 {
            self.connections.remove(&user);
            let told_at = now + GRACE;
            self.leaving.insert(user, Leaving { told_at, last_seen });
        }
    }

    /// Whose leaving is to be told by now.
    pub(super) fn gone(&mut self, now: Instant) -> Vec<Presence> {
        let mut gone = Vec::new();
        self.leaving.retain(|user, leaving| {
            let stays = leaving.told_at > now;
            if !stays {
                gone.push(Presence {
                    user_id: *user,
                    online: false,
                    last_seen: Some(leaving.last_seen),
                });
            }
            stays
        });
        gone
    }

    /// When somebody's leaving has to be told next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.leaving.values().map(|leaving| leaving.told_at).min()
    }

    /// A node has told this; whether it is news.
    pub(super) fn heard(&mut self, presence: &Presence) -> bool {
        if presence.online {
            self.online.insert(presence.user_id)
        } else {
            self.online.remove(&presence.user_id)
        }
    }

    /// Whether the user is there.
    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.online.contains(&user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> UserId {
        UserId::parse(1).unwrap()
    }

    const SEEN: Timestamp = Timestamp::from_micros(7);

    #[test]
    fn the_first_connection_is_told_and_the_last() {
        let (mut here, now) = (Here::default(), Instant::now());
        assert!(here.come(ada()).unwrap().online);
        assert_eq!(here.come(ada()), None);
        here.go(ada(), now, SEEN);
        assert_eq!(here.next(), None);
        here.go(ada(), now, SEEN);
        assert_eq!(here.next(), Some(now + GRACE));
        assert_eq!(here.gone(now), []);
        let gone = here.gone(now + GRACE);
        assert_eq!(gone.len(), 1);
        assert_eq!((gone[0].online, gone[0].last_seen), (false, Some(SEEN)));
        assert_eq!(here.gone(now + GRACE), []);
    }

    #[test]
    fn whoever_comes_right_back_was_never_gone() {
        let (mut here, now) = (Here::default(), Instant::now());
        here.come(ada());
        here.go(ada(), now, SEEN);
        assert_eq!(here.come(ada()), None);
        assert_eq!(here.gone(now + GRACE), []);
    }

    #[test]
    fn what_is_told_again_is_no_news() {
        let mut here = Here::default();
        let come = here.come(ada()).unwrap();
        assert!(here.heard(&come) && !here.heard(&come) && here.is_online(ada()));
        let go = Presence {
            online: false,
            ..come
        };
        assert!(here.heard(&go) && !here.heard(&go) && !here.is_online(ada()));
    }
}
