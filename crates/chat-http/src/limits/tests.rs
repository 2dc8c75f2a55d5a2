//! What is counted for whom, and what is told of it.

use std::sync::atomic::AtomicU64;

use rstest::rstest;

use super::*;

/// Limits whose time stands still until it is moved.
struct Still {
    limits: RateLimits,
    millis: Arc<AtomicU64>,
}

fn still(budgets: &str) -> Still {
    let millis = Arc::new(AtomicU64::new(0));
    let now = Arc::clone(&millis);
    let ticks = Ticks(Arc::new(move || {
        Duration::from_millis(now.load(Ordering::Relaxed))
    }));
    Still {
        limits: RateLimits::by(budgets.parse().unwrap(), ticks),
        millis,
    }
}

impl Still {
    fn wait(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    fn read(&self, user: Option<i64>, address: Option<&str>) -> Result<Standing, Exceeded> {
        let user = user.map(|id| UserId::parse(id).unwrap());
        let address = address.map(|address| address.parse().unwrap());
        let counted = self.limits.count(Class::Reads, user, address);
        counted.map(Option::unwrap)
    }

    /// How often it may be asked now, at most so many times.
    fn may_ask(&self, user: Option<i64>, address: Option<&str>, at_most: usize) -> usize {
        let mut asked = 0;
        while asked < at_most && self.read(user, address).is_ok() {
            asked += 1;
        }
        asked
    }
}

#[test]
fn a_burst_and_then_so_many_a_second() {
    let still = still("reads=2/5");
    assert_eq!(still.may_ask(Some(1), None, 99), 5);
    still.wait(500);
    assert_eq!(still.may_ask(Some(1), None, 99), 1);
    still.wait(10_000);
    assert_eq!(still.may_ask(Some(1), None, 99), 5);
}

#[test]
fn each_user_and_each_class_has_a_budget_of_its_own() {
    let still = still("reads=1/2,sends=1/3");
    assert_eq!(still.may_ask(Some(1), None, 99), 2);
    assert_eq!(still.may_ask(Some(2), None, 99), 2);
    let user = UserId::parse(1).ok();
    let sends = (0..99).take_while(|_| still.limits.count(Class::Sends, user, None).is_ok());
    assert_eq!(sends.count(), 3);
}

#[test]
fn an_address_may_ask_ten_times_as_much_as_a_user() {
    let still = still("reads=1/2");
    let address = Some("192.0.2.1");
    let asked: usize = (1..=20)
        .map(|user| still.may_ask(Some(user), address, 99))
        .sum();
    assert_eq!(asked, 20);
    let refused = still.read(Some(21), address).unwrap_err();
    assert_eq!(refused.whose, "this address");
    assert_eq!(still.may_ask(Some(22), Some("192.0.2.2"), 99), 2);
    // Who is refused for itself costs its address nothing.
    assert_eq!(still.may_ask(Some(1), Some("192.0.2.3"), 99), 0);
    assert_eq!(still.may_ask(None, Some("192.0.2.3"), 99), 20);
}

#[rstest]
#[case::other_host_of_a_network("2001:db8::1", "2001:db8::ffff", true)]
#[case::other_network("2001:db8::1", "2001:db8:0:1::1", false)]
#[case::mapped("192.0.2.1", "::ffff:192.0.2.1", true)]
#[case::neighbours("192.0.2.1", "192.0.2.2", false)]
fn what_counts_as_one_address(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
    let still = still("reads=1/1");
    assert_eq!(still.may_ask(None, Some(one), 99), 10);
    assert_eq!(still.may_ask(None, Some(other), 99) == 0, same);
}

#[test]
fn the_head_of_an_answer_tells_how_much_is_left() {
    let still = still("reads=2/5");
    let told = |standing: Standing| {
        let mut headers = HeaderMap::new();
        standing.tell(&mut headers);
        let text = |name| headers.get(name).unwrap().to_str().unwrap().to_owned();
        (text(RATE_LIMIT_POLICY), text(RATE_LIMIT))
    };
    let policy = "\"reads\";q=5;w=3".to_owned();
    let first = still.read(Some(1), None).unwrap();
    assert_eq!(
        told(first),
        (policy.clone(), "\"reads\";r=4;t=1".to_owned())
    );
    for _ in 0..4 {
        still.read(Some(1), None).unwrap();
    }
    let refused = still.read(Some(1), None).unwrap_err();
    assert_eq!(refused.wait, 1);
    assert_eq!(
        told(refused.standing),
        (policy, "\"reads\";r=0;t=3".to_owned())
    );
}

#[test]
fn who_waits_as_long_as_is_said_may_ask() {
    let still = still("reads=1/1");
    still.read(Some(1), None).unwrap();
    still.wait(1);
    let refused = still.read(Some(1), None).unwrap_err();
    assert_eq!(refused.wait, 1);
    still.wait(1_000);
    assert!(still.read(Some(1), None).is_ok());
}

#[test]
fn who_asks_no_more_is_forgotten() {
    let still = still("reads=1/1");
    for user in 1..=1_000 {
        still
            .read(Some(user), Some("192.0.2.1"))
            .unwrap_or_else(|_| {
                still.wait(1_000);
                still.read(Some(user), Some("192.0.2.1")).unwrap()
            });
    }
    still.wait(60_000);
    still.read(Some(1), Some("192.0.2.2")).unwrap();
    let reads = Class::Reads as usize;
    assert_eq!(still.limits.0.actors[reads].limiter.len(), 1);
    assert_eq!(still.limits.0.addresses[reads].limiter.len(), 1);
}

#[rstest]
#[case("sends=1/2", Class::Sends, 1, 2)]
#[case("writes=20/60, reads=7/9", Class::Reads, 7, 9)]
#[case("reads=1/1", Class::Writes, 20, 60)]
#[case("writes=1000000/1000000", Class::Writes, 1_000_000, 1_000_000)]
fn budgets(#[case] text: &str, #[case] class: Class, #[case] rate: u32, #[case] burst: u32) {
    let budgets: Budgets = text.parse().unwrap();
    assert_eq!(Some(budgets.of(class)), Budget::new(rate, burst));
}

#[rstest]
#[case("")]
#[case("on")]
#[case("reads")]
#[case("reads=1")]
#[case("reads=0/1")]
#[case("reads=1/0")]
#[case("reads=-1/1")]
#[case("reads=1.5/1")]
#[case("reads=1/1000001")]
#[case("reads=1/1,reads=1/1")]
#[case("looks=1/1")]
#[case("reads=1/1,")]
fn what_are_no_budgets(#[case] text: &str) {
    assert_eq!(text.parse::<Budgets>(), Err(InvalidBudgets));
}

#[rstest]
#[case("POST", "/messages", Class::Sends)]
#[case("POST", "/messages/1/seen", Class::Writes)]
#[case("DELETE", "/messages/1", Class::Writes)]
#[case("PATCH", "/users/1", Class::Writes)]
#[case("GET", "/messages", Class::Reads)]
#[case("HEAD", "/users", Class::Reads)]
#[case("FOO", "/users", Class::Writes)]
fn classes(#[case] method: &str, #[case] path: &str, #[case] class: Class) {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    assert_eq!(Class::of(&method, path), class);
}
