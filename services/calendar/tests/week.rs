//! A town's week, its closures, and how a tenant pack writes them.

mod common;

use calendar::{CalendarSettings, Slot, Week, WeekError};
use common::{closure, day, holidays, national, office_hours, slot};
use time::Weekday;
use time::macros::time;

#[test]
fn without_word_from_the_town_monday_to_friday_work_at_unknown_hours() {
    let week = Week::default();
    assert_eq!(week.closed_weekdays().collect::<Vec<_>>(), [Weekday::Saturday, Weekday::Sunday]);
    assert_eq!(week.hours(Weekday::Monday), None);
    assert!(week.works(Weekday::Monday));
    assert_eq!(week.hours(Weekday::Sunday), Some(&[][..]));
}

#[test]
fn every_reason_of_a_closed_day_is_told() {
    let mut calendar = national();
    calendar.closures.insert(day("2026-12-08"), closure());
    calendar.closures.insert(day("2026-12-07"), closure());
    let why = |date: &str| calendar.why_closed(day(date));

    assert_eq!(why("2026-12-09"), None);
    let saturday = why("2026-12-05").unwrap();
    assert_eq!((saturday.weekday, saturday.short_label(), saturday.occasion()), (Some(Weekday::Saturday), None, None));
    assert_eq!(saturday.to_string(), "sábado");
    let own = why("2026-12-07").unwrap();
    assert_eq!((own.short_label(), own.to_string().as_str()), (Some("Cierre"), "Día cívico (Decreto 045 de 2026)"));
    let both = why("2026-12-08").unwrap();
    assert_eq!(both.short_label(), Some("Festivo"));
    assert_eq!(both.to_string(), "Inmaculada Concepción; Día cívico (Decreto 045 de 2026)");
    // 8 December 2029 is a Saturday: off for two reasons.
    let twice = why("2029-12-08").unwrap();
    assert_eq!((twice.weekday, twice.holidays[0].code.as_str()), (Some(Weekday::Saturday), "inmaculada"));
}

#[test]
fn a_town_may_work_on_saturday_and_rest_on_monday() {
    let mut calendar = national();
    calendar.week = office_hours(1, 5);
    assert!(calendar.is_working_day(day("2026-11-28")));
    let monday = calendar.why_closed(day("2026-11-30")).unwrap();
    assert_eq!((monday.short_label(), monday.to_string().as_str()), (Some("Cerrado"), "lunes"));
    assert_eq!(calendar.working_day_from(day("2026-11-29")), day("2026-12-01"));
}

#[test]
fn bad_slots_and_weeks_are_refused() {
    let text = |text: &str| text.parse::<Slot>();
    assert_eq!(slot(" 8:00 - 12:30 ").to_string(), "08:00-12:30");
    for bad in ["", "08:00", "8-12", "08:00-24:00", "08:00-12:60", "a las ocho"] {
        assert_eq!(text(bad), Err(WeekError::Unreadable(bad.to_owned())));
    }
    assert_eq!(text("12:00-12:00"), Err(WeekError::Backwards(time!(12:00), time!(12:00))));

    let closed = || Some(Vec::new());
    let week = |tuesday| Week::new([closed(), tuesday, closed(), closed(), closed(), closed(), closed()]);
    assert_eq!(week(closed()), Err(WeekError::NeverOpen));
    let overlap = Some(vec![slot("08:00-12:00"), slot("11:00-17:00")]);
    assert_eq!(week(overlap), Err(WeekError::Overlap(Weekday::Tuesday)));
    assert!(week(Some(vec![slot("08:00-12:00"), slot("12:00-17:00")])).is_ok());
    assert!(week(None).is_ok());
}

#[test]
fn a_pack_writes_what_it_knows() {
    let text = r#"{"week":{"tuesday":["08:00-12:00","13:00-17:00"],"saturday":null},
                   "closures":[{"date":"2026-12-07","reason":"Día cívico","act":"Decreto 045 de 2026"}],
                   "hours_text":"Martes y sábado"}"#;
    let settings: CalendarSettings = serde_json::from_str(text).unwrap();
    let again = serde_json::to_string(&settings).unwrap();
    assert_eq!(
        again,
        r#"{"week":{"tuesday":["08:00-12:00","13:00-17:00"],"saturday":null},"closures":[{"date":"2026-12-07","reason":"Día cívico","act":"Decreto 045 de 2026"}]}"#
    );
    assert_eq!(serde_json::from_str::<CalendarSettings>(&again).unwrap(), settings);

    let calendar = settings.with_holidays(holidays());
    assert_eq!(calendar.week.hours(Weekday::Tuesday).map(<[Slot]>::len), Some(2));
    assert_eq!(calendar.week.hours(Weekday::Saturday), None);
    assert!(!calendar.week.works(Weekday::Monday));
    assert_eq!(calendar.closures[&day("2026-12-07")], closure());
}

#[test]
fn a_pack_that_says_nothing_is_the_national_calendar() {
    for text in ["{}", r#"{"week":null,"closures":[]}"#] {
        let settings: CalendarSettings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.with_holidays(holidays()), national());
    }
    let refused = |text: &str| serde_json::from_str::<CalendarSettings>(text).unwrap_err().to_string();
    assert!(refused(r#"{"week":{"lunes":null}}"#).contains("unknown field `lunes`"));
    assert!(refused(r#"{"week":{"monday":["8 a 12"]}}"#).contains("`8 a 12` is not a slot"));
    assert!(refused(r#"{"week":{}}"#).contains("no working day"));
    assert!(refused(r#"{"closures":[{"date":"2026-13-07","reason":"x","act":"y"}]}"#).contains("month"));
}
