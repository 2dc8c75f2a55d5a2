//! The name of one request, in its answer and in the log.

use actix_web::http::header::{HeaderMap, HeaderName};

use crate::random;

/// Where it stands, in requests and in answers.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's own id for this request if it is fit to be repeated, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> String {
    let mut given = headers.get_all(&X_REQUEST_ID);
    match (given.next().and_then(|id| id.to_str().ok()), given.next()) {
        (Some(id), None) if is_fit(id) => id.to_owned(),
        _ => random::name(),
    }
}

/// Nothing that could break out of a log line or a header.
fn is_fit(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=128).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn given(ids: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(X_REQUEST_ID, HeaderValue::from_str(id).unwrap());
        }
        headers
    }

    #[test]
    fn a_fit_id_is_kept() {
        let longest = "x".repeat(128);
        for id in ["a", "01J-8.x_Z", &longest] {
            assert_eq!(request_id(&given(&[id])), id);
        }
    }

    #[test]
    fn any_other_is_replaced() {
        let long = "x".repeat(129);
        for ids in [&[][..], &[""], &["a b"], &["a/b"], &[&long], &["a", "b"]] {
            let id = request_id(&given(ids));
            assert!(
                is_fit(&id) && !ids.contains(&id.as_str()),
                "{ids:?} -> {id}"
            );
        }
    }
}
