use std::time::Instant;

use rstest::rstest;

use super::*;
use crate::source::Source;
use crate::tests::server::{Answer, Server};

fn fetched(server: &Server) -> Result<Vec<u8>, String> {
    fetch(&server.url()).map_err(|error| error.to_string())
}

#[test]
fn an_answer_is_its_body() {
    let server = Server::that_answers(Answer::Body("keys".to_owned()));
    assert_eq!(fetched(&server), Ok(b"keys".to_vec()));
    let head = server.heads().remove(0);
    assert!(
        head.starts_with("GET /keys?token=hidden HTTP/1.1\r\n"),
        "{head}"
    );
    // ada:hidden, as the URL says.
    assert!(
        head.contains("authorization: Basic YWRhOmhpZGRlbg=="),
        "{head}"
    );
}

#[rstest]
#[case(Answer::Status("404 Not Found"), "404")]
#[case(Answer::Status("500 Internal Server Error"), "500")]
#[case(Answer::Nothing, "error sending request")]
fn a_failure_is_told_without_what_is_hidden(#[case] answer: Answer, #[case] why: &str) {
    let error = fetched(&Server::that_answers(answer)).unwrap_err();
    assert!(error.contains(why) && !error.contains("hidden"), "{error}");
}

/// What answers speaks no TLS; nor would anybody trust it.
#[test]
fn https_is_https() {
    let server = Server::that_answers(Answer::Body("keys".to_owned()));
    let url = server.address("/").replace("http:", "https:");
    let error = fetch(&JwksUrl::parse(&url).unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("error sending request"),
        "{error}"
    );
    assert_eq!(server.heads(), Vec::<String>::new());
}

/// In another process, whose environment can be set.
#[test]
fn no_proxy_stands_before_this_machine() {
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "remote::fetch::tests::an_answer_is_its_body"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(name, "http://127.0.0.1:1/");
    }
    let ended = again
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(
        said.contains("1 passed") && ended.status.success(),
        "{said}"
    );
}

#[rstest]
#[case(Answer::Late)]
#[case(Answer::Drops)]
fn an_answer_that_does_not_come_is_not_waited_for(#[case] answer: Answer) {
    let (server, began) = (Server::that_answers(answer), Instant::now());
    let error = fetch_within(Duration::from_millis(200), &server.url()).unwrap_err();
    assert_eq!(error.to_string(), "it does not answer in time");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn an_answer_has_256_kib_at_most() {
    for (bytes, good) in [(MAX_BYTES, true), (MAX_BYTES + 1, false)] {
        let server = Server::that_answers(Answer::Body(" ".repeat(bytes)));
        let why = Source::Url(server.url()).read().unwrap_err();
        // Blanks are no set, but that is seen later.
        assert_eq!(!matches!(why, NoKeys::TooLong), good, "{why}");
    }
    // Without an end, too.
    let server = Server::that_answers(Answer::Endless);
    assert!(fetched(&server).unwrap().len() > MAX_BYTES);
}

#[test]
fn redirections_stay_where_keys_may_come_from() {
    let there = Server::that_answers(Answer::Body("keys".to_owned()));
    let here = Server::that_answers(Answer::Redirect(there.address("/")));
    assert_eq!(fetched(&here), Ok(b"keys".to_vec()));
    for elsewhere in [
        there.address("/").replace("http:", "https:"),
        "http://keys.example.org/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        here.answer(Answer::Redirect(elsewhere.clone()));
        assert!(fetched(&here).is_err(), "{elsewhere}");
    }
    here.answer(Answer::Redirect(here.address("/")));
    let before = here.heads().len();
    let error = fetched(&here).unwrap_err();
    assert!(error.contains("must not come from"), "{error}");
    assert_eq!(here.heads().len() - before, 1 + REDIRECTIONS);
}

#[rstest]
#[case("https://a.org/", "https://a.org/b", 0, true)]
#[case("https://a.org/", "https://b.org/", 2, true)]
#[case("https://a.org/", "https://b.org/", 3, false)]
#[case("https://a.org/", "http://a.org/", 0, false)]
#[case("https://a.org/", "http://127.0.0.1/", 0, false)]
#[case("http://127.0.0.1/", "http://localhost:1/", 0, true)]
#[case("http://127.0.0.1/", "https://a.org/", 0, false)]
#[case("http://127.0.0.1/", "http://a.org/", 0, false)]
#[case("http://127.0.0.1/", "http://10.0.0.1/", 0, false)]
fn where_redirections_may_lead(
    #[case] from: &str,
    #[case] to: &str,
    #[case] before: usize,
    #[case] good: bool,
) {
    let [from, to] = [from, to].map(|url| Url::parse(url).unwrap());
    assert_eq!(is_fine(&from, &to, before), good);
}
