//! Rate limits: how often an actor, and an address, may ask.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chat_domain::UserId;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::problem::Problem;
use crate::proxies::network;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How many times as much as one actor all that come from one address may ask.
const OF_ADDRESS: u32 = 10;

/// How often what is known of those who ask no more is forgotten.
const SWEEP: Duration = Duration::from_secs(10);

/// What a request is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A message that is sent.
    Sends,
    /// Any other change.
    Writes,
    /// What changes nothing.
    Reads,
}

impl Class {
    const ALL: [Self; 3] = [Self::Sends, Self::Writes, Self::Reads];

    /// What a request with this method to this path is counted as.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Reads,
            Method::POST if path == "/messages" => Self::Sends,
            _ => Self::Writes,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Writes => "writes",
            Self::Reads => "reads",
        }
    }
}

/// So many a second, and so many at once after a while of silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

impl Budget {
    /// The most that either number can be.
    pub const MOST: u32 = 1_000_000;

    /// `per_second` in the long run and `burst` at once, 1 to [`Budget::MOST`] each; none for other numbers.
    pub fn new(per_second: u32, burst: u32) -> Option<Self> {
        let within = |number: u32| NonZeroU32::new(number).filter(|n| n.get() <= Self::MOST);
        Some(Self {
            per_second: within(per_second)?,
            burst: within(burst)?,
        })
    }

    fn times(self, factor: u32) -> Self {
        let times =
            |number: NonZeroU32| number.saturating_mul(NonZeroU32::MIN.saturating_add(factor - 1));
        Self {
            per_second: times(self.per_second),
            burst: times(self.burst),
        }
    }

    fn quota(self) -> Quota {
        Quota::per_second(self.per_second).allow_burst(self.burst)
    }

    /// In how many seconds all is there again that can be asked at once.
    fn window(self) -> u32 {
        self.burst.get().div_ceil(self.per_second.get())
    }
}

/// What each actor may ask; all from one address may ask ten times as much. The system, which is
/// trusted, may ask as it likes.
///
/// Its text lists what differs from the default, such as `sends=50/100,writes=20/60,reads=100/200`: so many
/// a second, and so many at once.
///
/// ```
/// use chat_http::Budgets;
///
/// assert_eq!("reads=100/200".parse(), Ok(Budgets::default()));
/// assert!("reads=0/1".parse::<Budgets>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// Messages that are sent; 50 a second and 100 at once by default.
    pub sends: Budget,
    /// All other changes; 20 a second and 60 at once by default.
    pub writes: Budget,
    /// What changes nothing; 100 a second and 200 at once by default.
    pub reads: Budget,
}

impl Default for Budgets {
    fn default() -> Self {
        let budget = |per_second: u32, burst: u32| Budget {
            per_second: NonZeroU32::MIN.saturating_add(per_second - 1),
            burst: NonZeroU32::MIN.saturating_add(burst - 1),
        };
        Self {
            sends: budget(50, 100),
            writes: budget(20, 60),
            reads: budget(100, 200),
        }
    }
}

/// A text that is no list of budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBudgets;

impl fmt::Display for InvalidBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be budgets such as sends=50/100,writes=20/60,reads=100/200")
    }
}

impl std::error::Error for InvalidBudgets {}

impl FromStr for Budgets {
    type Err = InvalidBudgets;

    fn from_str(text: &str) -> Result<Self, InvalidBudgets> {
        let mut budgets = Self::default();
        let mut given = [false; Class::ALL.len()];
        for part in text.split(',') {
            let (name, budget) = part.split_once('=').ok_or(InvalidBudgets)?;
            let named = |class: &Class| class.name() == name.trim();
            let class = Class::ALL.into_iter().find(named).ok_or(InvalidBudgets)?;
            if std::mem::replace(&mut given[class as usize], true) {
                return Err(InvalidBudgets);
            }
            let (per_second, burst) = budget.split_once('/').ok_or(InvalidBudgets)?;
            let number = |text: &str| text.trim().parse::<u32>().map_err(|_| InvalidBudgets);
            let budget = Budget::new(number(per_second)?, number(burst)?).ok_or(InvalidBudgets)?;
            *budgets.of_mut(class) = budget;
        }
        Ok(budgets)
    }
}

impl Budgets {
    fn of(&self, class: Class) -> Budget {
        match class {
            Class::Sends => self.sends,
            Class::Writes => self.writes,
            Class::Reads => self.reads,
        }
    }

    fn of_mut(&mut self, class: Class) -> &mut Budget {
        match class {
            Class::Sends => &mut self.sends,
            Class::Writes => &mut self.writes,
            Class::Reads => &mut self.reads,
        }
    }
}

/// Who has asked how much of late. Clones count together: all workers of a server share one.
#[derive(Clone)]
pub struct RateLimits(Arc<Counts>);

impl RateLimits {
    /// Nobody has asked anything yet.
    pub fn new(budgets: Budgets) -> Self {
        let start = Instant::now();
        Self::by(budgets, Ticks(Arc::new(move || start.elapsed())))
    }

