//! Due dates: vectors worked out by hand and by others, what must hold of all, and how a date explains itself.

mod common;

use calendar::{CellKind, Deadline, Unit, Week, WorkCalendar, bogota, radication_date};
use common::{closure, day, holidays, moment, national, office_hours, slot, terms};
use proptest::prelude::*;
use time::{Date, Duration};

#[test]
fn vectors_of_business_days() {
    for (received, days, due) in [
        ("2026-07-10", 10, "2026-07-28"),
        ("2026-07-10", 15, "2026-08-04"),
        ("2026-07-10", 30, "2026-08-27"),
        ("2026-03-27", 15, "2026-04-21"),
        ("2025-12-19", 15, "2026-01-14"),
        ("2026-12-30", 10, "2027-01-15"),
        ("2008-11-01", 15, "2008-11-25"),
        ("2026-11-23", 15, "2026-12-15"),
        // None: the same day, or the next working day.
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-28", 0, "2026-11-30"),
        ("2026-11-28", 1, "2026-11-30"),
    ] {
        let deadline = Deadline::business_days(day(received), days, &national());
        assert_eq!(deadline.due_on, day(due), "{received} + {days}");
        assert_eq!((deadline.received_on, deadline.unit, deadline.amount), (day(received), Unit::BusinessDays, days));
    }
}

#[test]
fn it_ends_with_the_day_in_bogota() {
    let deadline = Deadline::business_days(day("2026-11-23"), 15, &national());
    assert_eq!(deadline.due_at(), moment("2026-12-15 23:59") + Duration::seconds(59));
    assert_eq!(deadline.due_at().to_offset(time::UtcOffset::UTC).to_string(), "2026-12-16 4:59:59.0 +00:00:00");
    assert_eq!(bogota().whole_hours(), -5);
}

#[test]
fn the_towns_own_week_and_closures_count() {
    let mut calendar = national();
    calendar.week = office_hours(1, 5);
    // Tuesday to Saturday: 24, 25, 26, 27, 28 November.
    assert_eq!(Deadline::business_days(day("2026-11-23"), 5, &calendar).due_on, day("2026-11-28"));
    calendar.closures.insert(day("2026-11-26"), closure());
    let moved = Deadline::business_days(day("2026-11-23"), 5, &calendar);
    assert_eq!(moved.due_on, day("2026-12-01"));
    assert_eq!(
        moved.explanation(),
        "Se cuenta desde el día siguiente al recibo. No cuentan lunes, domingos ni festivos. 26 de noviembre: Día cívico \
         (Decreto 045 de 2026)."
    );
}

#[test]
fn a_town_that_works_every_day_still_keeps_holidays() {
    let calendar = WorkCalendar { week: office_hours(0, 7), ..national() };
    let deadline = Deadline::business_days(day("2026-12-05"), 3, &calendar);
    assert_eq!(deadline.due_on, day("2026-12-09"));
    assert!(deadline.explanation().starts_with("Se cuenta desde el día siguiente al recibo. No cuentan los festivos."));
}

#[test]
fn calendar_days_run_on_to_a_working_day() {
    let deadline = Deadline::calendar_days(day("2026-11-23"), 3, &national());
    assert_eq!(deadline.due_on, day("2026-11-26"));
    assert_eq!(deadline.explanation(), "Se cuenta desde el día siguiente al recibo, y cuentan todos los días.");
    // 5 December is a Saturday; the 7th is a Monday.
    let deadline = Deadline::calendar_days(day("2026-11-25"), 10, &national());
    assert_eq!(deadline.due_on, day("2026-12-07"));
    assert_eq!(deadline.days.iter().filter_map(|day| day.number).max(), Some(10));
    assert_eq!(
        deadline.explanation(),
        "Se cuenta desde el día siguiente al recibo, y cuentan todos los días. El sábado 5 de diciembre de 2026 no es día \
         hábil: el término pasa al primer día hábil siguiente."
    );
    assert_eq!(Deadline::calendar_days(day("2026-11-28"), 0, &national()).due_on, day("2026-11-30"));
}

