//! scratch
use serde::Serialize;
#[derive(Debug, Serialize)]
pub(crate) struct Machine;
impl Machine {
    pub(crate) fn here(_: &std::path::Path) -> Self {
        Self
    }
}