    fn by(budgets: Budgets, ticks: Ticks) -> Self {
        Self(Arc::new(Counts {
            actors: Class::ALL.map(|class| Line::new(class, budgets.of(class), &ticks)),
            addresses: Class::ALL
                .map(|class| Line::new(class, budgets.of(class).times(OF_ADDRESS), &ticks)),
            sweep_at: AtomicU64::new(SWEEP.as_secs()),
            ticks,
        }))
    }

    /// Counts a request of this user, if one is known to ask, from this address, if it has one; or says
    /// that it is one too many.
    pub(crate) fn count(
        &self,
        class: Class,
        user: Option<UserId>,
        address: Option<IpAddr>,
    ) -> Result<Option<Standing>, Exceeded> {
        let counts = &*self.0;
        counts.sweep();
        let (actors, addresses) = (
            &counts.actors[class as usize],
            &counts.addresses[class as usize],
        );
        let standing = user
            .map(|user| actors.count(&user, "this user"))
            .transpose()?;
        let whole = address.map(|address| addresses.count(&network(address), "this address"));
        let at_address = whole.transpose()?;
        Ok(standing.or(at_address))
    }
}

/// By what all is counted that comes over one connection.
#[derive(Clone)]
pub(crate) struct CountedBy {
    pub(crate) limits: RateLimits,
    /// Where it comes from, if that is known.
    pub(crate) address: Option<IpAddr>,
}

impl CountedBy {
    /// Counts something that this user asks for, if it is one.
    pub(crate) fn count(&self, class: Class, user: Option<UserId>) -> Result<(), Problem> {
        let counted = self.limits.count(class, user, self.address);
        counted.map(drop).map_err(|exceeded| exceeded.refuse().0)
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").finish_non_exhaustive()
    }
}

/// Where who asks stands after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    policy: HeaderValue,
    name: &'static str,
    remaining: u32,
    /// In how many seconds all is there again.
    reset: u32,
}

impl Standing {
    /// Tells it in the head of an answer.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Self {
            policy,
            name,
            remaining,
            reset,
        } = self;
        headers.insert(RATE_LIMIT_POLICY, policy);
        if let Ok(limit) = HeaderValue::from_str(&format!("\"{name}\";r={remaining};t={reset}")) {
            headers.insert(RATE_LIMIT, limit);
        }
    }
}

/// A request that is one too many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    standing: Standing,
    /// Whole seconds until the next, at least 1.
    wait: u32,
    whose: &'static str,
}

impl Exceeded {
    /// The refusal, and what stands in its head.
    pub(crate) fn refuse(self) -> (Problem, Standing) {
        let problem = Problem::rate_limited(self.standing.name, self.whose, self.wait);
        (problem, self.standing)
    }
}

struct Counts {
    actors: [Line<UserId>; Class::ALL.len()],
    addresses: [Line<IpAddr>; Class::ALL.len()],
    ticks: Ticks,
    /// At which second those who ask no more are forgotten next.
    sweep_at: AtomicU64,
}

impl Counts {
    /// Forgets, now and then, those who might ask as much as if they had never asked.
    fn sweep(&self) {
        let now = self.ticks.now().as_secs();
        let due = self.sweep_at.load(Ordering::Relaxed);
        let next = now + SWEEP.as_secs();
        let mine = now >= due
            && self
                .sweep_at
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            self.actors.iter().for_each(Line::sweep);
            self.addresses.iter().for_each(Line::sweep);
        }
    }
}

/// What one class of requests costs those of one kind.
struct Line<K: Clone + Eq + Hash> {
    limiter: RateLimiter<K, HashMapStateStore<K>, Ticks, StateInformationMiddleware>,
    ticks: Ticks,
    budget: Budget,
    name: &'static str,
    /// As it stands in heads, the same in all.
    policy: HeaderValue,
}

impl<K: Clone + Eq + Hash> Line<K> {
    fn new(class: Class, budget: Budget, ticks: &Ticks) -> Self {
        let (name, most, window) = (class.name(), budget.burst, budget.window());
        let policy = format!("\"{name}\";q={most};w={window}");
        let limiter = RateLimiter::hashmap_with_clock(budget.quota(), ticks.clone());
        Self {
            limiter: limiter.with_middleware(),
            ticks: ticks.clone(),
            budget,
            name,
            // Visible ASCII as it is, so it is a value.
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("")),
        }
    }

    fn count(&self, key: &K, whose: &'static str) -> Result<Standing, Exceeded> {
        match self.limiter.check_key(key) {
            Ok(state) => Ok(self.standing(state.remaining_burst_capacity())),
            Err(until) => Err(Exceeded {
                standing: self.standing(0),
                wait: whole_seconds(until.wait_time_from(self.ticks.now())).max(1),
                whose,
            }),
        }
    }

    fn standing(&self, remaining: u32) -> Standing {
        let missing = self.budget.burst.get().saturating_sub(remaining);
        Standing {
            policy: self.policy.clone(),
            name: self.name,
            remaining,
            reset: missing.div_ceil(self.budget.per_second.get()),
        }
    }

    fn sweep(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// The time since the limits were made.
#[derive(Clone)]
struct Ticks(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        (self.0)()
    }
}

fn whole_seconds(time: Duration) -> u32 {
    let begun = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(begun).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
