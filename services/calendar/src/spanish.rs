//! Dates and hours as Colombians write them. Hours carry no-break spaces (`8:00 a. m.`); dates carry plain ones, so that
//! they may wrap on a narrow phone.

use time::{Date, Month, Time, Weekday};

/// The no-break space.
const NBSP: char = '\u{a0}';

/// The name of a month, `noviembre`.
pub const fn month_name(month: Month) -> &'static str {
    match month {
        Month::January => "enero",
        Month::February => "febrero",
        Month::March => "marzo",
        Month::April => "abril",
        Month::May => "mayo",
        Month::June => "junio",
        Month::July => "julio",
        Month::August => "agosto",
        Month::September => "septiembre",
        Month::October => "octubre",
        Month::November => "noviembre",
        Month::December => "diciembre",
    }
}

/// The name of a month in three letters, `nov`.
pub fn month_short(month: Month) -> &'static str {
    // Every name is longer than three letters, all of one byte.
    month_name(month).get(..3).unwrap_or_default()
}

/// The name of a weekday, `martes`.
pub const fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "lunes",
        Weekday::Tuesday => "martes",
        Weekday::Wednesday => "miércoles",
        Weekday::Thursday => "jueves",
        Weekday::Friday => "viernes",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

/// The plural of a weekday's name, `sábados`.
pub const fn weekday_plural(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Saturday => "sábados",
        Weekday::Sunday => "domingos",
        other => weekday_name(other),
    }
}

/// A date without its year, `8 de diciembre`.
pub fn day_and_month(date: Date) -> String {
    format!("{} de {}", date.day(), month_name(date.month()))
}

/// A date, `22 de noviembre de 2026`.
pub fn long_date(date: Date) -> String {
    format!("{} de {}", day_and_month(date), date.year())
}

/// A date with its weekday, `martes 15 de diciembre de 2026`.
pub fn weekday_long_date(date: Date) -> String {
    format!("{} {}", weekday_name(date.weekday()), long_date(date))
}

/// A time of day to the minute with no-break spaces, `10:42 a. m.`; noon is `12:00 m.`, midnight `12:00 a. m.`.
pub fn clock_time(time: Time) -> String {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = match (time.hour(), time.minute()) {
        (12, 0) => "m.".to_owned(),
        (0..=11, _) => format!("a.{NBSP}m."),
        _ => format!("p.{NBSP}m."),
    };
    format!("{hour}:{:02}{NBSP}{half}", time.minute())
}

/// When something happens, `a las 10:42 a. m.`, `a la 1:55 p. m.`, with the no-break spaces of [`clock_time`].
pub fn at_clock_time(time: Time) -> String {
    let article = if time.hour() % 12 == 1 { "a la" } else { "a las" };
    format!("{article} {}", clock_time(time))
}

/// From one date to another, both inside, saying each month and year once: `Del 23 de noviembre al 15 de diciembre de
/// 2026`, `Del 3 al 15 de diciembre de 2026`, `El 3 de diciembre de 2026`.
pub fn date_span(from: Date, to: Date) -> String {
    let last = long_date(to);
    if from == to {
        format!("El {last}")
    } else if from.year() != to.year() {
        format!("Del {} al {last}", long_date(from))
    } else if from.month() != to.month() {
        format!("Del {} al {last}", day_and_month(from))
    } else {
        format!("Del {} al {last}", from.day())
    }
}

/// A length of time, `1 h 30 min`, `45 min`, `20 s`, without a part that is nothing; `0 min` for none at all.
pub fn length(seconds: i64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let told: Vec<String> = parts.iter().filter(|(amount, _)| *amount != 0).map(|(amount, unit)| format!("{amount}{NBSP}{unit}")).collect();
    if told.is_empty() { format!("0{NBSP}min") } else { told.join(" ") }
}
