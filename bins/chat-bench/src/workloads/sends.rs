//! Sends into groups, and whether they are still there.

use std::borrow::Cow;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{hot, pick, remainder};
use crate::client::{Answer, Request};
use crate::load::Workload;
use crate::world::{History, World};

/// Which groups are sent to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// All in turn.
    Even,
    /// Three of four messages go to the hot groups.
    Skewed,
    /// The one of this number.
    Into(usize),
    /// All before it in turn.
    Others(usize),
}

/// `POST /messages`, about 100 bytes of text, into a group by one of its members.
pub(crate) struct Sends<'a> {
    pub(crate) world: &'a World,
    pub(crate) history: &'a History,
    pub(crate) spread: Spread,
    /// The number of the first message.
    pub(crate) first: u64,
}

/// A message on its way.
pub(crate) struct Sending {
    group: usize,
    member: usize,
    number: u64,
}

#[derive(Deserialize)]
struct Shown<'a> {
    id: i64,
    seq: i64,
    group_id: i64,
    sender_id: i64,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

/// The text of the message of this number: 100 bytes.
pub(crate) fn text(number: u64) -> String {
    format!(
        "message {number:>12} {:.<79}",
        "says something of about a hundred bytes"
    )
}

/// The JSON of a send, as the echo floor gets it too.
pub(crate) fn body(sender: i64, group: i64, number: u64) -> String {
    let text = text(number);
    format!(r#"{{"sender_id":{sender},"group_id":{group},"type":"text","content":"{text}"}}"#)
}

impl Sends<'_> {
    /// The group and its member that the message of this number goes into and comes from.
    fn choose(&self, number: u64) -> (usize, usize) {
        let groups = self.world.groups.len();
        let (turn, groups) = match self.spread {
            Spread::Into(group) => {
                let members = self.world.groups[group].members.len();
                return (group, pick(number, members));
            }
            Spread::Skewed if number.is_multiple_of(4) => (number / 4, groups),
            Spread::Skewed => (number - number / 4 - 1, hot(groups)),
            Spread::Even => (number, groups),
            Spread::Others(group) => (number, group),
        };
        let (round, group) = (turn / groups as u64, remainder(turn, groups));
        let members = self.world.groups[group].members.len();
        // Another member in each round, so that nobody has sent all of a group.
        (group, remainder(round + group as u64, members))
    }
}

impl Workload for Sends<'_> {
    type Asked = Sending;

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> Sending {
        let number = self.first + turn;
        let (group, member) = self.choose(number);
        let to = &self.world.groups[group];
        let body = body(to.members[member], to.id, number);
        request.post("/messages", None, body.as_bytes());
        Sending {
            group,
            member,
            number,
        }
    }

    fn check(&self, sent: &Sending, answer: &Answer<'_>) -> Result<()> {
        answer.expect(201)?;
        let shown: Shown<'_> = serde_json::from_slice(answer.body).context("no message")?;
        let group = &self.world.groups[sent.group];
        ensure!(
            shown.content == text(sent.number)
                && shown.group_id == group.id
                && shown.sender_id == group.members[sent.member]
                && shown.seq > 0,
            "another message was answered: {}",
            String::from_utf8_lossy(answer.body)
        );
        self.history.add(sent.group, sent.member, shown.id);
        Ok(())
    }
}

/// `GET /messages/:id` of each message of a history, each with its text.
pub(crate) struct Recall {
    messages: Vec<(i64, i64)>,
}

