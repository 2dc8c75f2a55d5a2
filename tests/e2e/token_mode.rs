//! Token mode: keys as they are given to the binary, tokens of its own, and what nobody is told of either.

use std::fs;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use crate::support::{
    App, Data, Process, Request, TOKEN_SECRET, expired_token_of, grant, output, server_command,
    sign, sign_claims, token_of, unsigned,
};

fn user(name: &str) -> Value {
    json!({"username": name, "email": format!("{name}@example.org")})
}

/// What the binary prints with these arguments, or the sentence with which it ends.
fn said(args: &[&str]) -> Result<String, String> {
    let output = output(server_command().args(args));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").trim().to_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

#[test]
fn tokens_of_the_command_line_are_taken() {
    let data = Data::new();
    let file = data.path().join("secret");
    // As an editor leaves it.
    fs::write(&file, format!("{TOKEN_SECRET}\n")).expect("a file");
    let file = file.to_str().expect("a path");
    let mut command = server_command();
    command.args(["--listen", "0.0.0.0:0", "--token-secret-file", file]);
    let server = Process::spawn(data.of(&mut command));
    let address = ([127, 0, 0, 1], server.address().port()).into();

    let token = |args: &[&str]| {
        said(&[&["token", "--token-secret-file", file], args].concat()).expect("a token")
    };
    let system = token(&["--system"]);
    let make = Request::new("POST", "/users").json(&user("ada"));
    make.clone().token(&system).send(address).expect(201);
    make.send(address).problem(401, "authentication_required");
    let ada = token(&["--user", "1", "--ttl", "5m"]);
    let me = Request::new("GET", "/users/1").token(&ada).send(address);
    assert_eq!(me.expect(200)["email"], "ada@example.org");
    let nobody = token(&["--user", "99"]);
    let request = Request::new("GET", "/users/1").token(&nobody);
    request.send(address).problem(401, "unknown_actor");
    assert!(server.terminate().success());
}

#[test]
fn what_keeps_a_token_from_being_made_is_one_sentence() {
    let secret = ["--token-secret", TOKEN_SECRET];
    for (args, sentence) in [
        (vec!["token", "--user", "7"], "there is no secret"),
        (
            vec![
                "token",
                "--user",
                "7",
                "--token-jwks",
                "https://id.example.org/jwks",
            ],
            "with a secret alone",
        ),
        (
            [&["token", "--user", "ada"][..], &secret].concat(),
            "--user is \"ada\", but must be the id of a user",
        ),
        (
            vec!["token", "--user", "7", "--token-secret-file", "/nowhere"],
            "can't read the secret in /nowhere",
        ),
    ] {
        let error = said(&args).expect_err("a sentence");
        assert!(error.contains(sentence), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // Of these clap has more to say.
    for args in [
        vec!["token"],
        vec!["token", "--user", "7", "--system"],
        vec!["token", "--user", "7", "--ttl", "soon"],
    ] {
        let args = [&args[..], &secret].concat();
        assert_eq!(
            output(server_command().args(&args)).status.code(),
            Some(2),
            "{args:?}"
        );
    }
}

#[test]
fn keys_that_can_not_be_used_end_the_start_in_one_sentence() {
    let data = Data::new();
    let short = data.path().join("short");
    fs::write(&short, "hunter2hunter2\n").expect("a file");
    let none = data.path().join("none");
    fs::write(&none, r#"{"keys":[{"kty":"oct","k":"aHVudGVyMg"}]}"#).expect("a file");
    let start = |flag: &str, path: &std::path::Path| {
        let mut command = server_command();
        command.args(["--listen", "127.0.0.1:0", flag]).arg(path);
        let output = output(data.of(&mut command));
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).expect("text")
    };
    for (flag, path) in [
        ("--token-secret-file", short.as_path()),
        ("--token-secret-file", "/nowhere".as_ref()),
        ("--token-jwks", none.as_path()),
        ("--token-jwks", "/nowhere".as_ref()),
    ] {
        let error = start(flag, path);
        assert!(error.contains(path.to_str().expect("a path")), "{error}");
        assert_eq!(error.trim().lines().count(), 1, "{error}");
        assert!(
            !error.contains("hunter2") && !error.contains("aHVudGVyMg"),
            "{error}"
        );
    }
}

#[test]
fn tokens_of_public_keys_are_taken() {
    let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key");
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let public = encode(key.public_key().as_ref());
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": public}]});
    let data = Data::new();
    let file = data.path().join("jwks.json");
    fs::write(&file, keys.to_string()).expect("a file");
    let file = file.to_str().expect("a path");
    let app = App::start_with(&[("token_jwks", file), ("token_audience", "chat")]);

    let token = |head: Value, claims: Value| {
        let said = format!(
            "{}.{}",
            encode(head.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        format!("{said}.{}", encode(key.sign(said.as_bytes()).as_ref()))
    };
    let head = || json!({"alg": "EdDSA", "kid": "k1"});
    let claims = |audience: &str| json!({"sub": "billing", "scope": "read system", "exp": 4_000_000_000_i64, "aud": audience});
    let ask = |token: &str| {
        let make = Request::new("POST", "/users").json(&user("ada"));
        make.token(token).send(app.address())
    };
    ask(&token(head(), claims("mail"))).problem(401, "invalid_token");
    ask(&token_of(None)).problem(401, "invalid_token");
    // The public key is no secret, so whatever is signed with it as one is nobody's.
    let confused = sign(&format!("{public:0<32}"), &grant(None));
    ask(&confused).problem(401, "invalid_token");
    ask(&token(head(), claims("chat"))).expect(201);
}

/// A token with these claims, besides what every one has.
fn claiming(claims: &Value) -> String {
    let mut all = json!({"exp": 4_000_000_000_i64});
    let more = claims.as_object().expect("claims").clone();
    all.as_object_mut().expect("claims").extend(more);
    sign_claims(TOKEN_SECRET, &all)
}

const BY_EXTERNAL_ID: (&str, &str) = ("token_subject", "external_id");

#[test]
fn a_user_may_be_told_by_the_id_that_the_app_has_for_it() {
    let app = App::with_tokens(&[BY_EXTERNAL_ID]);
    let mut ada = user("ada");
    ada["external_id"] = "auth0|ada".into();
    app.as_system().post("/users", &ada).expect(201);
    let me = |subject: &str| {
        let token = claiming(&json!({"sub": subject}));
        Request::new("GET", "/users/1")
            .token(&token)
            .send(app.address())
    };
    assert_eq!(me("auth0|ada").expect(200)["email"], "ada@example.org");
    // Nobody is made who was not asked for, and an id of this server's is none of the app's.
    for subject in ["auth0|bob", "1", "AUTH0|ada", " auth0|ada"] {
        me(subject).problem(401, "unknown_actor");
    }
    assert_eq!(app.as_system().ids("/users"), [1]);
}

#[test]
fn a_user_may_be_made_when_it_first_comes() {
    let app = App::with_tokens(&[BY_EXTERNAL_ID, ("token_create_users", "on")]);
    let bob = json!({
        "sub": "auth0|bob", "preferred_username": "bob", "name": "Bob B.",
        "email": "bob@example.org", "email_verified": true,
    });
    let come = |claims: &Value, target: &str| {
        Request::new("GET", target)
            .token(&claiming(claims))
            .send(app.address())
    };
    // All at once, as pages of an app load: it is one user.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| come(&bob, "/users").expect(200));
        }
    });
    let me = come(&bob, "/users/1").expect(200);
    assert_eq!(
        (&me["username"], &me["display_name"]),
        (&json!("bob"), &json!("Bob B."))
    );
    assert_eq!(
        (&me["email"], &me["external_id"]),
        (&json!("bob@example.org"), &json!("auth0|bob"))
    );
    assert_eq!(app.as_system().ids("/users"), [1]);
    // Another with his name is somebody else; with his address nobody, and without one neither.
    let like = |email: Option<&str>| {
        let mut other = bob.clone();
        other["sub"] = "auth0|other".into();
        match email {
            Some(email) => other["email"] = email.into(),
            None => drop(other.as_object_mut().expect("claims").remove("email")),
        }
        come(&other, "/users")
    };
    like(Some("bob@example.org")).problem(401, "unknown_actor");
    like(None).problem(401, "unknown_actor");
    assert_eq!(app.as_system().ids("/users"), [1]);
    let users = like(Some("other@example.org")).expect(200);
    assert_eq!(users[1]["username"], "bob-2");
}

#[test]
fn an_address_is_what_a_trusted_proxy_says() {
    // Every user asks once, which it may; all from one address are more than may come from there.
    const USERS: i64 = 40;
    let refused = |app: &App, from: fn(i64) -> String| {
        let ask = |user: i64| {
            let request = app.as_user(user).request("GET", "/users/1");
            let request = request.header("X-Forwarded-For", &from(user));
            request.send(app.address()).status
        };
        (1..=USERS).filter(|user| ask(*user) == 429).count()
    };
    let start = |settings: &[(&str, &str)]| {
        let limits = ("rate_limit", "reads=1/1");
        let app = App::with_tokens(&[&[limits], settings].concat());
        for user in 1..=USERS {
            app.user(&format!("u{user}"));
        }
        app
    };
    let behind_a_proxy = start(&[("trusted_proxies", "127.0.0.0/8")]);
    assert_eq!(
        refused(&behind_a_proxy, |user| format!("203.0.113.{user}")),
        0
    );
    std::thread::sleep(Duration::from_millis(1_100));
    // What a client itself has put before is not looked at.
    let made_up = |user| format!("203.0.113.{user}, 198.51.100.1");
    assert!(refused(&behind_a_proxy, made_up) > 0);
    let by_itself = start(&[]);
    assert!(refused(&by_itself, |user| format!("203.0.113.{user}")) > 0);
}

/// What must be in no log and in no answer: secrets, and the part of a token without which it is none.
fn signature(token: &str) -> &str {
    token.rsplit('.').next().expect("a signature")
}

#[test]
fn secrets_and_tokens_are_in_no_log_and_in_no_answer() {
    let data = Data::new();
    let mut command: Command = server_command();
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("CHAT_TOKEN_SECRET", TOKEN_SECRET)
        .env("RUST_LOG", "trace");
    let server = Process::spawn(data.of(&mut command));
    let address = server.address();
    let other = sign("a secret that no server here has", &grant(Some(1)));
    let none = unsigned("{\"alg\":\"none\"}", "{\"sub\":\"1\",\"exp\":4000000000}");
    let tokens = [
        token_of(Some(1)),
        token_of(None),
        expired_token_of(1),
        other,
        none.clone(),
    ];
    let mut answers = String::new();
    for token in &tokens {
        for request in [
            Request::new("GET", "/users/1").token(token),
            Request::new("POST", "/users")
                .json(&user("ada"))
                .token(token),
            Request::new("GET", "/nothing").token(token),
            Request::new("GET", "/users/x").token(token),
            Request::new("GET", "/users/1").header("Authorization", &format!("Basic {token}")),
            Request::new("GET", "/users/1").token(token).token(token),
        ] {
            answers += &request.send(address).text();
        }
    }
    let log = server.terminate_and_read();
    assert!(
        log.contains("GET /users/{id} 401"),
        "the log has what it must have"
    );
    // The head and the claims of the last one stand for its signature, since it has none.
    let secrets = tokens[..4].iter().map(|token| signature(token));
    let claims = none.split('.').nth(1).expect("claims");
    for secret in secrets.chain([claims, TOKEN_SECRET]) {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(lines.is_empty(), "{lines:?}");
        assert!(!answers.contains(secret), "{answers}");
    }
}
