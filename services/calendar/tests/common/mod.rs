//! What several tests need: the national tables and short ways to name days.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses some of it")]

use calendar::{Closure, Holidays, Hours, LegalTerms, Slot, Week, WorkCalendar};
use std::sync::{Arc, LazyLock};
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

pub const HOLIDAYS: &str = include_str!("../../../../tenants/national/holidays.csv");
pub const TERMS: &str = include_str!("../../../../tenants/national/pqrsd_terms.csv");

static TABLE: LazyLock<Arc<Holidays>> = LazyLock::new(|| Arc::new(Holidays::parse(HOLIDAYS).unwrap()));

/// The country's holidays.
pub fn holidays() -> Arc<Holidays> {
    TABLE.clone()
}

/// The country's legal terms.
pub fn terms() -> LegalTerms {
    LegalTerms::parse(TERMS).unwrap()
}

/// Monday to Friday, hours unknown.
pub fn national() -> WorkCalendar {
    WorkCalendar::national(holidays())
}

/// Open 8 to 12 and 1 to 5 on so many weekdays, from the one at this place (Monday is 0).
pub fn office_hours(from: usize, days: usize) -> Week {
    let mut week: [Hours; 7] = std::array::from_fn(|_| Some(Vec::new()));
    for hours in week.iter_mut().skip(from).take(days) {
        *hours = Some(vec![slot("08:00-12:00"), slot("13:00-17:00")]);
    }
    Week::new(week).unwrap()
}

pub fn slot(text: &str) -> Slot {
    text.parse().unwrap()
}

pub fn closure() -> Closure {
    Closure { reason: "Día cívico".into(), act: "Decreto 045 de 2026".into() }
}

/// `2026-11-23`.
pub fn day(text: &str) -> Date {
    Date::parse(text, format_description!("[year]-[month]-[day]")).unwrap()
}

/// `2026-11-23 10:42`, in Bogota.
pub fn moment(text: &str) -> OffsetDateTime {
    let local = PrimitiveDateTime::parse(text, format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap();
    local.assume_offset(calendar::bogota())
}
