//! The method that is meant, where a client can't send the one it means.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;

use super::field::METHOD_OVERRIDE;
use crate::problem::{FieldError, Problem};

/// The methods of the protocol.
const METHODS: [Method; 5] = [
    Method::OPTIONS,
    Method::POST,
    Method::HEAD,
    Method::PATCH,
    Method::DELETE,
];

/// Gives a request on one of the protocol's paths the method that it means.
///
/// # Errors
/// 400 for one that is none.
pub(crate) fn apply(request: &mut ServiceRequest) -> Result<(), Problem> {
    if super::is_of(request.path()) {
        let meant = meant(request.method(), request.headers());
        request.head_mut().method = meant.map_err(|error| Problem::invalid(vec![error]))?;
    }
    Ok(())
}

/// The method that the request means: the one that `X-HTTP-Method-Override` names, whatever the
/// request's own is, or that one. Only methods of the protocol can be named so.
pub(crate) fn meant(own: &Method, headers: &HeaderMap) -> Result<Method, FieldError> {
    let Some(named) = METHOD_OVERRIDE.text(headers)? else {
        return Ok(own.clone());
    };
    let known = METHODS.into_iter().find(|known| known.as_str() == named);
    known.ok_or_else(|| {
        METHOD_OVERRIDE.refuse("format", "must be OPTIONS, POST, HEAD, PATCH or DELETE")
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::field::tests::headers;
    use super::*;

    #[test]
    fn without_a_header_the_method_is_its_own() {
        assert_eq!(meant(&Method::GET, &headers(&[])), Ok(Method::GET));
    }

    #[rstest]
    #[case("PATCH", Method::PATCH)]
    #[case("DELETE", Method::DELETE)]
    #[case("HEAD", Method::HEAD)]
    #[case("POST", Method::POST)]
    #[case("OPTIONS", Method::OPTIONS)]
    fn a_method_is_overridden(#[case] named: &str, #[case] other: Method) {
        let headers = headers(&[("X-HTTP-Method-Override", named.as_bytes())]);
        for own in [Method::POST, Method::GET] {
            assert_eq!(meant(&own, &headers), Ok(other.clone()));
        }
    }

    #[rstest]
    #[case::empty(&[&b""[..]], "format")]
    #[case::lower_case(&[&b"patch"[..]], "format")]
    #[case::of_no_use_here(&[&b"PUT"[..]], "format")]
    #[case::reading(&[&b"GET"[..]], "format")]
    #[case::unknown(&[&b"PATCH, DELETE"[..]], "format")]
    #[case::no_ascii(&[&b"\xff"[..]], "format")]
    #[case::repeated(&[&b"PATCH"[..], b"PATCH"], "repeated")]
    fn methods_that_are_none(#[case] values: &[&[u8]], #[case] code: &str) {
        let given: Vec<_> = values
            .iter()
            .map(|value| ("X-HTTP-Method-Override", *value))
            .collect();
        let error = meant(&Method::POST, &headers(&given)).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("X-HTTP-Method-Override", code)
        );
    }
}
