//! What there is to ask about: users, a group, what was sent in it and beside it, and files.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{App, Part, Request, id, token_of};

static WORLDS: AtomicUsize = AtomicUsize::new(0);

/// A small world that nobody else asks about.
pub(super) struct World {
    /// What its names have, so that they are nobody else's.
    pub(super) name: String,
    pub(super) stranger: i64,
    pub(super) member: i64,
    pub(super) admin: i64,
    pub(super) owner: i64,
    /// A plain member, from whom everything is.
    pub(super) itself: i64,
    /// In no group; what is direct is between it and the user itself.
    pub(super) another: i64,
    /// A plain member to be removed, or made something else.
    pub(super) target: i64,
    pub(super) group: i64,
    /// In the group.
    pub(super) message: i64,
    /// To `another`.
    pub(super) direct: i64,
    /// From `another`.
    pub(super) answer: i64,
    /// A picture that was sent to the group.
    pub(super) shared: i64,
    /// A picture that was sent to nobody.
    pub(super) private: i64,
    /// How the member looks.
    pub(super) avatar: i64,
    /// Where an upload goes on.
    pub(super) upload: String,
}

/// A picture of one dot.
const PICTURE: &[u8] = include_bytes!("dot.png");

impl World {
    pub(super) fn make(app: &App) -> Self {
        let number = WORLDS.fetch_add(1, Ordering::Relaxed);
        let name = format!("w{number}");
        let user = |who: &str| app.user(&format!("{who}-{name}"));
        let [stranger, member, admin, owner, itself, another, target] = [
            "stranger", "member", "admin", "owner", "itself", "another", "target",
        ]
        .map(user);
        let group = app.group(&name, owner, &[member, admin, itself, target]);
        app.promote(group, owner, admin);
        let message = app.tell_group(itself, group, "hi");
        let direct = app.tell(itself, another, "hi");
        let answer = app.tell(another, itself, "hi");
        let shared = picture(app, itself, &number.to_string());
        let image = json!({"group_id": group, "type": "image", "file_id": shared});
        app.as_user(itself).post("/messages", &image).expect(201);
        let private = picture(app, itself, "private");
        let avatar = picture(app, member, "avatar");
        let shown = json!({"avatar_file_id": avatar});
        let show = app
            .as_user(member)
            .request("PATCH", &format!("/users/{member}"));
        show.json(&shown).send(app.address()).expect(200);
        let begun = Request::new("POST", "/uploads").fit_for("POST", "/uploads");
        let begun = begun.token(&token_of(Some(itself))).send(app.address());
        let upload = begun.header("location").expect("its address").to_owned();
        Self {
            name,
            stranger,
            member,
            admin,
            owner,
            itself,
            another,
            target,
            group,
            message,
            direct,
            answer,
            shared,
            private,
            avatar,
            upload,
        }
    }
}

fn picture(app: &App, user: i64, name: &str) -> i64 {
    let name = format!("{name}.png");
    let form = [Part::File(&name, PICTURE)];
    let made: Value = app.as_user(user).post_form("/files", &form).expect(201);
    id(&made)
}
