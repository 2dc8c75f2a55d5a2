//! `/metrics`: for whoever watches the server. It asks nothing of the store but its counts.

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::answer::{self, Answer};
use crate::input::no_query;
use crate::metrics::Metrics;
use crate::problem::Problem;

pub(crate) async fn show(metrics: Data<Metrics>, request: HttpRequest) -> Answer {
    no_query(&request)?;
    let text = metrics.text().map_err(Problem::internal)?;
    Ok(answer::metrics(text))
}
