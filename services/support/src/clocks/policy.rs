//! What the help centre promises: the dated national policies, their opening hours and the priority that they give.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use calendar::sla::{Agenda, Policy};
use calendar::{CalendarSettings, Holidays};
use serde::Deserialize;
use time::macros::date;
use time::{Date, OffsetDateTime};

use super::model::{TicketImpact, TicketUrgency};
use crate::model::TicketPriority;

time::serde::format_description!(iso_date, Date, "[year]-[month]-[day]");

const FILES: [(&str, &str); 1] =
    [("support-2026.yaml", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/support-2026.yaml")))];
const HOLIDAYS_CSV: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/holidays.csv"));

/// The day before which nobody has asked anything: that of Decreto 1151 de 2008.
const FIRST_DAY: Date = date!(2008 - 04 - 14);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[cfg_attr(not(test), expect(dead_code, reason = "names the file for whoever reads it; a test holds it to the name"))]
    key: String,
    name: String,
    #[serde(with = "iso_date")]
    valid_from: Date,
    confirmed: bool,
    note: String,
    calendars: BTreeMap<String, CalendarFile>,
    calendar: String,
    promise: Policy,
    priorities: BTreeMap<TicketImpact, BTreeMap<TicketUrgency, TicketPriority>>,
}

#[derive(Deserialize)]
struct CalendarFile {
    name: String,
    #[serde(flatten)]
    settings: CalendarSettings,
}

/// A dated policy of service.
#[derive(Debug)]
pub(crate) struct ServicePolicy {
    pub(crate) name: String,
    pub(crate) valid_from: Date,
    /// Whether whoever operates the help centre has confirmed it.
    pub(crate) confirmed: bool,
    pub(crate) note: String,
    /// The opening hours by key.
    pub(crate) agendas: BTreeMap<String, Agenda>,
    /// The key of the hours of a ticket that opens.
    pub(crate) calendar: String,
    pub(crate) promise: Policy,
    priorities: BTreeMap<TicketImpact, BTreeMap<TicketUrgency, TicketPriority>>,
}

impl ServicePolicy {
    /// The priority that impact and urgency give.
    pub(crate) fn priority(&self, impact: TicketImpact, urgency: TicketUrgency) -> Option<TicketPriority> {
        self.priorities.get(&impact)?.get(&urgency).copied()
    }

    /// The opening hours of that key; hours that the policy does not know never open.
    pub(crate) fn agenda(&self, key: &str) -> &Agenda {
        self.agendas.get(key).unwrap_or(&UNKNOWN)
    }

    fn of(file: PolicyFile, holidays: &Arc<Holidays>) -> Self {
        let agenda = |CalendarFile { name, settings }: CalendarFile| Agenda::new(name, settings.with_holidays(holidays.clone()), FIRST_DAY);
        Self {
            agendas: file.calendars.into_iter().map(|(key, calendar)| (key, agenda(calendar))).collect(),
            name: file.name,
            valid_from: file.valid_from,
            confirmed: file.confirmed,
            note: file.note,
            calendar: file.calendar,
            promise: file.promise,
            priorities: file.priorities,
        }
    }
}

static UNKNOWN: LazyLock<Agenda> = LazyLock::new(|| Agenda::never("Horario desconocido"));

/// Every policy, the earliest first. A file that does not parse is a broken build: a test reads them all.
static POLICIES: LazyLock<Vec<ServicePolicy>> = LazyLock::new(|| {
    let holidays = Arc::new(Holidays::parse(HOLIDAYS_CSV).unwrap_or_default());
    let files = FILES.iter().filter_map(|(name, text)| kernel::pack::parse_yaml::<PolicyFile>(name, text).ok());
    let mut policies: Vec<_> = files.map(|file| ServicePolicy::of(file, &holidays)).collect();
    policies.sort_by_key(|policy| policy.valid_from);
    policies
});

/// The policy of a ticket that opens at a moment; what came before the first policy goes by it.
pub(crate) fn at(moment: OffsetDateTime) -> Option<&'static ServicePolicy> {
    let day = kernel::clock::local(moment).date();
    POLICIES.iter().rev().find(|policy| policy.valid_from <= day).or_else(|| POLICIES.first())
}

#[cfg(test)]
mod tests {
    use super::{FILES, POLICIES, PolicyFile, at};
    use crate::clocks::model::{TicketImpact, TicketUrgency};
    use crate::model::TicketPriority;
    use calendar::sla::{ClockKind, Priority};
    use time::macros::datetime;

    #[test]
    fn every_policy_is_whole() {
        assert_eq!(POLICIES.len(), FILES.len());
        for (name, text) in FILES {
            let file: PolicyFile = kernel::pack::parse_yaml(name, text).expect("parses");
            assert_eq!(format!("{}.yaml", file.key), name);
        }
        for policy in POLICIES.iter() {
            assert!(policy.agendas.contains_key(&policy.calendar), "{}", policy.name);
            for priority in [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent] {
                let target = |kind| policy.promise.target(kind, priority).expect("every clock has a target");
                assert!(target(ClockKind::FirstAnswer) <= target(ClockKind::Solution), "{} {priority:?}", policy.name);
            }
            for impact in [TicketImpact::Person, TicketImpact::Office, TicketImpact::Town] {
                for urgency in [TicketUrgency::CanWait, TicketUrgency::Hinders, TicketUrgency::Stops] {
                    assert!(policy.priority(impact, urgency).is_some(), "{} {impact:?} {urgency:?}", policy.name);
                }
            }
        }
    }

    #[test]
    fn the_policy_is_that_of_the_day_in_bogota() {
        let policy = at(datetime!(2026-11-23 15:00 UTC)).unwrap();
        assert_eq!(policy.priority(TicketImpact::Town, TicketUrgency::Stops), Some(TicketPriority::Urgent));
        assert_eq!(policy.agenda(&policy.calendar).name(), "Horario de la mesa de ayuda");
        assert_eq!(policy.agenda("nada").name(), "Horario desconocido");
    }
}
