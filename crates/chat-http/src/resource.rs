//! A path and its methods: what every path does besides its own.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ResourceDef, ServiceRequest};
use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard, web};

use crate::problem::Problem;
use crate::trace::{self, Matched};

/// One method of a path.
pub(crate) struct Endpoint {
    method: Method,
    route: Route,
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $method:ident, $route:expr;)+) => {
        $($(#[$doc])*
        pub(crate) fn $name<F, Args>(handler: F) -> Endpoint
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            Endpoint {
                method: Method::$method,
                route: $route.to(handler),
            }
        })+
    };
}

endpoints! {
    /// GET, and HEAD, whose answer is sent without its body.
    get = GET, web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    /// HEAD alone: there is nothing to be got with it.
    head = HEAD, web::head();
    /// POST.
    post = POST, web::post();
    /// PATCH.
    patch = PATCH, web::patch();
    /// DELETE.
    delete = DELETE, web::delete();
}

/// A path and its own methods.
pub(crate) struct Path {
    path: &'static str,
    endpoints: Vec<Endpoint>,
    asks: Asks,
    takes_tickets: bool,
}

/// Whom a path asks who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Everyone.
    Actor,
    /// Nobody where everyone may do everything; elsewhere it is for the system alone.
    Watcher,
    /// Nobody, ever.
    Nobody,
}

/// A path with these methods.
pub(crate) fn path(path: &'static str, endpoints: impl Into<Vec<Endpoint>>) -> Path {
    Path {
        path,
        endpoints: endpoints.into(),
        asks: Asks::Actor,
        takes_tickets: false,
    }
}

impl Path {
    /// The same, for everyone: it asks nobody who acts.
    pub(crate) fn anonymous(mut self) -> Self {
        self.asks = Asks::Nobody;
        self
    }

    /// The same, for who watches the server.
    pub(crate) fn for_watchers(mut self) -> Self {
        self.asks = Asks::Watcher;
        self
    }

    /// The same, where a ticket in the query is as good as credentials.
    pub(crate) fn by_ticket(mut self) -> Self {
        self.takes_tickets = true;
        self
    }

    pub(crate) fn takes_tickets(&self) -> bool {
        self.takes_tickets
    }

    pub(crate) fn asks(&self) -> Asks {
        self.asks
    }

    /// What a path is matched with.
    pub(crate) fn pattern(&self) -> ResourceDef {
        ResourceDef::new(self.path)
    }

    /// Each method with the path, as `("GET", "/users/{id}")`.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (String, &'static str)> {
        let methods = self.endpoints.iter().map(|endpoint| &endpoint.method);
        methods.map(|method| (method.to_string(), self.path))
    }

    /// What answers on the path: OPTIONS tells its methods, and any other is refused.
    pub(crate) fn resource(self) -> impl HttpServiceFactory + 'static {
        let matched = Matched {
            path: self.path,
            asks: self.asks,
        };
        let mut names = Vec::new();
        let mut resource = web::resource(self.path);
        for Endpoint { method, route } in self.endpoints {
            names.push(method.to_string());
            if method == Method::GET {
                names.push(Method::HEAD.to_string());
            }
            resource = resource.route(route);
        }
        names.push(Method::OPTIONS.to_string());
        with_the_rest(resource, names.join(", ")).wrap(from_fn(
            move |request: ServiceRequest, next: Next<BoxBody>| {
                trace::came_to(&request, matched);
                next.call(request)
            },
        ))
    }
}

fn with_the_rest(resource: Resource, allow: String) -> Resource {
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
