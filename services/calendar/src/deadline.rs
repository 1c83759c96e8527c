//! Due dates worked out on a town's calendar, day by day, so that a page can draw and explain them.

use crate::spanish::{at_clock_time, date_span, day_and_month, month_short, weekday_long_date, weekday_plural};
use crate::terms::Unit;
use crate::week::{ClosedBecause, WorkCalendar, dates_from, seconds};
use time::macros::{offset, time};
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, Weekday};

/// The last second of a day: terms end at midnight (Ley 4 de 1913, art. 59).
const END_OF_DAY: Time = time!(23:59:59);

/// America/Bogota: UTC−5 all year.
pub const fn bogota() -> UtcOffset {
    offset!(-5)
}

/// The same moment on Bogota's clock.
pub(crate) fn local(at: OffsetDateTime) -> OffsetDateTime {
    at.checked_to_offset(bogota()).unwrap_or(at)
}

/// The date on which a filing gets its radicado: that of the filing in Bogota, or the next working day if that is not one
/// or its opening hours are over (Ley 1437 de 2011, art. 54). Where the hours are unknown, a working day lasts to midnight.
pub fn radication_date(filed_at: OffsetDateTime, calendar: &WorkCalendar) -> Date {
    let filed_at = local(filed_at);
    let today = filed_at.date();
    let from = if calendar.is_after_hours(filed_at) { today.next_day().unwrap_or(today) } else { today };
    calendar.working_day_from(from)
}

/// One day between receipt and due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedDay {
    /// The date.
    pub date: Date,
    /// Which day of the term it is, from 1; for a term in hours, the whole hours run by its end. None if it does not count.
    pub number: Option<u32>,
    /// Why it is not a working day; none if it is one.
    pub closed: Option<ClosedBecause>,
}

/// A due date and how it was reached. A count that would pass the year 9999 stops at its last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The date of receipt, from which it counts; it may be a day off.
    pub received_on: Date,
    /// The date on which it ends, always a working day.
    pub due_on: Date,
    /// What it is counted in.
    pub unit: Unit,
    /// How many units.
    pub amount: u32,
    /// Every day from the receipt to the end, both inside.
    pub days: Vec<CountedDay>,
    /// Where the count ended before a day off moved it on.
    nominal: Date,
    due_time: Time,
    weekdays_off: Vec<Weekday>,
    within_hours: bool,
}

impl Deadline {
    /// So many working days. Day 1 is the first working day after the receipt, and the term ends with the n-th (Ley 1437 de
    /// 2011, art. 14; Ley 4 de 1913, art. 62). With none, it ends on the day of receipt, or the next working day.
    pub fn business_days(received_on: Date, amount: u32, calendar: &WorkCalendar) -> Self {
        let mut counted = 0;
        let mut days = Vec::new();
        for date in dates_from(received_on) {
            let closed = calendar.why_closed(date);
            let works = closed.is_none();
            let counts = works && date > received_on && counted < amount;
            counted += u32::from(counts);
            days.push(CountedDay { date, number: counts.then_some(counted), closed });
            if works && counted == amount {
                break;
            }
        }
        Self::made(Unit::BusinessDays, amount, days, None, calendar)
    }

    /// So many days of the calendar, from the day after the receipt. If the last is a day off, the term runs on to the next
    /// working day (by analogy with Ley 4 de 1913, art. 62).
    pub fn calendar_days(received_on: Date, amount: u32, calendar: &WorkCalendar) -> Self {
        let nominal = received_on.checked_add(Duration::days(amount.into())).unwrap_or(Date::MAX);
        Self::run_to(nominal, Unit::CalendarDays, received_on, amount, calendar)
    }

    /// So many months of the calendar: to the day of the same number, or the last of a shorter month (Código Civil, art. 67).
    /// If that is a day off, the term runs on to the next working day (Ley 4 de 1913, art. 62). Its days are numbered as the
    /// calendar has them.
    pub fn months(received_on: Date, amount: u32, calendar: &WorkCalendar) -> Self {
        let nominal = months_later(received_on, amount).unwrap_or(Date::MAX);
        Self::run_to(nominal, Unit::Months, received_on, amount, calendar)
    }