impl Recall {
    /// Every acknowledged message.
    pub(crate) fn all(world: &World, history: &History) -> Self {
        let groups = world.groups.iter().enumerate();
        let messages = groups
            .flat_map(|(number, group)| history.ids(number).into_iter().map(|id| (id, group.id)));
        Self {
            messages: messages.collect(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.messages.len() as u64
    }
}

impl Workload for Recall {
    type Asked = (i64, i64);

    fn ask(&self, turn: u64, request: &mut Request<'_>) -> (i64, i64) {
        let (id, group) = self.messages[usize::try_from(turn).unwrap_or(usize::MAX)];
        request.get(&format!("/messages/{id}"), None);
        (id, group)
    }

    fn check(&self, (id, group): &(i64, i64), answer: &Answer<'_>) -> Result<()> {
        answer
            .expect(200)
            .with_context(|| format!("message {id} was acknowledged and is lost"))?;
        let shown: Shown<'_> = serde_json::from_slice(answer.body).context("no message")?;
        ensure!(
            shown.id == *id && shown.group_id == *group && shown.content.starts_with("message "),
            "message {id} was acknowledged and is another: {}",
            String::from_utf8_lossy(answer.body)
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::Sent;
    use crate::world::{Group, MEMBERS};

    /// How many messages each group gets, and from how many of its members.
    fn spread(spread: Spread, messages: u64) -> Vec<(usize, usize)> {
        let group = |id| Group {
            id,
            members: (1..=MEMBERS as i64).collect(),
        };
        let world = World::of((1..=40).map(group).collect());
        let history = History::of(&world);
        let sends = Sends {
            world: &world,
            history: &history,
            spread,
            first: 0,
        };
        for number in 0..messages {
            let (group, member) = sends.choose(number);
            history.add(group, member, 1);
        }
        let groups = (0..40).map(|group| {
            let group = history.group(group);
            let senders = group.by_member.iter().filter(|sent| **sent > 0);
            (group.ids.len(), senders.count())
        });
        groups.collect()
    }

    #[test]
    fn only_the_message_that_was_sent_is_a_right_answer() {
        let world = World::of(vec![Group {
            id: 7,
            members: vec![1, 2],
        }]);
        let history = History::of(&world);
        let sends = Sends {
            world: &world,
            history: &history,
            spread: Spread::Even,
            first: 0,
        };
        let sent = Sending {
            group: 0,
            member: 1,
            number: 9,
        };
        let right = format!(
            r#"{{"id":3,"seq":1,"group_id":7,"sender_id":2,"content":"{}"}}"#,
            text(9)
        );
        let check = |status, body: &str| {
            let body = body.as_bytes();
            sends.check(&sent, &Answer { status, body })
        };
        for (is, wrong) in [
            ("\"seq\":1", "\"seq\":0"),
            ("\"group_id\":7", "\"group_id\":8"),
            ("\"sender_id\":2", "\"sender_id\":1"),
            ("message            9", "message            8"),
        ] {
            assert!(right.contains(is), "{is}");
            check(201, &right.replace(is, wrong)).unwrap_err();
        }
        check(200, &right).unwrap_err();
        assert_eq!(history.len(), 0);
        check(201, &right).unwrap();
        assert_eq!(history.ids(0), [3]);
    }

    #[test]
    fn even_sends_reach_all_groups_alike() {
        assert_eq!(spread(Spread::Even, 400), [(10, 5); 40]);
    }

    #[test]
    fn hot_groups_fill_pages_when_others_hold_a_few() {
        let groups = spread(Spread::Skewed, 400);
        assert_eq!(groups[..4], [(78, 5); 4]);
        assert!(
            groups[4..]
                .iter()
                .all(|group| *group == (2, 2) || *group == (3, 3))
        );
    }

    #[test]
    fn sends_into_one_group_come_from_all_its_members() {
        let groups = spread(Spread::Into(7), 400);
        assert_eq!(groups[7], (400, 5));
    }

    #[test]
    fn a_text_has_a_hundred_bytes_and_its_number() {
        assert_eq!(text(7).len(), 100);
        assert_eq!(text(123_456_789_012).len(), 100);
        assert_ne!(text(1), text(11));
    }

    #[test]
    fn what_is_sent_is_echoed_byte_for_byte() {
        let body = body(1, 2, 3);
        let sent: Sent = serde_json::from_str(&body).unwrap();
        assert_eq!(serde_json::to_string(&sent).unwrap(), body);
    }
}
