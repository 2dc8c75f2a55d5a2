//! Random stories, with something in every table.

use chat_domain::{
    Actor, EventKind, File, Fingerprint, Group, IdempotencyKey, KeptAnswer, Message, NewEvent,
    Recipient, Upload, UserId,
};

use crate::harness::{Db, Logged, at, carrying, words};

/// Numbers that look random, and are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len())].clone())
    }
}

struct Teller<'d> {
    db: &'d Db,
    logged: Logged<'d>,
    dice: Dice,
    users: Vec<UserId>,
    groups: Vec<(Group, Vec<UserId>)>,
    messages: Vec<Message>,
    files: Vec<File>,
    uploads: Vec<Upload>,
    told: usize,
}

/// Tells so many steps of a story. What tells it begins with people of its own.
pub(crate) fn tell(db: &Db, seed: u64, steps: usize) {
    let mut teller = Teller {
        db,
        logged: Logged::new(db),
        dice: Dice::new(seed),
        users: Vec::new(),
        groups: Vec::new(),
        messages: Vec::new(),
        files: Vec::new(),
        uploads: Vec::new(),
        told: 0,
    };
    let name = |number| format!("u{seed}n{number}");
    teller.users = (0..4).map(|number| db.user(&name(number)).id).collect();
    // Something of everything, whatever comes then.
    (0..KINDS).for_each(|kind| teller.step(kind));
    for _ in 0..steps {
        let kind = teller.dice.below(KINDS);
        teller.step(kind);
    }
}

const KINDS: usize = 22;

/// Texts that databases might take for something else.
const TEXTS: [&str; 7] = [
    "hello",
    "it's \"quoted\" \\ and ; -- not",
    "Zoë 🦀 e\u{301} \u{202e}",
    "\t\r\n \\N \\.",
    "NULL",
    "123",
    "%s ? $1 :a",
];

