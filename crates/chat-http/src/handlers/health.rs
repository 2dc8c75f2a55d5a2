//! `/health`: for probes, which need no credentials.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::Service;
use crate::answer::{self, Answer};
use crate::input::no_query;
use crate::problem::Problem;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// The process runs.
pub(crate) async fn live(request: HttpRequest) -> Answer {
    no_query(&request)?;
    answer::ok(&Health { status: "ok" })
}

/// The store answers too.
pub(crate) async fn ready(service: Service, request: HttpRequest) -> Answer {
    no_query(&request)?;
    service.ready().await.map_err(Problem::unavailable)?;
    answer::ok(&Health { status: "ok" })
}