    /// So many hours of working days, from the moment of receipt, ending at a time of day. Only opening hours run; where they
    /// are unknown all 24 of a working day do, which is the strictest reading for the town.
    pub fn business_hours(received_at: OffsetDateTime, amount: u32, calendar: &WorkCalendar) -> Self {
        let received_at = local(received_at);
        let received_on = received_at.date();
        let whole = i64::from(amount) * 3600;
        let mut left = whole;
        let mut days = Vec::new();
        let mut due_time = None;
        for date in dates_from(received_on) {
            let closed = calendar.why_closed(date);
            let now = if date == received_on { seconds(received_at.time()) } else { 0 };
            let spans = if closed.is_some() { Vec::new() } else { calendar.hours_of(date) };
            let before = left;
            for (opens, closes) in spans.into_iter().filter(|(_, closes)| now < *closes) {
                let from = opens.max(now);
                if left <= closes - from {
                    due_time = Some(time_of(from + left));
                    left = 0;
                    break;
                }
                left -= closes - from;
            }
            let number = (left < before).then(|| u32::try_from((whole - left) / 3600).unwrap_or(amount));
            days.push(CountedDay { date, number, closed });
            if due_time.is_some() {
                break;
            }
        }
        Self::made(Unit::BusinessHours, amount, days, due_time, calendar)
    }

    /// A term in any unit that counts from a date; none for hours and for units without an amount.
    pub fn counted_in(unit: Unit, amount: u32, received_on: Date, calendar: &WorkCalendar) -> Option<Self> {
        match unit {
            Unit::BusinessDays => Some(Self::business_days(received_on, amount, calendar)),
            Unit::CalendarDays => Some(Self::calendar_days(received_on, amount, calendar)),
            Unit::Months => Some(Self::months(received_on, amount, calendar)),
            Unit::BusinessHours | Unit::SetByRequest | Unit::Immediate => None,
        }
    }

    /// Counts every day to a date, and on to a working day.
    fn run_to(nominal: Date, unit: Unit, received_on: Date, amount: u32, calendar: &WorkCalendar) -> Self {
        let mut days = Vec::new();
        for (date, since) in dates_from(received_on).zip(0..) {
            let closed = calendar.why_closed(date);
            let ends = date >= nominal && closed.is_none();
            days.push(CountedDay { date, number: Some(since).filter(|day| *day > 0 && date <= nominal), closed });
            if ends {
                break;
            }
        }
        let mut deadline = Self::made(unit, amount, days, None, calendar);
        deadline.nominal = nominal;
        deadline
    }

    fn made(unit: Unit, amount: u32, days: Vec<CountedDay>, due_time: Option<Time>, calendar: &WorkCalendar) -> Self {
        // There is always the day of receipt.
        let received_on = days.first().map_or(Date::MIN, |day| day.date);
        let due_on = days.last().map_or(Date::MAX, |day| day.date);
        Self {
            received_on,
            due_on,
            unit,
            amount,
            days,
            nominal: due_on,
            due_time: due_time.unwrap_or(END_OF_DAY),
            weekdays_off: calendar.week.closed_weekdays().collect(),
            within_hours: calendar.week.has_known_hours(),
        }
    }

    /// The last moment in time: 23:59:59 of the due date in Bogota, or the time of day at which a term in hours ends.
    pub fn due_at(&self) -> OffsetDateTime {
        self.due_on.with_time(self.due_time).assume_offset(bogota())
    }

    /// How the date was reached, in plain Spanish: from when it counts, what does not count, and each holiday and closure that
    /// was passed over.
    pub fn explanation(&self) -> String {
        let mut sentences = match self.unit {
            Unit::BusinessDays if self.amount == 0 && self.due_on == self.received_on => {
                vec!["Vence el mismo día del recibo.".to_owned()]
            }
            Unit::BusinessDays if self.amount == 0 => {
                vec!["Se recibió en un día que no es hábil: vence el primer día hábil siguiente.".to_owned()]
            }
            Unit::BusinessDays => {
                vec!["Se cuenta desde el día siguiente al recibo.".to_owned(), self.what_does_not_count()]
            }
            Unit::BusinessHours => vec![
                if self.within_hours {
                    "Se cuenta desde la hora del recibo, solo en el horario de atención.".to_owned()
                } else {
                    "Se cuenta desde la hora del recibo, solo en días hábiles.".to_owned()
                },
                self.what_does_not_count(),
                // The time of day ends in a full stop of its own.
                format!("Vence el {} {}", weekday_long_date(self.due_on), at_clock_time(self.due_time)),
            ],
            Unit::Months => vec!["Los meses se cuentan por el calendario, desde la fecha del recibo.".to_owned()],
            Unit::CalendarDays | Unit::SetByRequest | Unit::Immediate => {
                vec!["Se cuenta desde el día siguiente al recibo, y cuentan todos los días.".to_owned()]
            }
        };
        if self.due_on > self.nominal {
            let nominal = weekday_long_date(self.nominal);
            sentences.push(format!("El {nominal} no es día hábil: el término pasa al primer día hábil siguiente."));
        }
        let every_day_counts = matches!(self.unit, Unit::CalendarDays | Unit::Months);
        let passed = self.days.iter().filter(|day| !every_day_counts || day.date >= self.nominal);
        for day in passed {
            if let Some(occasion) = day.closed.as_ref().and_then(ClosedBecause::occasion) {
                sentences.push(format!("{}: {occasion}.", day_and_month(day.date)));
            }
        }
        sentences.join(" ")
    }