impl Teller<'_> {
    fn step(&mut self, kind: usize) {
        self.told += 1;
        match kind {
            0 | 1 => self.found(),
            2 | 3 => self.join(),
            4..=7 => self.say(),
            8 | 9 => self.tell(),
            10 | 11 => self.share(),
            12 => self.see(false),
            13 => self.see(true),
            14 => self.delete(),
            15 => self.leave(),
            16 => self.delete_group(),
            17 => self.file(),
            18 => self.doom(),
            19 => self.upload(),
            20 => self.end_upload(),
            _ => self.answer(),
        }
    }

    fn text(&mut self) -> String {
        let text = self.dice.pick(&TEXTS).unwrap();
        text.repeat(1 + self.dice.below(9))
    }

    /// A group with some of its members, and how many these are at least.
    fn team(&mut self, members: usize) -> Option<(usize, Group, Vec<UserId>)> {
        let fit: Vec<usize> = (0..self.groups.len())
            .filter(|place| self.groups[*place].1.len() >= members)
            .collect();
        let place = self.dice.pick(&fit)?;
        let (group, members) = self.groups[place].clone();
        Some((place, group, members))
    }

    fn found(&mut self) {
        let owner = self.dice.pick(&self.users).unwrap();
        let name = format!("team {} {owner}", self.told);
        let group = self.logged.group(&name, owner);
        self.groups.push((group, vec![owner]));
    }

    fn join(&mut self) {
        let Some((place, group, members)) = self.team(1) else {
            return;
        };
        let others = |user: &&UserId| !members.contains(user);
        let others: Vec<UserId> = self.users.iter().filter(others).copied().collect();
        if let Some(user) = self.dice.pick(&others) {
            self.logged.join(&group, user);
            self.groups[place].1.push(user);
        }
    }

    fn leave(&mut self) {
        let Some((place, group, members)) = self.team(2) else {
            return;
        };
        // The owner stays.
        if let Some(user) = self.dice.pick(&members[1..]) {
            self.logged.leave(&group, user);
            self.groups[place].1.retain(|other| *other != user);
        }
    }

    fn delete_group(&mut self) {
        if self.groups.len() > 1
            && let Some((place, group, _)) = self.team(1)
        {
            self.logged.delete_group(&group);
            self.groups.remove(place);
            // Its messages are nobody's any more.
            let gone = group.conversation_id;
            self.messages.retain(|m| m.conversation_id != gone);
        }
    }

    fn say(&mut self) {
        let text = self.text();
        if let Some((_, group, members)) = self.team(1) {
            let sender = self.dice.pick(&members).unwrap();
            let to = Recipient::Group(group.id);
            let message = words(group.conversation_id, sender, to, &text);
            self.append(message);
        }
    }

    fn tell(&mut self) {
        let one = self.dice.below(self.users.len());
        let other = (one + 1 + self.dice.below(self.users.len() - 1)) % self.users.len();
        let message = self.logged.tell(self.users[one], self.users[other]);
        self.messages.push(message);
    }

    fn share(&mut self) {
        let file = self.dice.pick(&self.files);
        if let (Some(file), Some((_, group, members))) = (file, self.team(1)) {
            let sender = self.dice.pick(&members).unwrap();
            self.append(carrying(&group, sender, file.id));
        }
    }

    fn append(&mut self, message: chat_domain::NewMessage) {
        let message = self.db.write(move |tx| {
            let stored = tx.append_message(&message)?;
            let event = NewEvent {
                message_id: Some(stored.id),
                user_id: Some(stored.sender_id),
                ..NewEvent::new(
                    EventKind::MessageCreated,
                    stored.conversation_id,
                    Actor::User(stored.sender_id),
                    at(6),
                )
            };
            tx.append_event(&event)?;
            Ok(stored)
        });
        self.messages.push(message);
    }

    fn see(&mut self, up_to: bool) {
        let message = self.dice.pick(&self.messages);
        let (Some(message), Some(user)) = (message, self.dice.pick(&self.users)) else {
            return;
        };
        let asked = message.clone();
        let may = self.db.read(move |tx| {
            let Some(reader) = tx.participant(asked.conversation_id, user)? else {
                return Ok(false);
            };
            let marked = tx.seen_at(&asked, user)?.is_some();
            let further = asked.seq > reader.seen_through;
            Ok(asked.sender_id != user && further && (up_to || !marked))
        });
        match (may, up_to) {
            (false, _) => {}
            (true, false) => self.logged.see(user, &message),
            (true, true) => self.logged.see_up_to(user, &message),
        }
    }

    fn delete(&mut self) {
        if !self.messages.is_empty() {
            let place = self.dice.below(self.messages.len());
            let message = self.messages.remove(place);
            self.logged.delete(&message);
        }
    }

    fn file(&mut self) {
        let number = u8::try_from(self.dice.below(250)).unwrap();
        let file = match number {
            0..60 => self.db.file(),
            _ => self.db.stored_file(number),
        };
        self.files.push(file);
    }

    /// Bytes that were wanted by nobody in the end; their row may be the last one.
    fn doom(&mut self) {
        let blob = self.db.claim(251, 3);
        if self.db.doom(&blob, 4) && self.dice.below(2) == 0 {
            self.db.write(move |tx| tx.forget_blob(blob.id));
        }
    }

    fn upload(&mut self) {
        let upload = self.db.upload(100);
        if self.dice.below(3) > 0 {
            let offset = i64::try_from(self.dice.below(100)).unwrap();
            self.db.advance(&upload, offset, at(200));
        }
        self.uploads.push(upload);
    }

    fn end_upload(&mut self) {
        if let Some(upload) = self.uploads.pop() {
            let file = self.files.last().map(|file| file.id);
            let done = file.filter(|_| self.dice.below(2) == 0);
            self.db.write(move |tx| match done {
                Some(file) => {
                    let held = tx.take_upload(upload.id)?.unwrap().generation;
                    tx.complete_upload(upload.id, held, file).map(drop)
                }
                None => tx.delete_upload(upload.id),
            });
        }
    }

    fn answer(&mut self) {
        let when = i64::try_from(self.told).unwrap();
        let answer = KeptAnswer {
            actor: Actor::System,
            key: IdempotencyKey::parse(format!("key-{}", self.told)).unwrap(),
            fingerprint: Fingerprint::from_bytes([self.dice.below(256) as u8; 32]),
            answer: (0..self.dice.below(300)).map(|byte| byte as u8).collect(),
            at: at(when),
        };
        self.db.write(move |tx| {
            tx.lock_key(answer.actor, &answer.key)?;
            tx.keep_answer(&answer)
        });
    }
}
