//! What every part of the plan asks of a text that proves something.

use kernel::error::Faults;

const EVIDENCE_LENGTH: usize = 2000;

/// Trims a piece of evidence and checks its length.
pub(crate) fn tidy(evidence: Option<&str>, faults: &mut Faults) -> Option<String> {
    let evidence = evidence.map(str::trim).filter(|text| !text.is_empty());
    let fits = evidence.is_none_or(|text| text.chars().count() <= EVIDENCE_LENGTH && !text.contains('\0'));
    faults.require(fits, "evidence", "LENGTH", "La evidencia tiene más de 2.000 letras; resúmala o escriba su dirección");
    evidence.map(str::to_owned)
}
