//! All routes.

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpResponse, web};
use chat_service::ChatService;

use crate::HttpOptions;
use crate::body::BodyTimeout;
use crate::edge::{Edge, edge};
use crate::handlers::{files, groups, health, members, messages, receipts, users};
use crate::problem::Problem;
use crate::resource::{delete, get, post, resource};

/// The whole API as an actix `App`, for a server or a test of the host's own. It answers every
/// request target, unknown ones too; services that are added to it go through the same edge.
pub fn app(
    service: ChatService,
    options: &HttpOptions,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let door = Edge::new(service.clone(), options);
    App::new()
        .wrap(from_fn(move |request, next| {
            edge(door.clone(), request, next)
        }))
        .app_data(web::Data::new(service))
        .app_data(BodyTimeout(options.body_timeout))
        .configure(routes)
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(Problem::route_not_found())
        }))
}

#[rustfmt::skip]
fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/health", [get(health::live)]))
        .service(resource("/health/live", [get(health::live)]))
        .service(resource("/health/ready", [get(health::ready)]))
        .service(resource("/users", [get(users::list), post(users::create)]))
        .service(resource("/users/{id}", [get(users::show)]))
        .service(resource("/groups", [post(groups::create)]))
        .service(resource("/groups/{id}", [get(groups::show), delete(groups::delete)]))
        .service(resource("/groups/{id}/members", [get(members::list), post(members::add)]))
        .service(resource("/groups/{id}/members/{user_id}", [delete(members::remove)]))
        .service(resource("/messages", [get(messages::list), post(messages::send)]))
        .service(resource("/messages/{id}", [get(messages::show), delete(messages::delete)]))
        .service(resource("/messages/{id}/seen", [get(receipts::list), post(receipts::mark)]))
        .service(resource("/messages/unseen/{user_id}", [get(receipts::unseen)]))
        .service(resource("/files", [post(files::create)]))
        .service(resource("/files/{id}", [get(files::show)]));
}
