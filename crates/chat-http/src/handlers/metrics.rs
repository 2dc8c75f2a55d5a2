//! `/metrics`: for whoever watches the server. It asks nothing of the store but its counts. They tell how
//! much is going on, so where not everyone may do everything they are the system's.

use actix_web::HttpRequest;
use actix_web::web::Data;

use crate::actor::Entry;
use crate::answer::{self, Answer};
use crate::input::no_query;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::trace;

pub(crate) async fn show(metrics: Data<Metrics>, request: HttpRequest) -> Answer {
    if matches!(trace::entry(&request), Some(Entry::User(_))) {
        return Err(Problem::forbidden("only the system reads the metrics"));
    }
    no_query(&request)?;
    let text = metrics.text().map_err(Problem::internal)?;
    Ok(answer::metrics(text))
}
