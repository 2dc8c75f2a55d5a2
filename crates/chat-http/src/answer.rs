//! Answers to questions: things and lists.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chat_domain::{MAX_ID, Message, MessagePage, Page, Window};
use serde::Serialize;

use crate::dto::messages::MessageJson;
use crate::etag;
use crate::link::{self, Link};
use crate::problem::Problem;

/// What a handler returns.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// The type of every answer with a body that is no problem.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The text format of Prometheus.
const METRICS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// 200 with a thing.
pub(crate) fn ok(thing: &impl Serialize) -> Answer {
    json(HttpResponse::Ok(), thing)
}

/// 200 with a thing that has an address of its own, and its validator; 304 to who has it as it is.
pub(crate) fn resource(request: &HttpRequest, thing: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(thing).map_err(Problem::internal)?;
    let etag = etag::of_bytes(&body);
    Ok(etag::not_again(request, &etag).unwrap_or_else(|| {
        etag::validated(StatusCode::OK, &etag)
            .insert_header((header::CONTENT_TYPE, JSON))
            .body(body)
    }))
}

/// 200 with the metrics.
pub(crate) fn metrics(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, METRICS))
        .body(text)
}

/// 307 to where the content of a file is for a short time, for who was asked just now alone.
pub(crate) fn elsewhere(url: &str) -> HttpResponse {
    HttpResponse::TemporaryRedirect()
        .insert_header((header::LOCATION, url))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// A page of a list that goes by one id; `id` is where the next one begins after.
pub(crate) fn page<'a, T, J>(
    request: &HttpRequest,
    page: &'a Page<T>,
    id: impl Fn(&T) -> i64,
) -> Answer
where
    J: Serialize + From<&'a T>,
{
    let last = page.items.last().filter(|_| page.more);
    let next = last.map(|last| Link {
        rel: "next",
        cursor: Some(("after", id(last))),
    });
    let items: Vec<J> = page.items.iter().map(J::from).collect();
    list(request, next.as_slice(), &items)
}

/// A page of messages, which has neighbours on both sides. An empty one links to them from where
/// it would be, by the `window` that was asked for.
pub(crate) fn messages(
    request: &HttpRequest,
    page: &MessagePage<Message>,
    window: Window,
) -> Answer {
    let older = match (page.items.first(), window) {
        (Some(first), _) => Some(Some(("before", first.id.get()))),
        (None, Window::After(id)) => Some(Some(("before", (id.get() + 1).min(MAX_ID)))),
        (None, _) => None,
    };
    let newer = match (page.items.last(), window) {
        (Some(last), _) => Some(Some(("after", last.id.get()))),
        // Before the first id nothing can be named, so no cursor leads to what comes after it: the
        // oldest messages. The list's beginning would be another page, for it has the newest.
        (None, Window::Before(id)) => id.pred().map(|id| Some(("after", id.get()))),
        (None, Window::Offset(_)) => Some(None),
        (None, _) => None,
    };
    let link = |rel, cursor| Link { rel, cursor };
    let next = older.filter(|_| page.older).map(|at| link("next", at));
    let prev = newer.filter(|_| page.newer).map(|at| link("prev", at));
    let links: Vec<Link> = next.into_iter().chain(prev).collect();
    let items: Vec<MessageJson> = page.items.iter().map(MessageJson::from).collect();
    list(request, &links, &items)
}

/// 200 with a thing, and perhaps where it goes on.
pub(crate) fn linked(link: Option<String>, thing: &impl Serialize) -> Answer {
    let mut response = HttpResponse::Ok();
    if let Some(link) = link {
        response.insert_header((header::LINK, link));
    }
    json(response, thing)
}

fn list(request: &HttpRequest, links: &[Link], items: &impl Serialize) -> Answer {
    linked(link::header(request, links), items)
}

/// A thing with this status.
pub(crate) fn json(mut response: HttpResponseBuilder, thing: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(thing).map_err(Problem::internal)?;
    Ok(response
        .insert_header((header::CONTENT_TYPE, JSON))
        .body(body))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use chat_domain::{MessageId, Offset};
    use rstest::rstest;

    use super::*;
    use crate::testing;

    #[rstest]
    #[case::alone(false, false, None)]
    #[case::older(true, false, Some("</messages?group_id=1&before=7>; rel=\"next\""))]
    #[case::newer(false, true, Some("</messages?group_id=1&after=8>; rel=\"prev\""))]
    #[case::between(
        true,
        true,
        Some(
            "</messages?group_id=1&before=7>; rel=\"next\", \
             </messages?group_id=1&after=8>; rel=\"prev\""
        )
    )]
    fn a_page_of_messages_links_to_its_neighbours(
        #[case] older: bool,
        #[case] newer: bool,
        #[case] expected: Option<&str>,
    ) {
        let items = vec![testing::message(7), testing::message(8)];
        let window = Window::Offset(Offset::parse(4).unwrap());
        assert_eq!(links(items, older, newer, window).as_deref(), expected);
    }

    #[rstest]
    #[case::after_all(Window::After(id(8)), true, false, Some("<…&before=9>; rel=\"next\""))]
    #[case::after_any(
        Window::After(id(MAX_ID)),
        true,
        false,
        Some("<…&before=9007199254740991>; rel=\"next\"")
    )]
    #[case::before_all(Window::Before(id(3)), false, true, Some("<…&after=2>; rel=\"prev\""))]
    #[case::before_any(Window::Before(id(1)), false, true, None)]
    #[case::past_the_end(Window::Offset(Offset::parse(90).unwrap()), false, true, Some("<…>; rel=\"prev\""))]
    #[case::nothing_after(Window::After(id(8)), false, false, None)]
    #[case::nothing_before(Window::Before(id(3)), false, false, None)]
    #[case::nothing_at_all(Window::Newest, false, false, None)]
    fn an_empty_page_of_messages_links_from_where_it_would_be(
        #[case] window: Window,
        #[case] older: bool,
        #[case] newer: bool,
        #[case] expected: Option<&str>,
    ) {
        let expected = expected.map(|link| link.replace('…', "/messages?group_id=1"));
        assert_eq!(links(Vec::new(), older, newer, window), expected);
    }

    fn id(id: i64) -> MessageId {
        MessageId::parse(id).unwrap()
    }

    /// The links of a page.
    fn links(items: Vec<Message>, older: bool, newer: bool, window: Window) -> Option<String> {
        let request = TestRequest::with_uri("/messages?group_id=1&offset=4").to_http_request();
        let page = MessagePage {
            items,
            older,
            newer,
        };
        let response = messages(&request, &page, window).unwrap();
        let link = response.headers().get(header::LINK)?;
        Some(link.to_str().unwrap().to_owned())
    }
}
