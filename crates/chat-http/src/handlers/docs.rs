//! `/openapi.json` and `/docs`: the API for tools and for people, without anything from elsewhere.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::Config;

use crate::answer::{Answer, JSON};
use crate::input::no_query;
use crate::openapi::openapi;
use crate::problem::Problem;

/// Everything on the page comes from here, and talks to here. The page sets styles of its own, and
/// shows what it has fetched as a blob.
const ONLY_FROM_HERE: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

static DOCUMENT: LazyLock<Result<Bytes, String>> = LazyLock::new(|| {
    let document = openapi("/").map_err(|error| error.to_string())?;
    Ok(Bytes::from(document))
});

static PAGE: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // No badge: it would ask a server elsewhere.
    let config = Config::from("../openapi.json").validator_url("none");
    Arc::new(config.try_it_out_enabled(true))
});

pub(crate) async fn document(request: HttpRequest) -> Answer {
    no_query(&request)?;
    let document = DOCUMENT.as_ref().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, JSON))
        .body(document.clone()))
}

/// The page's files are beside it, so its path ends in a slash.
pub(crate) async fn to_page(request: HttpRequest) -> Answer {
    no_query(&request)?;
    Ok(HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish())
}

pub(crate) async fn page(request: HttpRequest) -> Answer {
    serve(&request, "index.html")
}

pub(crate) async fn file(request: HttpRequest, name: Path<String>) -> Answer {
    serve(&request, &name)
}

fn serve(request: &HttpRequest, name: &str) -> Answer {
    no_query(request)?;
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&PAGE)).map_err(Problem::internal)?;
    let file = file.ok_or_else(Problem::route_not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.content_type))
        .insert_header((header::CONTENT_SECURITY_POLICY, ONLY_FROM_HERE))
        .body(file.bytes.into_owned()))
}