    /// `No cuentan sábados, domingos ni festivos.`, with the weekdays that the town is closed.
    fn what_does_not_count(&self) -> String {
        let weekdays: Vec<&str> = self.weekdays_off.iter().copied().map(weekday_plural).collect();
        if weekdays.is_empty() { "No cuentan los festivos.".to_owned() } else { format!("No cuentan {} ni festivos.", weekdays.join(", ")) }
    }

    /// The caption of its calendar, `Del 23 de noviembre al 15 de diciembre de 2026`.
    pub fn caption(&self) -> String {
        date_span(self.received_on, self.due_on)
    }

    /// Its calendar: rows of seven cells, Monday first, blank before the receipt and after the end.
    pub fn weeks(&self) -> Vec<[Cell; 7]> {
        let before = usize::from(self.received_on.weekday().number_days_from_monday());
        let mut cells: Vec<Cell> = std::iter::repeat_with(Cell::blank).take(before).collect();
        cells.extend(self.days.iter().map(|day| self.cell(day)));
        cells.resize_with(cells.len().next_multiple_of(7), Cell::blank);
        cells.as_chunks().0.to_vec()
    }

    fn cell(&self, day: &CountedDay) -> Cell {
        let (kind, label) = if day.date == self.due_on {
            (CellKind::End, Some(day.number.map_or("Vence".to_owned(), |number| self.count_label(number))))
        } else if day.date == self.received_on {
            (CellKind::Received, Some("Llegó".to_owned()))
        } else if let Some(number) = day.number {
            (CellKind::Counted, Some(self.count_label(number)))
        } else {
            (CellKind::Off, day.closed.as_ref().and_then(ClosedBecause::short_label).map(str::to_owned))
        };
        let date = day.date;
        let day_text = if date.day() == 1 && date != self.received_on {
            format!("{} {}", date.day(), month_short(date.month()))
        } else {
            date.day().to_string()
        };
        Cell { kind, date: Some(date), day: day_text, number: day.number, label }
    }

    /// `día 3`, or `8 h` for a term in hours.
    fn count_label(&self, number: u32) -> String {
        if self.unit == Unit::BusinessHours { format!("{number} h") } else { format!("día {number}") }
    }
}

/// What a cell of a deadline's calendar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// No day of the term.
    Blank,
    /// The day of receipt.
    Received,
    /// A day that counts.
    Counted,
    /// A day that does not count.
    Off,
    /// The due date (also when it is the day of receipt).
    End,
}

/// A cell of a deadline's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// What it shows.
    pub kind: CellKind,
    /// Its date; none if blank.
    pub date: Option<Date>,
    /// The day of the month, with the month where one begins: `23`, `1 dic`. Empty if blank.
    pub day: String,
    /// Which day of the term it is, as in [`CountedDay::number`].
    pub number: Option<u32>,
    /// A few letters below: `Llegó`, `día 3`, `8 h`, `Festivo`, `Cierre`, `Cerrado`, `Vence`. None on a plain weekend.
    pub label: Option<String>,
}

impl Cell {
    fn blank() -> Self {
        Self { kind: CellKind::Blank, date: None, day: String::new(), number: None, label: None }
    }
}

/// The same day so many months later, or the last of a shorter month; none after the year 9999.
fn months_later(date: Date, months: u32) -> Option<Date> {
    let since_year_0 = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + i64::from(months);
    let year = i32::try_from(since_year_0.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(since_year_0.rem_euclid(12) + 1).ok()?).ok()?;
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}

/// The time of day after so many seconds, at most 23:59:59.
fn time_of(seconds: i64) -> Time {
    let part = |value: i64| u8::try_from(value).ok();
    let parts = part(seconds / 3600).zip(part(seconds / 60 % 60)).zip(part(seconds % 60));
    parts.and_then(|((hour, minute), second)| Time::from_hms(hour, minute, second).ok()).unwrap_or(END_OF_DAY)
}
