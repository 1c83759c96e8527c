//! What a task may be, when it comes again, and when it is called to mind.

use kernel::Result;
use kernel::error::Faults;
use time::{Date, Duration};

use super::model::Recurrence;
use crate::rules::{fits, line, months_after, not_over, some_body};

/// What is to be done, as typed and then as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matter {
    pub(crate) title: String,
    pub(crate) detail: Option<String>,
    pub(crate) due_on: Option<Date>,
    pub(crate) action_line: Option<i32>,
    pub(crate) activity: Option<i32>,
    pub(crate) recurrence: Option<Recurrence>,
    pub(crate) recurs_until: Option<Date>,
}

/// A series ends within a mayor's term and a year.
const LONGEST_SERIES: Duration = Duration::days(5 * 366);
const FURTHEST: Duration = Duration::days(10 * 366);

/// Checks what was typed. A date that stays as it was may have passed; a new one may not.
pub(crate) fn matter(mut kept: Matter, today: Date, was_due: Option<Date>) -> Result<(Matter, Date)> {
    kept.title = line(&kept.title);
    kept.detail = some_body(kept.detail.as_deref());
    let mut faults = Faults::default();
    fits(&mut faults, &kept.title, "title", "el título", 200);
    not_over(&mut faults, kept.detail.as_deref(), "detail", "el detalle", 4000);
    let due_on = kept.due_on.unwrap_or(today);
    faults.require(kept.due_on.is_some(), "dueOn", "REQUIRED", "Escriba hasta cuándo");
    faults.require(due_on >= today || was_due == Some(due_on), "dueOn", "PAST", "La fecha ya pasó; escriba una de hoy en adelante");
    faults.require(due_on <= today.saturating_add(FURTHEST), "dueOn", "RANGE", "La fecha queda a más de diez años");
    faults.require(
        kept.action_line.is_none_or(|number| (1..=999).contains(&number)),
        "actionLine",
        "RANGE",
        "El número de la acción del plan va de 1 a 999",
    );
    faults.require(
        kept.activity.is_none_or(|number| (1..=999).contains(&number)),
        "activity",
        "RANGE",
        "El número de la actividad va de 1 a 999",
    );
    faults.require(
        kept.activity.is_none() || kept.action_line.is_some(),
        "actionLine",
        "REQUIRED",
        "Diga de qué acción del plan es la actividad",
    );
    match (kept.recurrence, kept.recurs_until) {
        (Some(_), None) => faults.require(false, "recursUntil", "REQUIRED", "Diga hasta cuándo se repite: una tarea no se repite sin fin"),
        (None, Some(_)) => faults.require(false, "recurrence", "REQUIRED", "Diga cada cuánto se repite, o quite la fecha final"),
        (Some(_), Some(until)) => {
            faults.require(until > due_on, "recursUntil", "ORDER", "La repetición termina después de la primera fecha");
            let fits = until <= due_on.saturating_add(LONGEST_SERIES);
            faults.require(fits, "recursUntil", "RANGE", "Una tarea se repite a lo sumo durante cinco años");
        }
        (None, None) => {}
    }
    faults.into_result().map(|()| (kept, due_on))
}

/// The date of a series that comes after the one that was done, and not before today; none once the series is over.
pub(crate) fn next_due(recurrence: Recurrence, series_from: Date, done: Date, today: Date, until: Date) -> Option<Date> {
    let earliest = today.max(done.next_day()?);
    let nth = |count: i32| match recurrence {
        Recurrence::Weekly => series_from.checked_add(Duration::weeks(i64::from(count))),
        Recurrence::Monthly => months_after(series_from, count),
        Recurrence::Semester => months_after(series_from, 6 * count),
    };
    (0..).map_while(nth).find(|day| *day >= earliest).filter(|day| *day <= until)
}

/// The reminder that belongs to today: seven days before the date, on it, and each week that it has passed. What was to be told before
/// the task was there is not told.
pub(crate) fn reminder(due_on: Date, created_on: Date, today: Date) -> Option<Date> {
    let first = due_on - Duration::WEEK;
    if today < first {
        return None;
    }
    let slot = if today < due_on { first } else { due_on + Duration::weeks((today - due_on).whole_weeks()) };
    (slot >= created_on).then_some(slot)
}

