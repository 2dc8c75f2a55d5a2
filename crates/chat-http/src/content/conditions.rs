//! What a client has already: `If-None-Match` and `If-Range` (RFC 9110, 13).

use actix_web::HttpRequest;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch, IfRange};

/// Whether the client has the content of this validator, and is only told so.
pub(super) fn is_had(request: &HttpRequest, etag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(etag)),
        // What can't be read names nothing that the client has.
        Err(_) => false,
    }
}

/// Whether parts fit what the client has. A date never tells: there is none to compare it with.
pub(super) fn may_have_parts(request: &HttpRequest, etag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_RANGE) {
        return true;
    }
    matches!(IfRange::parse(request), Ok(IfRange::EntityTag(tag)) if tag.strong_eq(etag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use rstest::rstest;

    use super::*;

    fn request(name: &header::HeaderName, values: &[&str]) -> HttpRequest {
        let mut request = TestRequest::get();
        for value in values {
            request = request.append_header((name.clone(), *value));
        }
        request.to_http_request()
    }

    fn etag() -> EntityTag {
        EntityTag::new_strong("abc".to_owned())
    }

    #[rstest]
    #[case::none(&[], false)]
    #[case::the_same(&["\"abc\""], true)]
    #[case::weak(&["W/\"abc\""], true)]
    #[case::any(&["*"], true)]
    #[case::other(&["\"abcd\""], false)]
    #[case::other_case(&["\"ABC\""], false)]
    #[case::in_a_list(&["\"x\", W/\"y\" ,\"abc\""], true)]
    #[case::not_in_a_list(&["\"x\", \"y\""], false)]
    #[case::on_another_line(&["\"x\"", "\"abc\""], true)]
    #[case::beside_a_wrong_one(&["x, \"abc\""], true)]
    #[case::unquoted(&["abc"], false)]
    #[case::empty(&[""], false)]
    #[case::weak_in_small(&["w/\"abc\""], false)]
    fn if_none_match(#[case] values: &[&str], #[case] had: bool) {
        let request = request(&header::IF_NONE_MATCH, values);
        assert_eq!(is_had(&request, &etag()), had);
    }

    #[rstest]
    #[case::none(&[], true)]
    #[case::the_same(&["\"abc\""], true)]
    #[case::weak(&["W/\"abc\""], false)]
    #[case::other(&["\"abcd\""], false)]
    #[case::date(&["Sat, 29 Oct 1994 19:43:31 GMT"], false)]
    #[case::unquoted(&["abc"], false)]
    #[case::list(&["\"abc\", \"x\""], false)]
    #[case::empty(&[""], false)]
    fn if_range(#[case] values: &[&str], #[case] parts: bool) {
        let request = request(&header::IF_RANGE, values);
        assert_eq!(may_have_parts(&request, &etag()), parts);
    }
}
