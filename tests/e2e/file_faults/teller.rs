//! Tells a story to one server after the other: what broke off is told again under the same key.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::story::{self, Content, Deed, Scene, To};
use crate::support::{Answer, Connection, Part, Request};

/// How far a story has come.
#[derive(Clone)]
pub(crate) struct Teller {
    /// The name of the story; its keys have it.
    story: &'static str,
    scenes: Vec<Scene>,
    /// How many were acknowledged.
    done: usize,
    files: BTreeMap<&'static str, i64>,
    messages: BTreeMap<&'static str, i64>,
    /// Uploads by tus: where they are, and how many bytes they have at least.
    uploads: BTreeMap<&'static str, (String, usize)>,
}

/// Why it was told no further.
#[derive(Debug)]
pub(crate) enum End {
    /// All of it is told.
    Told,
    /// The connection broke: the scene was done or not.
    BrokeOff,
    /// An answer that nobody should get.
    Refused(String),
}

impl Teller {
    pub(crate) fn new(story: &'static str, scenes: &[Scene]) -> Self {
        Self {
            story,
            scenes: scenes.to_vec(),
            done: 0,
            files: BTreeMap::new(),
            messages: BTreeMap::new(),
            uploads: BTreeMap::new(),
        }
    }

    /// The same with more to come.
    pub(crate) fn then(&self, scenes: &[Scene]) -> Self {
        let mut more = self.clone();
        more.scenes.extend_from_slice(scenes);
        more
    }

    /// The files that there are in the end, once all is told and collected.
    pub(crate) fn left(&self) -> Vec<&'static str> {
        let left = story::left(&self.scenes);
        left.into_iter().map(|(name, _)| name).collect()
    }

    /// Goes on after what was acknowledged.
    pub(crate) fn go_on(&mut self, server: SocketAddr) -> End {
        while let Some(&scene) = self.scenes.get(self.done) {
            if let Err(end) = self.act(server, scene) {
                return end;
            }
            self.done += 1;
        }
        End::Told
    }

    /// What is not there of all that was acknowledged, unless something was done since, or just
    /// begun, that takes it away; `collected` says that what no message carries may be gone too.
    pub(crate) fn lost(&self, server: SocketAddr, collected: bool) -> Vec<String> {
        let told = &self.scenes[..self.done];
        let begun = &self.scenes[..self.scenes.len().min(self.done + 1)];
        let has = |files: Vec<(&str, Content)>, file| files.iter().any(|(name, _)| *name == file);
        let mut lost = Vec::new();
        for Scene(who, deed) in told {
            let Some((name, content)) = deed.brings() else {
                continue;
            };
            let deleted = begun
                .iter()
                .any(|Scene(_, deed)| *deed == Deed::Delete(name));
            let carried = has(story::left(told), name) && has(story::left(begun), name);
            if deleted || (collected && !carried) {
                continue;
            }
            if let Err(end) = self.read(server, *who, name, content) {
                lost.push(format!("{name} is lost: {end:?}"));
            }
        }
        lost
    }

    fn act(&mut self, server: SocketAddr, Scene(who, deed): Scene) -> Result<(), End> {
        let ask = |method: &str, path: String| {
            let key = format!("{}-{}", self.story, self.done);
            let request = Request::new(method, &path).header("Idempotency-Key", &key);
            request.header("X-User-Id", &who.to_string())
        };
        match deed {
            Deed::Store(name, content) => {
                let bytes = content.bytes();
                let request = ask("POST", "/files".to_owned()).form(&[Part::File(name, &bytes)]);
                let file = answer(server, &request, 201)?;
                self.files.insert(name, id(&file)?);
            }
            Deed::Begin(name, content) => {
                let length = content.bytes().len().to_string();
                let request = tus(ask("POST", "/uploads".to_owned()))
                    .header("Upload-Length", &length)
                    .header("Upload-Metadata", &metadata(name));
                let begun = expect(server, &request, 201)?;
                let place = begun.header("location").expect("a location").to_owned();
                self.uploads.insert(name, (place, 0));
            }
            Deed::Part(name, content, end) => self.part(server, who, name, content, end)?,
            Deed::Tell(name, to, file) => {
                let (key, to) = to.field();
                let body = json!({key: to, "type": "file", "file_id": self.files[file]});
                let request = ask("POST", "/messages".to_owned()).json(&body);
                let message = answer(server, &request, 201)?;
                self.messages.insert(name, id(&message)?);
            }
            Deed::Post(name, to, content) => {
                let ((key, to), bytes) = (to.field(), content.bytes());
                let to = to.to_string();
                let form = [
                    Part::Text("type", "file"),
                    Part::Text(key, &to),
                    Part::File(name, &bytes),
                ];
                let request = ask("POST", "/messages".to_owned()).form(&form);
                let message = answer(server, &request, 201)?;
                self.messages.insert(name, id(&message)?);
                self.files.insert(name, id(&message["file"])?);
            }
            Deed::Read(name) => {
                let mut brought = self
                    .scenes
                    .iter()
                    .filter_map(|Scene(_, deed)| deed.brings());
                let (_, content) = brought.find(|(other, _)| *other == name).expect("a file");
                self.read(server, who, name, content)?;
            }
            Deed::Unsend(name) => {
                let request = ask("DELETE", format!("/messages/{}", self.messages[name]));
                answer(server, &request, 204)?;
            }
            Deed::Disband(group) => {
                answer(server, &ask("DELETE", format!("/groups/{group}")), 204)?;
            }
            Deed::Delete(name) => {
                let request = ask("DELETE", format!("/files/{}", self.files[name]));
                answer(server, &request, 204)?;
            }
        }
        Ok(())
    }

    /// Goes on with an upload from where it is.
    fn part(
        &mut self,
        server: SocketAddr,
        who: i64,
        name: &'static str,
        content: Content,
        end: usize,
    ) -> Result<(), End> {
        let (place, known) = self.uploads[name].clone();
        let ask = |method| tus(Request::new(method, &place)).header("X-User-Id", &who.to_string());
        let mut answer = expect(server, &ask("HEAD"), 200)?;
        let offset = number(&answer, "upload-offset")?;
        if offset < known {
            return Err(End::Refused(format!(
                "{name} has {offset} bytes, and had {known}"
            )));
        }
        if offset < end {
            let request = ask("PATCH")
                .header("Upload-Offset", &offset.to_string())
                .header("Content-Type", "application/offset+octet-stream")
                .body(&content.bytes()[offset..end]);
            answer = expect(server, &request, 204)?;
        }
        self.uploads
            .insert(name, (place, number(&answer, "upload-offset")?));
        if end == content.bytes().len() {
            let file = number(&answer, "upload-file-id")?;
            self.files.insert(name, i64::try_from(file).expect("an id"));
        }
        Ok(())
    }

    /// Reads all of a file; fails unless it has these bytes.
    fn read(&self, server: SocketAddr, who: i64, name: &str, content: Content) -> Result<(), End> {
        let path = format!("/files/{}/content", self.files[name]);
        let request = Request::new("GET", &path).header("X-User-Id", &who.to_string());
        let found = expect(server, &request, 200)?;
        if found.body != content.bytes() {
            return Err(End::Refused(format!("{path}: other bytes")));
        }
        Ok(())
    }
}

