//! Windows on a conversation: newest, before, after, around, offset, and the links between them.

use crate::support::{Answer, App, NOTHING};

struct Talk {
    app: App,
    ada: i64,
    path: String,
    ids: Vec<i64>,
}

/// Ten messages in a group; the fourth and the last have been deleted.
fn talk() -> Talk {
    let app = App::start();
    let ada = app.user("ada");
    let group = app.group("team", ada, &[]);
    let mut ids: Vec<i64> = (1..=10)
        .map(|n| app.tell_group(ada, group, &n.to_string()))
        .collect();
    for deleted in [ids[3], ids[9]] {
        app.as_user(ada)
            .delete(&format!("/messages/{deleted}"))
            .expect(204);
    }
    ids.insert(0, 0);
    Talk {
        app,
        ada,
        path: format!("/messages?group_id={group}"),
        ids,
    }
}

impl Talk {
    fn get(&self, query: &str) -> Answer {
        self.app
            .as_user(self.ada)
            .get(&format!("{}{query}", self.path))
    }

    /// The numbers (1 to 10) of the messages of a page.
    #[track_caller]
    fn page(&self, query: &str) -> Vec<i64> {
        self.numbers(&self.get(query))
    }

    #[track_caller]
    fn numbers(&self, answer: &Answer) -> Vec<i64> {
        let page = answer.expect(200);
        let number = |m: &serde_json::Value| m["content"].as_str().and_then(|c| c.parse().ok());
        page.as_array()
            .expect("a list")
            .iter()
            .filter_map(number)
            .collect()
    }

    /// Whether there are links to older and to newer messages.
    #[track_caller]
    fn links(&self, query: &str) -> (bool, bool) {
        let answer = self.get(query);
        (answer.link("next").is_some(), answer.link("prev").is_some())
    }
}

#[test]
fn the_newest_page_is_given_oldest_first() {
    let talk = talk();
    assert_eq!(talk.page(""), [1, 2, 3, 5, 6, 7, 8, 9]);
    assert_eq!(talk.page("&limit=3"), [7, 8, 9]);
    assert_eq!(talk.links(""), (false, false));
    assert_eq!(talk.links("&limit=3"), (true, false));
    assert_eq!(talk.links("&limit=8"), (false, false));
}

#[test]
fn before_and_after_are_plain_bounds() {
    let talk = talk();
    let ids = &talk.ids;
    assert_eq!(talk.page(&format!("&before={}&limit=2", ids[6])), [3, 5]);
    assert_eq!(talk.page(&format!("&after={}&limit=2", ids[6])), [7, 8]);
    // Deleted ones and ids of elsewhere serve as bounds.
    assert_eq!(talk.page(&format!("&before={}&limit=2", ids[4])), [2, 3]);
    assert_eq!(talk.page(&format!("&after={}&limit=2", ids[4])), [5, 6]);
    assert_eq!(talk.page("&before=9007199254740991&limit=1"), [9]);
    assert_eq!(talk.page(&format!("&before={}", ids[1])), NOTHING);
    assert_eq!(talk.page(&format!("&after={}", ids[9])), NOTHING);
    assert_eq!(
        talk.links(&format!("&before={}&limit=2", ids[6])),
        (true, true)
    );
    assert_eq!(
        talk.links(&format!("&before={}&limit=3", ids[5])),
        (false, true)
    );
    assert_eq!(
        talk.links(&format!("&after={}&limit=2", ids[6])),
        (true, true)
    );
    assert_eq!(
        talk.links(&format!("&after={}&limit=3", ids[6])),
        (true, false)
    );
    assert_eq!(
        talk.links("&before=9007199254740991&limit=1"),
        (true, false)
    );
}

#[test]
fn around_fills_up_from_either_side() {
    let talk = talk();
    let ids = &talk.ids;
    let around = |n: usize, limit: usize| talk.page(&format!("&around={}&limit={limit}", ids[n]));
    assert_eq!(around(6, 1), [6]);
    assert_eq!(around(6, 4), [3, 5, 6, 7]);
    assert_eq!(around(6, 5), [3, 5, 6, 7, 8]);
    assert_eq!(around(1, 3), [1, 2, 3]);
    assert_eq!(around(9, 3), [7, 8, 9]);
    assert_eq!(around(9, 200), [1, 2, 3, 5, 6, 7, 8, 9]);
    // Deleted ones serve.
    assert_eq!(around(4, 4), [2, 3, 5, 6]);
    assert_eq!(around(10, 2), [8, 9]);
    assert_eq!(
        talk.links(&format!("&around={}&limit=4", ids[6])),
        (true, true)
    );
    assert_eq!(
        talk.links(&format!("&around={}&limit=3", ids[1])),
        (false, true)
    );
    assert_eq!(
        talk.links(&format!("&around={}&limit=3", ids[9])),
        (true, false)
    );
}

#[test]
fn around_a_message_of_elsewhere_is_404() {
    let talk = talk();
    let bob = talk.app.user("bob");
    let elsewhere = talk.app.tell(talk.ada, bob, "hi");
    for id in [elsewhere, 999] {
        talk.get(&format!("&around={id}"))
            .problem(404, "message_not_found");
        let direct = format!("/messages?receiver_id={bob}&around={}", talk.ids[1]);
        talk.app
            .as_user(talk.ada)
            .get(&direct)
            .problem(404, "message_not_found");
    }
}

#[test]
fn offset_counts_from_the_newest() {
    let talk = talk();
    assert_eq!(talk.page("&offset=0&limit=2"), [8, 9]);
    assert_eq!(talk.page("&offset=2&limit=2"), [6, 7]);
    assert_eq!(talk.page("&offset=10000"), NOTHING);
    assert_eq!(talk.links("&offset=0&limit=2"), (true, false));
    assert_eq!(talk.links("&offset=6&limit=2"), (false, true));
}

#[test]
fn links_lead_through_everything_both_ways() {
    let talk = talk();
    let user = talk.app.as_user(talk.ada);
    let (mut pages, mut target) = (Vec::new(), Some(format!("{}&limit=3", talk.path)));
    let mut oldest = String::new();
    while let Some(next) = target {
        let answer = user.get(&next);
        pages.push(talk.numbers(&answer));
        target = answer.link("next");
        oldest = next;
    }
    assert_eq!(pages, [vec![7, 8, 9], vec![3, 5, 6], vec![1, 2]]);
    let (mut pages, mut target) = (Vec::new(), Some(oldest));
    while let Some(next) = target {
        let answer = user.get(&next);
        pages.push(talk.numbers(&answer));
        target = answer.link("prev");
    }
    assert_eq!(pages, [vec![1, 2], vec![3, 5, 6], vec![7, 8, 9]]);
}
