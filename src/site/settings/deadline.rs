//! The key `deadline`, which several settings have.

use std::time::Duration;

use crate::base::error::ErrorKind;
use crate::base::yaml::{Faults, Fields};
use crate::site::settings::setting::Setting;

/// Reads the key `deadline`: a number of seconds greater than 0 and at most the longest that the
/// table has for `setting`.
pub(super) fn read_deadline(
    fields: Fields<'_>,
    setting: &Setting,
    default: Duration,
    faults: &mut Faults,
) -> Duration {
    let Some(node) = fields.get("deadline") else { return default };
    let max = setting.max_seconds();
    match faults.keep(node.positive()) {
        Some(seconds) if seconds <= max => Duration::from_secs_f64(seconds),
        Some(seconds) => {
            let message = format!("`deadline: {seconds}` is more than {max} seconds");
            faults.push(node.fault(ErrorKind::InvalidValue, message));
            default
        }
        None => default,
    }
}
