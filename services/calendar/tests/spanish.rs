//! Dates and hours as Colombians write them.

mod common;

use calendar::spanish::{at_clock_time, clock_time, date_span, day_and_month, long_date, month_short, weekday_long_date};
use common::day;
use time::Month;
use time::macros::time;

#[test]
fn dates() {
    assert_eq!(long_date(day("2026-11-22")), "22 de noviembre de 2026");
    assert_eq!(long_date(day("2026-09-01")), "1 de septiembre de 2026");
    assert_eq!(weekday_long_date(day("2026-12-15")), "martes 15 de diciembre de 2026");
    assert_eq!(weekday_long_date(day("2026-11-25")), "miércoles 25 de noviembre de 2026");
    assert_eq!(weekday_long_date(day("2026-11-28")), "sábado 28 de noviembre de 2026");
    assert_eq!(day_and_month(day("2026-12-08")), "8 de diciembre");
    assert_eq!(month_short(Month::September), "sep");
}

#[test]
fn spans() {
    let span = |from, to| date_span(day(from), day(to));
    assert_eq!(span("2026-12-03", "2026-12-03"), "El 3 de diciembre de 2026");
    assert_eq!(span("2026-12-03", "2026-12-15"), "Del 3 al 15 de diciembre de 2026");
    assert_eq!(span("2026-11-23", "2026-12-15"), "Del 23 de noviembre al 15 de diciembre de 2026");
    assert_eq!(span("2025-12-19", "2026-12-14"), "Del 19 de diciembre de 2025 al 14 de diciembre de 2026");
}

#[test]
fn hours_with_no_break_spaces() {
    assert_eq!(clock_time(time!(10:42)), "10:42\u{a0}a.\u{a0}m.");
    assert_eq!(clock_time(time!(8:00)), "8:00\u{a0}a.\u{a0}m.");
    assert_eq!(clock_time(time!(0:00)), "12:00\u{a0}a.\u{a0}m.");
    assert_eq!(clock_time(time!(12:00)), "12:00\u{a0}m.");
    assert_eq!(clock_time(time!(12:30)), "12:30\u{a0}p.\u{a0}m.");
    assert_eq!(clock_time(time!(23:59:59)), "11:59\u{a0}p.\u{a0}m.");
    assert_eq!(at_clock_time(time!(13:55)), "a la 1:55\u{a0}p.\u{a0}m.");
    assert_eq!(at_clock_time(time!(10:42)), "a las 10:42\u{a0}a.\u{a0}m.");
}
