//! The form of problems on the wire.

use actix_web::body::MessageBody;

use super::*;

fn rendered(problem: &Problem) -> serde_json::Value {
    let body = problem.render("r-1").into_body().try_into_bytes().unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn it_has_the_members_of_rfc_9457_and_ours() {
    assert_eq!(
        rendered(&Problem::route_not_found()),
        serde_json::json!({
            "type": "/problems/route-not-found",
            "title": "Route not found",
            "status": 404,
            "detail": "there is nothing at this path",
            "code": "route_not_found",
            "request_id": "r-1",
        })
    );
}

#[test]
fn only_a_failed_validation_has_errors() {
    let email = FieldError::new("email", "format", "is not a valid email address");
    let body = rendered(&Problem::invalid(vec![email]));
    assert_eq!(body["detail"], "email is not a valid email address");
    assert_eq!(
        body["errors"],
        serde_json::json!([
            {"field": "email", "code": "format", "message": "is not a valid email address"}
        ])
    );
}

#[test]
fn each_field_is_named_once_and_for_the_first_reason() {
    let errors = [("id", "range"), ("x", "unknown"), ("id", "unknown")];
    let errors = errors.map(|(field, code)| FieldError::new(field, code, "is bad"));
    let body = rendered(&Problem::invalid(errors.to_vec()));
    assert_eq!(body["detail"], "2 fields are not valid");
    assert_eq!(body["errors"][0]["code"], "range");
    assert_eq!(body["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn more_bad_fields_than_are_named_are_told_as_such() {
    for (bad, detail) in [
        (100, "100 fields are not valid"),
        (101, "more than 100 fields are not valid"),
        (500, "more than 100 fields are not valid"),
    ] {
        let errors = (0..bad).map(|n| FieldError::new(n.to_string(), "unknown", "is not known"));
        let body = rendered(&Problem::invalid(errors.collect()));
        assert_eq!(body["detail"], detail);
        assert_eq!(body["errors"].as_array().unwrap().len(), 100);
    }
}

#[test]
fn a_cause_stays_inside() {
    let problem = Problem::internal("no such table: users");
    let text = rendered(&problem).to_string();
    assert!(!text.contains("table"), "{text}");
}

#[test]
fn a_busy_store_says_when_to_come_back() {
    let response = Problem::unavailable("down").render("r-1");
    assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
    let kind = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(kind, "application/problem+json");
}
