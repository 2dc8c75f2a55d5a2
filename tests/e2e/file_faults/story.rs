//! What is done with files, in the order in which it is done, and what must be left of it.

/// A user; both are made before the story begins.
pub(crate) const ADA: i64 = 1;
pub(crate) const BOB: i64 = 2;

/// Groups of both; one stays, one is deleted with all in it.
pub(crate) const TEAM: i64 = 1;
pub(crate) const GONE: i64 = 2;

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    User(i64),
    Group(i64),
}

/// The bytes of a file: as many as this, those of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    kind: u8,
    len: usize,
}

const fn small(kind: u8) -> Content {
    Content { kind, len: 40 }
}

const fn medium(kind: u8) -> Content {
    let len = 300_000;
    Content { kind, len }
}

const fn large(kind: u8) -> Content {
    let len = 3 * 1024 * 1024 + 7;
    Content { kind, len }
}

impl Content {
    /// Other bytes for each kind; where they repeat, no piece of them begins.
    pub(crate) fn bytes(self) -> Vec<u8> {
        let some: Vec<u8> = (0..251_u8).map(|byte| byte ^ self.kind).collect();
        let mut bytes = some.repeat(self.len.div_ceil(some.len()));
        bytes.truncate(self.len);
        bytes
    }
}

/// Something that is asked of the server. Files and messages have names here, none twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A file as a form.
    Store(&'static str, Content),
    /// An upload by tus is begun.
    Begin(&'static str, Content),
    /// It gets its bytes up to so many; with the last of them it is a file.
    Part(&'static str, Content, usize),
    /// A message that carries a file.
    Tell(&'static str, To, &'static str),
    /// A message with its file, as a form; both have the name.
    Post(&'static str, To, Content),
    /// The content of a file.
    Read(&'static str),
    /// A message is deleted.
    Unsend(&'static str),
    /// A group is deleted.
    Disband(i64),
    /// A file is deleted.
    Delete(&'static str),
}

impl Deed {
    /// The file that it brings, if it does: its name and its bytes.
    pub(crate) fn brings(self) -> Option<(&'static str, Content)> {
        match self {
            Self::Store(name, content) | Self::Post(name, _, content) => Some((name, content)),
            Self::Part(name, content, end) if end == content.len => Some((name, content)),
            _ => None,
        }
    }
}

/// Somebody does something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene(pub(crate) i64, pub(crate) Deed);

/// Everything about files, before anything is collected.
pub(crate) const KEEPING: &[Scene] = &[
    Scene(ADA, Deed::Store("note", small(1))),
    Scene(ADA, Deed::Tell("hello", To::User(BOB), "note")),
    Scene(ADA, Deed::Store("film", large(2))),
    Scene(ADA, Deed::Tell("shown", To::Group(GONE), "film")),
    Scene(ADA, Deed::Tell("shown again", To::User(BOB), "film")),
    // The same bytes from somebody else, who sends them to nobody.
    Scene(BOB, Deed::Store("copy", small(1))),
    Scene(BOB, Deed::Post("report", To::Group(TEAM), small(3))),
    Scene(ADA, Deed::Store("draft", small(4))),
    Scene(ADA, Deed::Delete("draft")),
    // The same bytes again, while those of the draft wait to be collected.
    Scene(ADA, Deed::Post("final", To::User(BOB), small(4))),
    Scene(BOB, Deed::Post("slide", To::Group(GONE), small(5))),
    Scene(BOB, Deed::Begin("tape", medium(6))),
    Scene(BOB, Deed::Part("tape", medium(6), 170_000)),
    Scene(BOB, Deed::Part("tape", medium(6), 300_000)),
    Scene(BOB, Deed::Tell("played", To::User(ADA), "tape")),
    // By tus as well, and sent to nobody.
    Scene(ADA, Deed::Begin("echo", medium(6))),
    Scene(ADA, Deed::Part("echo", medium(6), 300_000)),
    Scene(ADA, Deed::Store("scrap", small(8))),
    Scene(BOB, Deed::Read("film")),
    Scene(ADA, Deed::Unsend("hello")),
    Scene(ADA, Deed::Disband(GONE)),
];

/// An upload that nobody goes on with.
pub(crate) const LEFT_OFF: &[Scene] = &[
    Scene(BOB, Deed::Begin("loop", medium(7))),
    Scene(BOB, Deed::Part("loop", medium(7), 170_000)),
];

/// What comes while all that is unused is collected: the very bytes that go.
pub(crate) const COLLECTING: &[Scene] = &[
    Scene(ADA, Deed::Post("note anew", To::User(BOB), small(1))),
    Scene(BOB, Deed::Post("slide anew", To::Group(TEAM), small(5))),
];

/// The files that living messages carry at the end of these scenes, with their bytes.
pub(crate) fn left(scenes: &[Scene]) -> Vec<(&'static str, Content)> {
    let ended = |message: &str, to: To| {
        scenes.iter().any(|Scene(_, deed)| match *deed {
            Deed::Unsend(other) => other == message,
            Deed::Disband(group) => to == To::Group(group),
            _ => false,
        })
    };
    let carried = |file: &str| {
        scenes.iter().any(|Scene(_, deed)| match *deed {
            Deed::Tell(message, to, other) => other == file && !ended(message, to),
            Deed::Post(name, to, _) => name == file && !ended(name, to),
            _ => false,
        })
    };
    let files = scenes.iter().filter_map(|Scene(_, deed)| deed.brings());
    files.filter(|(name, _)| carried(name)).collect()
}
