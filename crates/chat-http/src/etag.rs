//! Validators: the `ETag` of what is shown, and which of them a client has or expects: `If-None-Match`,
//! `If-Range` and `If-Match` (RFC 9110, 8.8.3 and 13).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat_domain::{Role, Upload};
use chat_service::Precondition;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::FieldError;

mod list;

use list::Listed;

/// Asked for again before it is used, since who may read it can change; kept by nobody but the reader.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The header's name as clients write it.
const IF_MATCH_FIELD: &str = "If-Match";

/// How many bytes of the digest stand in a validator: enough that nobody finds two things with the same.
const DIGEST: usize = 16;

/// A thing that changes can be made to depend on.
pub(crate) trait Tagged {
    /// The validator that GET shows it with; none if it shows none.
    fn etag(&self) -> serde_json::Result<Option<EntityTag>>;
}

/// Of members there are lists alone.
impl Tagged for Role {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        Ok(None)
    }
}

/// How far an upload has come is told by its offset.
impl Tagged for Upload {
    fn etag(&self) -> serde_json::Result<Option<EntityTag>> {
        Ok(None)
    }
}

/// The validator of a thing as the actor is shown it. There is no count of its versions that could say
/// otherwise than the bytes do.
pub(crate) fn of(shown: &impl Serialize) -> serde_json::Result<EntityTag> {
    Ok(of_bytes(&serde_json::to_vec(shown)?))
}

/// The validator of a thing that is shown as these bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> EntityTag {
    let digest = Sha256::digest(bytes);
    EntityTag::new_strong(URL_SAFE_NO_PAD.encode(&digest[..DIGEST]))
}

/// With what every answer has that shows a validator, also the one that nothing has changed.
pub(crate) fn validated(status: StatusCode, etag: &EntityTag) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    show(&mut response, etag);
    response
}

/// Puts the validator to an answer, and how it may be kept.
pub(crate) fn show(response: &mut HttpResponseBuilder, etag: &EntityTag) {
    response.insert_header((header::ETAG, etag.to_string()));
    response.insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
}

/// 304 if the client has what this validator is of: that needs nothing of the thing itself.
pub(crate) fn not_again(request: &HttpRequest, etag: &EntityTag) -> Option<HttpResponse> {
    is_had(request, etag).then(|| validated(StatusCode::NOT_MODIFIED, etag).finish())
}

fn is_had(request: &HttpRequest, etag: &EntityTag) -> bool {
    match list::read(request.headers(), header::IF_NONE_MATCH) {
        None => false,
        Some(Listed::Any) => true,
        // What can't be read names nothing that the client has.
        Some(Listed::Tags(tags)) => tags.iter().flatten().any(|tag| tag.names(etag)),
    }
}

/// Whether parts fit what the client has. A date never tells: there is none to compare it with.
pub(crate) fn may_have_parts(request: &HttpRequest, etag: &EntityTag) -> bool {
    match list::read(request.headers(), header::IF_RANGE) {
        None => true,
        Some(Listed::Tags(tags)) => match tags.as_slice() {
            [Ok(tag)] => !tag.weak && tag.names(etag),
            _ => false,
        },
        Some(Listed::Any) => false,
    }
}

/// What a client expects a thing to be that it changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing more than that it is there.
    #[default]
    Anything,
    /// What has one of these validators. Weak ones are not among them, for they say too little.
    OneOf(Vec<Box<[u8]>>),
}

impl IfMatch {
    /// What the headers say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, FieldError> {
        let malformed = || {
            let message = "must be * or a list of entity tags";
            FieldError::new(IF_MATCH_FIELD, "format", message)
        };
        match list::read(headers, header::IF_MATCH) {
            None | Some(Listed::Any) => Ok(Self::Anything),
            Some(Listed::Tags(tags)) if tags.is_empty() => Err(malformed()),
            Some(Listed::Tags(tags)) => {
                let tags: Result<Vec<_>, _> = tags.into_iter().collect();
                let tags = tags.map_err(|_| malformed())?.into_iter();
                let strong = tags.filter(|tag| !tag.weak);
                Ok(Self::OneOf(strong.map(|tag| tag.opaque.into()).collect()))
            }
        }
    }

    /// The same for the service.
    pub(crate) fn precondition<T: Tagged>(self) -> Precondition<T> {
        match self {
            Self::Anything => Precondition::none(),
            Self::OneOf(tags) => Precondition::new(move |thing: &T| {
                let etag = thing.etag().map_err(|error| error.to_string())?;
                let has = |etag: EntityTag| tags.iter().any(|tag| **tag == *etag.tag().as_bytes());
                Ok(etag.is_some_and(has))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;
    use actix_web::test::TestRequest;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn request(name: &HeaderName, values: &[&str]) -> HttpRequest {
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
    #[case::beside_one_with_a_comma(&["\"x,y\", \"abc\""], true)]
    #[case::inside_another(&["\"x,abc,y\""], false)]
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
    #[case::lines(&["\"abc\"", "\"abc\""], false)]
    #[case::any(&["*"], false)]
    #[case::empty(&[""], false)]
    fn if_range(#[case] values: &[&str], #[case] parts: bool) {
        let request = request(&header::IF_RANGE, values);
        assert_eq!(may_have_parts(&request, &etag()), parts);
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::any(&["*"], None)]
    #[case::one(&["\"abc\""], Some(&["abc"][..]))]
    #[case::list(&["\"abc\", \"x,y\"", "\"z\""], Some(&["abc", "x,y", "z"][..]))]
    #[case::weak(&["W/\"abc\""], Some(&[][..]))]
    #[case::weak_beside(&["W/\"abc\", \"x\""], Some(&["x"][..]))]
    fn if_match(#[case] values: &[&str], #[case] tags: Option<&[&str]>) {
        let request = request(&header::IF_MATCH, values);
        let expected = tags.map_or(IfMatch::Anything, |tags| {
            IfMatch::OneOf(tags.iter().map(|tag| tag.as_bytes().into()).collect())
        });
        assert_eq!(IfMatch::of(request.headers()), Ok(expected));
    }

    #[rstest]
    #[case::empty(&[""])]
    #[case::commas(&[" , "])]
    #[case::unquoted(&["abc"])]
    #[case::half(&["\"abc"])]
    #[case::beside_a_good_one(&["\"abc\", x"])]
    #[case::any_in_a_list(&["\"abc\", *"])]
    #[case::any_twice(&["*", "*"])]
    fn if_match_that_is_none(#[case] values: &[&str]) {
        let request = request(&header::IF_MATCH, values);
        let error = IfMatch::of(request.headers()).unwrap_err();
        assert_eq!((error.field.as_str(), &*error.code), ("If-Match", "format"));
    }

    /// Clients keep them over an update of the server: another form would have them all read anew.
    #[test]
    fn a_validator_is_of_the_bytes() {
        let thing = json!({"id": 1});
        let etag = of(&thing).unwrap();
        assert_eq!(etag, of_bytes(br#"{"id":1}"#));
        assert_eq!(etag.to_string(), "\"A3ySFO73TMOIfzpPCFtOFw\"");
        assert_ne!(etag, of_bytes(br#"{"id":2}"#));
    }
}
