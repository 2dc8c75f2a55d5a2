//! The method that is meant, where a client can't send the one it means.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;

use super::field::METHOD_OVERRIDE;
use crate::problem::FieldError;

/// Gives a request on one of the protocol's paths the method that it means, whatever its own is. It is
/// any method at all: the route refuses those that it does not have. What names none leaves the
/// request as it is, for its handler to [refuse](super::request::check) in its turn.
pub(crate) fn apply(request: &mut ServiceRequest) {
    if super::is_of(request.path())
        && let Ok(Some(meant)) = meant(request.headers())
    {
        request.head_mut().method = meant;
    }
}

/// The method that `X-HTTP-Method-Override` names, if it is given.
pub(super) fn meant(headers: &HeaderMap) -> Result<Option<Method>, FieldError> {
    let Some(named) = METHOD_OVERRIDE.text(headers)? else {
        return Ok(None);
    };
    let method = Method::from_bytes(named.as_bytes());
    let none = |_| METHOD_OVERRIDE.refuse("format", "must be the name of a method");
    method.map(Some).map_err(none)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::field::tests::headers;
    use super::*;

    #[test]
    fn without_a_header_the_method_is_its_own() {
        assert_eq!(meant(&headers(&[])), Ok(None));
    }

    #[rstest]
    #[case("PATCH", Method::PATCH)]
    #[case("DELETE", Method::DELETE)]
    #[case("HEAD", Method::HEAD)]
    #[case("POST", Method::POST)]
    #[case("OPTIONS", Method::OPTIONS)]
    #[case("PUT", Method::PUT)]
    #[case("GET", Method::GET)]
    fn a_method_is_named(#[case] named: &str, #[case] method: Method) {
        let headers = headers(&[("X-HTTP-Method-Override", named.as_bytes())]);
        assert_eq!(meant(&headers), Ok(Some(method)));
    }

    #[test]
    fn another_case_is_another_method() {
        let lower = meant(&headers(&[("X-HTTP-Method-Override", b"patch")]));
        assert_ne!(lower, Ok(Some(Method::PATCH)));
        assert!(lower.is_ok());
    }

    #[rstest]
    #[case::empty(&[&b""[..]], "format")]
    #[case::blank(&[&b" "[..]], "format")]
    #[case::two(&[&b"PATCH, DELETE"[..]], "format")]
    #[case::no_ascii(&[&b"\xff"[..]], "format")]
    #[case::repeated(&[&b"PATCH"[..], b"PATCH"], "repeated")]
    fn methods_that_are_none(#[case] values: &[&[u8]], #[case] code: &str) {
        let given: Vec<_> = values
            .iter()
            .map(|value| ("X-HTTP-Method-Override", *value))
            .collect();
        let error = meant(&headers(&given)).unwrap_err();
        assert_eq!(
            (error.field.as_str(), &*error.code),
            ("X-HTTP-Method-Override", code)
        );
    }
}
