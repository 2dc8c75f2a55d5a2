//! All routes.

use std::rc::Rc;

use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpResponse, web};
use chat_service::ChatService;

use crate::HttpOptions;
use crate::body::BodyTimeout;
use crate::edge::{Edge, edge};
use crate::handlers::{
    docs, events, files, groups, health, members, messages, metrics, receipts, uploads, users,
};
use crate::memory::Memory;
use crate::problem::Problem;
use crate::resource::{Asks, Path, delete, get, head, patch, path, post};
use crate::turns::Turns;

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
    app_of_many(service, options, &Shared::new(options))
}

/// What all workers of a server share.
#[derive(Clone)]
pub(crate) struct Shared {
    turns: Turns,
    memory: Memory,
}

impl Shared {
    pub(crate) fn new(options: &HttpOptions) -> Self {
        Self {
            turns: Turns::default(),
            memory: Memory::of(options.most_memory),
        }
    }
}

/// The same for one of the workers that share this.
pub(crate) fn app_of_many(
    service: ChatService,
    options: &HttpOptions,
    shared: &Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let door = Rc::new(Edge::new(service.clone(), options, shared.memory.clone()));
    App::new()
        .wrap(from_fn(move |request, next| {
            edge(Rc::clone(&door), request, next)
        }))
        .app_data(web::Data::new(service))
        .app_data(web::Data::new(shared.turns.clone()))
        .app_data(shared.memory.clone())
        .app_data(web::Data::new(options.metrics.clone()))
        .app_data(web::Data::new(options.metrics.readers().clone()))
        .app_data(BodyTimeout(options.body_timeout))
        .configure(|config| {
            for path in paths() {
                config.service(path.resource());
            }
        })
        .default_service(web::to(async || {
            Err::<HttpResponse, _>(Problem::route_not_found())
        }))
}

/// Every route as its method and path, such as `("GET", "/users/{id}")`; HEAD and OPTIONS, which
/// every path has besides, are left out.
pub fn routes() -> Vec<(String, &'static str)> {
    paths().iter().flat_map(Path::routes).collect()
}

/// Those of [`routes`] that ask nobody who acts, and so never need credentials.
pub fn anonymous_routes() -> Vec<(String, &'static str)> {
    let paths = paths();
    let anonymous = paths.iter().filter(|path| path.asks() == Asks::Nobody);
    anonymous.flat_map(Path::routes).collect()
}

#[rustfmt::skip]
pub(crate) fn paths() -> Vec<Path> {
    vec![
        path("/health", [get(health::live)]).anonymous(),
        path("/health/live", [get(health::live)]).anonymous(),
        path("/health/ready", [get(health::ready)]).anonymous(),
        path("/metrics", [get(metrics::show)]).for_watchers(),
        path("/users", [get(users::list), post(users::create)]),
        path("/users/{id}", [get(users::show), patch(users::update), delete(users::delete)]),
        path("/groups", [get(groups::list), post(groups::create)]),
        path("/groups/{id}", [get(groups::show), patch(groups::update), delete(groups::delete)]),
        path("/groups/{id}/members", [get(members::list), post(members::add)]),
        path("/groups/{id}/members/{user_id}", [delete(members::remove)]),
        path("/messages", [get(messages::list), post(messages::send)]),
        path("/messages/{id}", [get(messages::show), delete(messages::delete)]),
        path("/messages/{id}/seen", [get(receipts::list), post(receipts::mark)]),
        path("/messages/unseen/{user_id}", [get(receipts::unseen)]),
        path("/files", [post(files::create)]),
        path("/files/{id}", [get(files::show), delete(files::delete)]),
        path("/files/{id}/content", [get(files::content)]),
        path("/files/{id}/thumbnail", [get(files::thumbnail)]),
        path("/uploads", [post(uploads::create)]),
        path("/uploads/{id}", [head(uploads::show), patch(uploads::append), delete(uploads::delete)]),
        path("/sync", [get(events::sync)]),
        path("/events", [get(events::read)]).by_ticket(),
        path("/ws", [get(events::connect)]).by_ticket(),
        path("/tickets", [post(events::create_ticket)]),
        path("/openapi.json", [get(docs::document)]).anonymous(),
        path("/docs", [get(docs::to_page)]).anonymous(),
        path("/docs/", [get(docs::page)]).anonymous(),
        path("/docs/{file}", [get(docs::file)]).anonymous(),
    ]
}
