//! Links that serve without us.

use std::collections::HashMap;
use std::sync::Arc;

use chat_domain::MediaType;
use chat_domain::ports::LinkTerms;
use chat_files::{S3Options, S3Store};

use super::{at, options};
use crate::harness::{World, bytes, key};
use crate::s3_server::S3Server;

fn terms() -> LinkTerms {
    LinkTerms {
        media_type: MediaType::parse("image/png").unwrap(),
        disposition: "attachment; filename*=UTF-8''%C3%A4%20b.png".to_owned(),
    }
}

fn with_links(server: &S3Server) -> World {
    let options = S3Options {
        links: true,
        ..options(server)
    };
    World::new(Arc::new(S3Store::open(&options).unwrap()), ())
}

#[tokio::test]
async fn a_link_serves_the_bytes_to_anyone_for_a_minute() {
    let server = S3Server::start();
    let world = with_links(&server);
    let all = bytes(100_000, 1);
    world.keep(key(1, 1), &all).await;
    let link = world.store.link(key(1, 1), terms()).await.unwrap().unwrap();
    let answer = reqwest::get(&link).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(answer.bytes().await.unwrap() == all);
    // The server of these tests serves as it likes; that it is asked has to be enough.
    let url = reqwest::Url::parse(&link).unwrap();
    let asked: HashMap<_, _> = url.query_pairs().collect();
    assert_eq!(asked["response-content-type"], "image/png");
    assert_eq!(asked["response-content-disposition"], terms().disposition);
    assert_eq!(asked["X-Amz-Expires"], "60");
}

#[tokio::test]
async fn a_link_can_not_be_changed() {
    let server = S3Server::start();
    let world = with_links(&server);
    for id in [1, 2] {
        world.keep(key(1, id), &bytes(10, 1)).await;
    }
    let link = world.store.link(key(1, 1), terms()).await.unwrap().unwrap();
    for (ours, theirs) in [
        (key(1, 1).to_string(), key(1, 2).to_string()),
        ("image%2Fpng".to_owned(), "text%2Fhtml".to_owned()),
        ("attachment".to_owned(), "inline".to_owned()),
        (
            "X-Amz-Expires=60".to_owned(),
            "X-Amz-Expires=600".to_owned(),
        ),
    ] {
        let changed = link.replace(&ours, &theirs);
        assert_ne!(changed, link);
        let answer = reqwest::get(&changed).await.unwrap();
        assert_eq!(answer.status().as_u16(), 403);
    }
}

#[tokio::test]
async fn without_the_option_there_is_none() {
    let server = S3Server::start();
    let world = at(&server);
    world.keep(key(1, 1), &bytes(10, 1)).await;
    assert_eq!(world.store.link(key(1, 1), terms()).await, Ok(None));
}
