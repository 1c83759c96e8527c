//! Colombian holidays, working days and hours, legal terms, and deadlines and service clocks that explain themselves.
//! Pure: dates and tables come in as arguments. It must not know the clock, a file, or any other room.

mod deadline;
mod holidays;
pub mod sla;
pub mod spanish;
mod table;
mod terms;
mod week;

pub use deadline::{Cell, CellKind, CountedDay, Deadline, bogota, radication_date};
pub use holidays::{HolidayDay, HolidayRule, Holidays, easter};
pub use table::ParseError;
pub use terms::{Confidence, Family, LegalTerm, LegalTerms, Unit};
pub use week::{CalendarSettings, ClosedBecause, Closure, ClosureSetting, Hours, Slot, Week, WeekError, WorkCalendar};
