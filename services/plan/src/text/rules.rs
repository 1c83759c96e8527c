//! Pure decisions on the plan's text.

use kernel::Result;
use kernel::error::Faults;

use crate::rules::tidy;

/// Checks the evidence of an activity.
pub(crate) fn activity(evidence: Option<&str>) -> Result<Option<String>> {
    let mut faults = Faults::default();
    let evidence = tidy(evidence, &mut faults);
    faults.into_result()?;
    Ok(evidence)
}
