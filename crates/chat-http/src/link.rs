//! `Link` headers of lists (RFC 8288): the same request again, from where the page ends.

use actix_web::HttpRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::fields::decode;

/// Everything but RFC 3986's unreserved characters is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The parameters that say where a page begins: a link has its own.
const CURSORS: [&str; 4] = ["before", "after", "around", "offset"];

/// One link from a page to its neighbour.
pub(crate) struct Link {
    /// How the neighbour stands to the page.
    pub(crate) rel: &'static str,
    /// The parameter that leads there, and the id in it; none for where the list begins.
    pub(crate) cursor: Option<(&'static str, i64)>,
}

/// The value of the header with one link, to what comes after this id. `cursor` stands in it as the parameter of
/// that name, which a link from the second page on has already.
pub(crate) fn next_of_sync(request: &HttpRequest, after: i64, cursor: &str) -> String {
    let (path, query) = (request.path(), request.query_string());
    let known = decode(query).0.iter().any(|(name, _)| name == "cursor");
    // It has no letter that would have to be encoded.
    let query = if known {
        query.to_owned()
    } else {
        format!("{query}&cursor={cursor}")
    };
    let link = Link {
        rel: "next",
        cursor: Some(("after", after)),
    };
    write(path, &query, &link)
}

/// The value of the header, if there are links.
pub(crate) fn header(request: &HttpRequest, links: &[Link]) -> Option<String> {
    let (path, query) = (request.path(), request.query_string());
    let links: Vec<_> = links.iter().map(|link| write(path, query, link)).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

fn write(path: &str, query: &str, link: &Link) -> String {
    let kept = decode(query).0.into_iter();
    let kept = kept
        .filter(|(name, _)| !CURSORS.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(&value, RESERVED)));
    let cursor = link.cursor.map(|(name, id)| format!("{name}={id}"));
    let query: Vec<String> = kept.chain(cursor).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("<{path}{mark}{}>; rel=\"{}\"", query.join("&"), link.rel)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn links(uri: &str, links: &[(&'static str, &'static str, i64)]) -> Option<String> {
        let links: Vec<_> = links
            .iter()
            .map(|&(rel, cursor, id)| Link {
                rel,
                cursor: Some((cursor, id)),
            })
            .collect();
        header(&TestRequest::with_uri(uri).to_http_request(), &links)
    }

    #[test]
    fn a_page_alone_has_none() {
        assert_eq!(links("/users", &[]), None);
    }

    #[test]
    fn the_requests_other_parameters_stay() {
        assert_eq!(
            links(
                "/messages?group_id=1&limit=50&around=7",
                &[("next", "before", 3), ("prev", "after", 9)]
            )
            .unwrap(),
            "</messages?group_id=1&limit=50&before=3>; rel=\"next\", \
             </messages?group_id=1&limit=50&after=9>; rel=\"prev\""
        );
    }

    #[test]
    fn a_request_without_parameters_gets_its_first() {
        assert_eq!(
            links("/users", &[("next", "after", 50)]).unwrap(),
            "</users?after=50>; rel=\"next\""
        );
    }

    #[test]
    fn nothing_can_break_out_of_the_target() {
        assert_eq!(
            links("/users?%6Cimit=%3E%22+%2B", &[("next", "after", 1)]).unwrap(),
            "</users?limit=%3E%22%20%2B&after=1>; rel=\"next\""
        );
    }

    #[test]
    fn without_a_cursor_it_leads_to_where_the_list_begins() {
        let first = |uri| {
            let link = Link {
                rel: "prev",
                cursor: None,
            };
            header(&TestRequest::with_uri(uri).to_http_request(), &[link]).unwrap()
        };
        assert_eq!(
            first("/messages?group_id=1&offset=90"),
            "</messages?group_id=1>; rel=\"prev\""
        );
        assert_eq!(first("/users?after=9"), "</users>; rel=\"prev\"");
    }
}