#[test]
fn months_end_on_the_same_number_or_the_last_day() {
    for (received, months, due) in [
        ("2026-11-23", 1, "2026-12-23"),
        // A year has no 31 February, a leap year has the 29th.
        ("2027-01-31", 1, "2027-03-01"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-11-30", 3, "2027-03-01"),
        // 8 December is a holiday, and 1 January too, before a weekend.
        ("2026-11-08", 1, "2026-12-09"),
        ("2026-10-01", 3, "2027-01-04"),
        ("2026-12-15", 12, "2027-12-15"),
    ] {
        assert_eq!(Deadline::months(day(received), months, &national()).due_on, day(due), "{received} + {months}");
    }
    assert_eq!(
        Deadline::months(day("2026-11-08"), 1, &national()).explanation(),
        "Los meses se cuentan por el calendario, desde la fecha del recibo. El martes 8 de diciembre de 2026 no es día \
         hábil: el término pasa al primer día hábil siguiente. 8 de diciembre: Inmaculada Concepción."
    );
}

#[test]
fn hours_run_only_while_the_town_is_open() {
    let open = WorkCalendar { week: office_hours(0, 5), ..national() };
    for (received, hours, due) in [
        ("2026-11-23 10:42", 1, "2026-11-23 11:42"),
        ("2026-11-23 11:30", 1, "2026-11-23 13:30"),
        ("2026-11-23 11:00", 1, "2026-11-23 12:00"),
        ("2026-11-23 06:00", 2, "2026-11-23 10:00"),
        ("2026-11-23 19:00", 2, "2026-11-24 10:00"),
        ("2026-11-27 16:00", 2, "2026-11-30 09:00"),
        ("2026-12-07 16:00", 2, "2026-12-09 09:00"),
        ("2026-11-23 10:00", 24, "2026-11-26 10:00"),
        ("2026-11-28 10:00", 0, "2026-11-30 08:00"),
        ("2026-11-23 10:42", 0, "2026-11-23 10:42"),
    ] {
        assert_eq!(Deadline::business_hours(moment(received), hours, &open).due_at(), moment(due), "{received} + {hours}");
    }
    // 15:42 in London is 10:42 in Bogota.
    let from_utc = moment("2026-11-23 10:42").to_offset(time::UtcOffset::UTC);
    assert_eq!(Deadline::business_hours(from_utc, 1, &open).due_at(), moment("2026-11-23 11:42"));
}

#[test]
fn where_hours_are_unknown_the_whole_working_day_runs() {
    let deadline = Deadline::business_hours(moment("2026-11-27 10:42"), 24, &national());
    assert_eq!(deadline.due_at(), moment("2026-11-30 10:42"));
    assert_eq!(
        deadline.explanation(),
        "Se cuenta desde la hora del recibo, solo en días hábiles. No cuentan sábados, domingos ni festivos. Vence el lunes \
         30 de noviembre de 2026 a las 10:42\u{a0}a.\u{a0}m."
    );
    let midnight = Deadline::business_hours(moment("2026-11-23 00:00"), 24, &national());
    assert_eq!(midnight.due_at(), moment("2026-11-23 23:59") + Duration::seconds(59));
}

#[test]
fn a_filing_is_radicada_on_a_working_day() {
    let unknown = national();
    let open = WorkCalendar { week: office_hours(0, 5), ..national() };
    for (filed, where_unknown, where_known) in [
        ("2026-11-23 10:42", "2026-11-23", "2026-11-23"),
        ("2026-11-23 05:00", "2026-11-23", "2026-11-23"),
        ("2026-11-23 12:30", "2026-11-23", "2026-11-23"),
        ("2026-11-23 16:59", "2026-11-23", "2026-11-23"),
        ("2026-11-23 17:00", "2026-11-23", "2026-11-24"),
        ("2026-11-23 23:59", "2026-11-23", "2026-11-24"),
        ("2026-11-27 20:00", "2026-11-27", "2026-11-30"),
        ("2026-11-28 09:00", "2026-11-30", "2026-11-30"),
        ("2026-12-08 09:00", "2026-12-09", "2026-12-09"),
    ] {
        assert_eq!(radication_date(moment(filed), &unknown), day(where_unknown), "{filed}");
        assert_eq!(radication_date(moment(filed), &open), day(where_known), "{filed}");
    }
    // Tuesday in London, still Monday in Bogota.
    let late = moment("2026-11-23 22:00").to_offset(time::UtcOffset::UTC);
    assert_eq!(radication_date(late, &unknown), day("2026-11-23"));
}

#[test]
fn every_term_of_the_table_has_its_deadline() {
    for term in &terms() {
        let deadline = term.deadline(day("2026-11-23"), &national());
        let counts_from_a_date = matches!(term.unit, Unit::BusinessDays | Unit::Months);
        assert_eq!(deadline.is_some(), counts_from_a_date, "{}", term.code);
        if let Some(furthest) = term.furthest_deadline(day("2026-11-23"), &national()) {
            assert!(deadline.unwrap().due_on <= furthest.due_on, "{}", term.code);
        }
    }
}

#[test]
fn the_receipt_of_the_look() {
    let deadline = Deadline::business_days(day("2026-11-23"), 15, &national());
    assert_eq!(deadline.caption(), "Del 23 de noviembre al 15 de diciembre de 2026");
    assert_eq!(
        deadline.explanation(),
        "Se cuenta desde el día siguiente al recibo. No cuentan sábados, domingos ni festivos. 8 de diciembre: Inmaculada \
         Concepción."
    );
    assert_eq!(
        drawn(&deadline),
        "r 23 Llegó | n 24 día 1 | n 25 día 2 | n 26 día 3 | n 27 día 4 | o 28 | o 29\n\
         n 30 día 5 | n 1 dic día 6 | n 2 día 7 | n 3 día 8 | n 4 día 9 | o 5 | o 6\n\
         n 7 día 10 | o 8 Festivo | n 9 día 11 | n 10 día 12 | n 11 día 13 | o 12 | o 13\n\
         n 14 día 14 | e 15 día 15 | - | - | - | - | -"
    );
}

#[test]
fn a_calendar_that_begins_on_a_sunday_and_turns_the_year() {
    let mut calendar = national();
    calendar.closures.insert(day("2026-12-31"), closure());
    let deadline = Deadline::business_days(day("2026-12-27"), 5, &calendar);
    assert_eq!(
        drawn(&deadline),
        "- | - | - | - | - | - | r 27 Llegó\n\
         n 28 día 1 | n 29 día 2 | n 30 día 3 | o 31 Cierre | o 1 ene Festivo | o 2 | o 3\n\
         n 4 día 4 | e 5 día 5 | - | - | - | - | -"
    );
    assert_eq!(deadline.caption(), "Del 27 de diciembre de 2026 al 5 de enero de 2027");
}

#[test]
fn a_calendar_of_one_day_and_one_of_hours() {
    let today = Deadline::business_days(day("2026-11-25"), 0, &national());
    assert_eq!(drawn(&today), "- | - | e 25 Vence | - | - | - | -");
    assert_eq!(today.explanation(), "Vence el mismo día del recibo.");
    let closed = Deadline::business_days(day("2026-11-28"), 0, &national());
    assert_eq!(closed.explanation(), "Se recibió en un día que no es hábil: vence el primer día hábil siguiente.");
    let open = WorkCalendar { week: office_hours(0, 5), ..national() };
    let hours = Deadline::business_hours(moment("2026-11-23 10:00"), 24, &open);
    assert_eq!(drawn(&hours), "r 23 Llegó | n 24 14 h | n 25 22 h | e 26 24 h | - | - | -");
}

#[test]
fn the_end_of_the_years_is_no_fault() {
    assert_eq!(Deadline::business_days(Date::MAX, 3, &national()).due_on, Date::MAX);
    assert_eq!(Deadline::months(day("9999-06-01"), u32::MAX, &national()).due_on, Date::MAX);
    assert_eq!(Deadline::business_hours(moment("9999-12-30 10:00"), u32::MAX, &national()).due_on, Date::MAX);
}

/// The calendar as text: a letter for the kind, the day, the label.
fn drawn(deadline: &Deadline) -> String {
    let cell = |cell: &calendar::Cell| {
        let kind = match cell.kind {
            CellKind::Blank => return "-".to_owned(),
            CellKind::Received => "r",
            CellKind::Counted => "n",
            CellKind::Off => "o",
            CellKind::End => "e",
        };
        let label = cell.label.as_deref().unwrap_or_default();
        format!("{kind} {} {label}", cell.day).trim_end().to_owned()
    };
    let rows = deadline.weeks();
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" | ")).collect::<Vec<_>>().join("\n")
}

