//! A path and its methods: what every path does besides its own.

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard, web};

use crate::problem::Problem;

/// One method of a path.
pub(crate) struct Endpoint {
    method: Method,
    route: Route,
}

/// GET, and HEAD, whose answer is sent without its body.
pub(crate) fn get<F, Args>(handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint {
        method: Method::GET,
        route: web::route()
            .guard(guard::Any(guard::Get()).or(guard::Head()))
            .to(handler),
    }
}

pub(crate) fn post<F, Args>(handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint {
        method: Method::POST,
        route: web::post().to(handler),
    }
}

pub(crate) fn delete<F, Args>(handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint {
        method: Method::DELETE,
        route: web::delete().to(handler),
    }
}

/// A path with its methods: OPTIONS tells them, and any other is refused.
pub(crate) fn resource(path: &str, endpoints: impl IntoIterator<Item = Endpoint>) -> Resource {
    let mut names = Vec::new();
    let mut resource = web::resource(path);
    for Endpoint { method, route } in endpoints {
        names.push(method.to_string());
        if method == Method::GET {
            names.push(Method::HEAD.to_string());
        }
        resource = resource.route(route);
    }
    names.push(Method::OPTIONS.to_string());
    let allow = names.join(", ");

    let options = allow.clone();
    resource
        .route(web::method(Method::OPTIONS).to(move || {
            let options = options.clone();
            async move {
                HttpResponse::build(StatusCode::NO_CONTENT)
                    .insert_header((header::ALLOW, options))
                    .finish()
            }
        }))
        .default_service(web::to(move || {
            let problem = Problem::method_not_allowed(&allow);
            async { Err::<HttpResponse, _>(problem) }
        }))
}