impl To {
    /// The field of a message that says so.
    fn field(self) -> (&'static str, i64) {
        match self {
            Self::User(id) => ("receiver_id", id),
            Self::Group(id) => ("group_id", id),
        }
    }
}

fn send(server: SocketAddr, request: &Request) -> Result<Answer, End> {
    let sent = Connection::open(server).and_then(|mut connection| connection.send(request));
    sent.map_err(|_| End::BrokeOff)
}

/// The answer, if it is of this status.
fn expect(server: SocketAddr, request: &Request, status: u16) -> Result<Answer, End> {
    let answer = send(server, request)?;
    if answer.status == status {
        Ok(answer)
    } else {
        Err(refused(request, &answer))
    }
}

/// Its body.
fn answer(server: SocketAddr, request: &Request, status: u16) -> Result<Value, End> {
    Ok(expect(server, request, status)?.expect(status))
}

fn tus(request: Request) -> Request {
    request.header("Tus-Resumable", "1.0.0")
}

/// A name as tus has it.
fn metadata(name: &str) -> String {
    let encoded = match name {
        "tape" => "dGFwZQ==",
        "echo" => "ZWNobw==",
        "loop" => "bG9vcA==",
        _ => panic!("{name} in base64 is not known here"),
    };
    format!("filename {encoded}")
}

/// The number that a header is.
fn number(answer: &Answer, header: &str) -> Result<usize, End> {
    let number = answer.header(header).and_then(|text| text.parse().ok());
    number.ok_or_else(|| End::Refused(format!("no {header}: {answer:?}")))
}

fn refused(request: &Request, answer: &Answer) -> End {
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    let what = request.what();
    End::Refused(format!("{what}: {} {said}", answer.status))
}

fn id(thing: &Value) -> Result<i64, End> {
    let id = thing["id"].as_i64();
    id.ok_or_else(|| End::Refused(format!("no id: {thing}")))
}