fn any_date() -> impl Strategy<Value = Date> {
    (0..60 * 365_i64).prop_map(|days| day("1990-01-01") + Duration::days(days))
}

/// A week in which some day works: closed, hours unknown, or open in the morning and perhaps the afternoon.
fn any_week() -> impl Strategy<Value = Week> {
    let hours = prop_oneof![
        Just(Some(Vec::new())),
        Just(None),
        Just(Some(vec![slot("08:00-12:00")])),
        Just(Some(vec![slot("07:30-12:00"), slot("14:00-17:30")])),
    ];
    prop::array::uniform7(hours).prop_filter_map("no working day", |days| Week::new(days).ok())
}

prop_compose! {
    /// A receipt, a week, and closures in the months after it.
    fn any_case()(received in any_date(), week in any_week(), closed in prop::collection::vec(0..90_i64, 0..12))
        -> (Date, WorkCalendar)
    {
        let closures = closed.into_iter().map(|days| (received + Duration::days(days), closure())).collect();
        (received, WorkCalendar { holidays: holidays(), week, closures })
    }
}

/// The same count in every unit; hours begin at a quarter to eleven.
fn every_unit(received: Date, amount: u32, calendar: &WorkCalendar) -> [Deadline; 4] {
    [
        Deadline::business_days(received, amount, calendar),
        Deadline::calendar_days(received, amount, calendar),
        Deadline::months(received, amount % 13, calendar),
        Deadline::business_hours(received.midnight().assume_offset(bogota()) + Duration::minutes(645), amount, calendar),
    ]
}

