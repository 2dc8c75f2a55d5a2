//! Headers of every answer: its request's id, and what browsers must not do with it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

use crate::request_id::X_REQUEST_ID;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What an answer is unless it says otherwise. It is no page: nothing in it is fetched or run, and no other
/// page shows it. What it is about is for nobody's cache, and where it stands is told to nobody.
const UNLESS_SAID: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

/// A year, in which browsers that were here once come with TLS alone.
const WITH_TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Marks the answer to the request with this id, on a connection that is `secure` or not.
pub(crate) fn mark(headers: &mut HeaderMap, id: &str, secure: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in UNLESS_SAID {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, WITH_TLS_ALONE);
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
}