/// How far the date is, in words.
pub(crate) fn distance(due_on: Date, today: Date) -> String {
    match (due_on - today).whole_days() {
        0 => "vence hoy".to_owned(),
        1 => "vence mañana".to_owned(),
        -1 => "venció ayer".to_owned(),
        late if late < 0 => format!("venció hace {} días", -late),
        left => format!("vence en {left} días"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;
    use time::{Date, Duration};

    use super::{Matter, distance, matter, next_due, reminder};
    use crate::tasks::model::Recurrence;

    const TODAY: Date = date!(2026 - 11 - 23);

    fn typed() -> Matter {
        Matter {
            title: "Revisar las fichas".to_owned(),
            detail: None,
            due_on: Some(TODAY),
            action_line: Some(4),
            activity: Some(4),
            recurrence: None,
            recurs_until: None,
        }
    }

    fn codes(typed: Matter, was_due: Option<Date>) -> Vec<String> {
        match matter(typed, TODAY, was_due) {
            Err(kernel::Error::Rejected(faults)) => {
                faults.into_iter().map(|fault| format!("{}/{}", fault.field.unwrap_or_default().join("."), fault.code)).collect()
            }
            other => panic!("must be rejected: {other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_is_told_at_once() {
        assert!(matter(typed(), TODAY, None).is_ok());
        let wrong = Matter {
            title: "x".repeat(10_000),
            due_on: TODAY.previous_day(),
            action_line: None,
            recurrence: Some(Recurrence::Weekly),
            ..typed()
        };
        assert_eq!(codes(wrong, None), ["title/LENGTH", "dueOn/PAST", "actionLine/REQUIRED", "recursUntil/REQUIRED"]);
        let yesterday = TODAY.previous_day();
        assert!(matter(Matter { due_on: yesterday, ..typed() }, TODAY, yesterday).is_ok(), "a late task can still be worded better");
        let endless = Matter { recurrence: Some(Recurrence::Weekly), recurs_until: Some(date!(9999 - 12 - 31)), ..typed() };
        assert_eq!(codes(endless, None), ["recursUntil/RANGE"]);
        assert_eq!(codes(Matter { title: "\0".to_owned(), due_on: None, ..typed() }, None), ["title/REQUIRED", "dueOn/REQUIRED"]);
    }

    #[test]
    fn a_month_begun_on_its_last_day_ends_on_its_last_day() {
        let next = |done| next_due(Recurrence::Monthly, date!(2027 - 01 - 31), done, done, date!(2028 - 01 - 01));
        assert_eq!(next(date!(2027 - 01 - 31)), Some(date!(2027 - 02 - 28)));
        assert_eq!(next(date!(2027 - 02 - 28)), Some(date!(2027 - 03 - 31)), "February does not shorten March");
        assert_eq!(next(date!(2027 - 12 - 31)), None, "the series is over");
    }

    #[test]
    fn reminders_come_a_week_before_on_the_day_and_weekly_after() {
        let (due, created) = (date!(2026 - 12 - 15), date!(2026 - 11 - 01));
        let on = |day| reminder(due, created, day);
        assert_eq!(on(date!(2026 - 12 - 07)), None);
        assert_eq!(on(date!(2026 - 12 - 08)), Some(date!(2026 - 12 - 08)));
        assert_eq!(on(date!(2026 - 12 - 14)), Some(date!(2026 - 12 - 08)), "a day that was missed is made up for");
        assert_eq!(on(due), Some(due));
        assert_eq!(on(date!(2026 - 12 - 21)), Some(due));
        assert_eq!(on(date!(2026 - 12 - 29)), Some(date!(2026 - 12 - 29)));
        assert_eq!(reminder(due, date!(2026 - 12 - 10), date!(2026 - 12 - 11)), None, "nobody is reminded of what was just said");
        assert_eq!(distance(due, date!(2026 - 12 - 08)), "vence en 7 días");
    }

    fn day() -> impl Strategy<Value = Date> {
        (0..4000i64).prop_map(|days| date!(2024 - 01 - 01) + Duration::days(days))
    }

    fn often() -> impl Strategy<Value = Recurrence> {
        prop_oneof![Just(Recurrence::Weekly), Just(Recurrence::Monthly), Just(Recurrence::Semester)]
    }

    proptest! {
        #[test]
        fn the_next_date_is_the_first_of_the_series_that_is_still_to_come(often in often(), from in day(), ahead in 0..400i64, today in day()) {
            let done = from + Duration::days(ahead);
            let next = next_due(often, from, done, today, date!(2100 - 01 - 01)).expect("the series is long");
            prop_assert!(next > done && next >= today);
            let step = match often { Recurrence::Weekly => 7, Recurrence::Monthly => 31, Recurrence::Semester => 184 };
            prop_assert!((next - done.max(today)).whole_days() <= step, "none is left out");
            if often == Recurrence::Weekly {
                prop_assert_eq!((next - from).whole_days() % 7, 0);
            } else {
                prop_assert_eq!(next.day(), from.day().min(next.month().length(next.year())));
            }
        }

        #[test]
        fn a_reminder_is_never_of_the_future_and_each_comes_once(due in day(), created in day(), from in day()) {
            let days = (0..60).map(|days| from + Duration::days(days));
            let mut slots: Vec<Date> = days.filter_map(|today| reminder(due, created, today).inspect(|slot| assert!(*slot <= today && *slot >= created))).collect();
            slots.dedup();
            let mut once = slots.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once, slots);
        }
    }
}