proptest! {
    #[test]
    fn it_never_ends_on_a_day_off((received, calendar) in any_case(), amount in 0..70_u32) {
        for deadline in every_unit(received, amount, &calendar) {
            prop_assert!(calendar.is_working_day(deadline.due_on));
            prop_assert!(deadline.due_on >= received);
            prop_assert_eq!(calendar.working_day_from(deadline.due_on), deadline.due_on);
        }
    }

    #[test]
    fn more_time_never_ends_earlier((received, calendar) in any_case(), amount in 0..12_u32) {
        let (less, more) = (every_unit(received, amount, &calendar), every_unit(received, amount + 1, &calendar));
        for (less, more) in less.iter().zip(&more) {
            prop_assert!(less.due_at() <= more.due_at());
        }
        prop_assert!(amount == 0 || less[0].due_on < more[0].due_on);
    }

    #[test]
    fn a_closure_never_ends_it_earlier(
        (received, mut calendar) in any_case(), amount in 0..70_u32, after in 0..120_i64,
    ) {
        let before = every_unit(received, amount, &calendar);
        calendar.closures.insert(received + Duration::days(after), closure());
        let after = every_unit(received, amount, &calendar);
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(before.due_at() <= after.due_at());
        }
    }

    #[test]
    fn as_many_days_are_numbered_as_it_has((received, calendar) in any_case(), amount in 0..70_u32) {
        let [business, by_calendar, ..] = every_unit(received, amount, &calendar);
        for deadline in [&business, &by_calendar] {
            let numbers: Vec<u32> = deadline.days.iter().filter_map(|day| day.number).collect();
            prop_assert_eq!(numbers, (1..=amount).collect::<Vec<_>>());
        }
        for day in &business.days {
            prop_assert!(day.number.is_none() || day.closed.is_none());
            prop_assert_eq!(&day.closed, &calendar.why_closed(day.date));
        }
    }

    #[test]
    fn hours_add_up((received, calendar) in any_case(), amount in 1..70_u32) {
        let [.., hours] = every_unit(received, amount, &calendar);
        prop_assert_eq!(hours.days.last().and_then(|day| day.number), Some(amount));
    }

    #[test]
    fn it_explains_every_holiday_and_closure_inside((received, calendar) in any_case(), amount in 1..70_u32) {
        let [days, .., hours] = every_unit(received, amount, &calendar);
        for deadline in [days, hours] {
            let text = deadline.explanation();
            for closed in deadline.days.iter().filter_map(|day| day.closed.as_ref()) {
                for holiday in &closed.holidays {
                    prop_assert!(text.contains(&holiday.name_es), "{text}");
                }
                if let Some(closure) = &closed.closure {
                    prop_assert!(text.contains(&closure.act), "{text}");
                }
            }
        }
    }

    #[test]
    fn its_calendar_shows_each_day_once((received, calendar) in any_case(), amount in 0..70_u32) {
        for deadline in every_unit(received, amount, &calendar) {
            let rows = deadline.weeks();
            let shown: Vec<Date> = rows.iter().flatten().filter_map(|cell| cell.date).collect();
            prop_assert_eq!(shown, deadline.days.iter().map(|day| day.date).collect::<Vec<_>>());
            for row in &rows {
                for (place, cell) in row.iter().enumerate() {
                    prop_assert_eq!(cell.date.is_none(), cell.kind == CellKind::Blank);
                    let stands = cell.date.map(|date| usize::from(date.weekday().number_days_from_monday()));
                    prop_assert_eq!(stands.unwrap_or(place), place);
                }
            }
            let ends = rows.iter().flatten().filter(|cell| cell.kind == CellKind::End).count();
            prop_assert_eq!(ends, 1);
        }
    }
}
