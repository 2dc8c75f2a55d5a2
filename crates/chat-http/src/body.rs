//! The bytes of a JSON body: of the right type, not too many, and in time.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpMessage, HttpRequest, rt::time};
use chat_service::ServiceError;
use futures_util::StreamExt;

use crate::memory::{self, Memory, Share};

use crate::problem::Problem;
use crate::unread;

const JSON: &str = "application/json";

/// What the body of a PATCH is (RFC 7396).
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// The most bytes of a JSON body.
const MAX_JSON: usize = 256 * 1024;

/// Room for most bodies. More is taken as the bytes come, so that a great declared length costs its
/// sender as much as it costs us.
const USUAL_JSON: usize = memory::SMALL;

/// How long a body may take to arrive; held as data of the app.
#[derive(Clone, Copy)]
pub(crate) struct BodyTimeout(pub(crate) Duration);

/// Reads the body of a request that must have one of JSON.
pub(crate) async fn read(request: &HttpRequest) -> Result<Vec<u8>, Problem> {
    check_type(request.method(), request.headers())?;
    let declared = declared_length(request.headers());
    if declared.is_some_and(|length| length > MAX_JSON as u64) {
        return Err(Problem::payload_too_large(MAX_JSON));
    }
    let declared = declared.and_then(|length| usize::try_from(length).ok());
    let mut payload = unread::take(request);
    let mut share = request.app_data::<Memory>().map(Memory::share);
    let body = in_time(request, collect(&mut payload, declared, share.as_mut())).await;
    // With a declared length it can be done before it has ended, too.
    unread::put_back(request, payload);
    // What was read is in memory, in one shape or another, until the request is answered.
    request.extensions_mut().insert(share);
    body
}

async fn in_time(
    request: &HttpRequest,
    body: impl Future<Output = Result<Vec<u8>, Problem>>,
) -> Result<Vec<u8>, Problem> {
    match request.app_data::<BodyTimeout>() {
        Some(&BodyTimeout(limit)) if !limit.is_zero() => time::timeout(limit, body)
            .await
            .unwrap_or_else(|_| Err(Problem::request_timeout())),
        _ => body.await,
    }
}

/// The bytes up to the declared length or to the end. The end alone would not do: a request to
/// upgrade the connection has none before the connection's, whatever it declares.
async fn collect(
    payload: &mut Payload,
    declared: Option<usize>,
    mut share: Option<&mut Share>,
) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::with_capacity(USUAL_JSON);
    while declared.is_none_or(|length| body.len() < length) {
        let Some(chunk) = payload.next().await else {
            break;
        };
        let mut chunk = chunk.map_err(|_| Problem::incomplete_body())?;
        if let Some(length) = declared {
            chunk.truncate(length - body.len());
        }
        if body.len() + chunk.len() > MAX_JSON {
            return Err(Problem::payload_too_large(MAX_JSON));
        }
        let beyond = (body.len() + chunk.len()).saturating_sub(body.len().max(memory::SMALL));
        if share.as_mut().is_some_and(|share| !share.grow(beyond)) {
            return Err(ServiceError::Overloaded.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How many bytes the body is said to have, if that is said.
pub(crate) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    // One too great for a number is too great.
    Some(length.parse().unwrap_or(u64::MAX))
}

/// A patch may say of itself that it is one.
fn check_type(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let patch = *method == Method::PATCH;
    match plain_type(headers)? {
        Some(one) if is_of(JSON, one) || (patch && is_of(MERGE_PATCH, one)) => Ok(()),
        _ => Err(Problem::unsupported_media_type(
            "the body must be of the type application/json, in UTF-8",
        )),
    }
}

/// The type of a body, which must not be encoded; none unless exactly one is given.
pub(crate) fn plain_type(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut encodings = texts(headers, header::CONTENT_ENCODING);
    if !encodings.all(|encoding| encoding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::unsupported_media_type(
            "the body must not be encoded",
        ));
    }
    let mut types = texts(headers, header::CONTENT_TYPE);
    Ok(types.next().filter(|_| types.next().is_none()))
}

/// The values of a header; one that is no text is as good as empty.
fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .map(|value| value.to_str().unwrap_or_default())
}

/// Whether a media type is `kind`, with no parameter but `charset=utf-8`.
fn is_of(kind: &str, media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let json = essence.eq_ignore_ascii_case(kind);
    let utf8 = |parameter: &str| {
        parameter.eq_ignore_ascii_case("charset=utf-8")
            || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
    };
    json && parts.all(utf8)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("application/json", true)]
    #[case("Application/JSON", true)]
    #[case("application/json; charset=utf-8", true)]
    #[case("application/json;charset=\"UTF-8\"", true)]
    #[case("", false)]
    #[case("text/plain", false)]
    #[case("application/jsonx", false)]
    #[case("application/problem+json", false)]
    #[case("application/json; charset=latin1", false)]
    #[case("application/json; profile=x", false)]
    #[case("application/json, text/plain", false)]
    fn types(#[case] media_type: &str, #[case] json: bool) {
        assert_eq!(is_of(JSON, media_type), json);
    }

    #[rstest]
    #[case(Method::PATCH, "application/json", true)]
    #[case(Method::PATCH, "application/merge-patch+json", true)]
    #[case(Method::PATCH, "Application/Merge-Patch+JSON; charset=utf-8", true)]
    #[case(Method::PATCH, "application/json-patch+json", false)]
    #[case(Method::POST, "application/merge-patch+json", false)]
    fn patches(#[case] method: Method, #[case] media_type: &'static str, #[case] ok: bool) {
        let mut headers = HeaderMap::new();
        headers.append(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        assert_eq!(check_type(&method, &headers).is_ok(), ok);
    }

    #[rstest]
    #[case::plain(&["application/json"], &[], true)]
    #[case::identity(&["application/json"], &["identity"], true)]
    #[case::missing(&[], &[], false)]
    #[case::two(&["application/json", "application/json"], &[], false)]
    #[case::gzip(&["application/json"], &["gzip"], false)]
    #[case::one_of_two(&["application/json"], &["identity", "gzip"], false)]
    fn headers(
        #[case] types: &[&'static str],
        #[case] encodings: &[&'static str],
        #[case] ok: bool,
    ) {
        let mut headers = HeaderMap::new();
        for &kind in types {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for &encoding in encodings {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        assert_eq!(check_type(&Method::POST, &headers).is_ok(), ok);
    }
}
