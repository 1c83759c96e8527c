//! The committee's calendar: tasks, meetings and reviews by day, and the same as iCalendar (RFC 5545).

use async_graphql::{Context, Enum, Object, SimpleObject};
use calendar::spanish::long_date;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate};
use kernel::{Permission, Result, Tx, clock};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset};

use crate::meetings::model::MeetingState;
use crate::rules::{Semester, month, months_after};
use crate::{meetings, reviews, tasks};

/// What stands in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AgendaKind {
    /// A task is due.
    Task,
    /// The committee meets.
    Meeting,
    /// A semester ends, and its review with it.
    Review,
}

/// Something in the calendar.
#[derive(Debug, Clone, SimpleObject)]
pub struct AgendaItem {
    /// What it is.
    kind: AgendaKind,
    /// Its title, in Spanish.
    title: String,
    /// Its moment; null where it is a whole day.
    at: Option<DateTime>,
    /// Where it is, or who answers for it.
    note: Option<String>,
    /// Whether it is done, or was held.
    done: bool,
    /// Whether its date has passed and it is not done.
    late: bool,
    /// Whether it was called off.
    cancelled: bool,
    /// Its screen.
    path: String,
    #[graphql(skip)]
    day: Date,
    #[graphql(skip)]
    uid: String,
    #[graphql(skip)]
    stamp: OffsetDateTime,
}

/// A day of the calendar that has something.
#[derive(SimpleObject)]
pub struct AgendaDay {
    /// The day.
    date: LocalDate,
    /// What it has, meetings by their hour first.
    items: Vec<AgendaItem>,
}

/// A month of the calendar.
#[derive(SimpleObject)]
pub struct Agenda {
    /// The month: `2026-11`.
    month: String,
    /// The month in words: `Noviembre de 2026`.
    name: String,
    /// The month before.
    previous: String,
    /// The month before in words.
    previous_name: String,
    /// The month after.
    next: String,
    /// The month after in words.
    next_name: String,
    /// The days that have something, in order.
    days: Vec<AgendaDay>,
}

fn key(day: Date) -> String {
    format!("{}-{:02}", day.year(), u8::from(day.month()))
}

/// The month of a day in words, as a heading begins: `Noviembre de 2026`.
fn name(day: Date) -> String {
    let long = long_date(day);
    let month = long.split_once(" de ").map_or("", |(_, month)| month);
    let mut letters = month.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn midnight(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_offset(clock::BOGOTA)
}

/// What stands in the calendar between two days: all of it, or the public meetings alone.
async fn items(tx: &mut Tx, from: Date, until: Date, internal: bool) -> Result<Vec<AgendaItem>> {
    let (today, mut all) = (tx.today(), Vec::new());
    for meeting in meetings::store::meetings_between(tx, midnight(from), midnight(until) + Duration::DAY).await? {
        if !meeting.public && !internal {
            continue;
        }
        let day = clock::local(meeting.at).date();
        let done = matches!(meeting.state, MeetingState::Draft | MeetingState::Approved);
        let cancelled = meeting.state == MeetingState::Cancelled;
        let place = if internal { "/admin/comite/actas" } else { "/comite/actas" };
        all.push(AgendaItem {
            kind: AgendaKind::Meeting,
            title: format!("Reunión {} de {} del Comité GEL-T", meeting.number, meeting.year),
            at: Some(DateTime(meeting.at)),
            note: Some(meeting.place.clone()),
            done,
            late: internal && !done && !cancelled && day < today,
            cancelled,
            path: format!("{place}/{}", meeting.key()),
            day,
            uid: meeting.id.to_string(),
            stamp: meeting.created_at,
        });
    }
    if internal {
        for task in tasks::store::tasks_between(tx, from, until).await? {
            let done = !task.is_open();
            all.push(AgendaItem {
                kind: AgendaKind::Task,
                at: None,
                done,
                late: !done && task.due_on < today,
                cancelled: false,
                path: tasks::service::path(task.id),
                day: task.due_on,
                uid: task.id.to_string(),
                stamp: task.created_at,
                note: task.responsible,
                title: task.title,
            });
        }
        let closed: Vec<Semester> =
            reviews::store::reviews(tx).await?.into_iter().filter(|row| row.closed_at.is_some()).map(|row| row.period()).collect();
        let mut period = Semester::of(from);
        while period.last_day() <= until {
            let done = closed.contains(&period);
            all.push(AgendaItem {
                kind: AgendaKind::Review,
                title: format!("Cierre de la revisión: {}", period.name().to_lowercase()),
                at: None,
                note: None,
                done,
                late: false,
                cancelled: false,
                path: "/admin/comite/revision".to_owned(),
                day: period.last_day(),
                uid: format!("revision-{period}"),
                stamp: midnight(period.last_day()),
            });
            period = Semester::of(period.last_day() + Duration::DAY);
        }
    }
    all.sort_by_key(|item| (item.day, item.at.is_none(), item.at));
    Ok(all)
}

/// Escapes a text as RFC 5545 asks (section 3.3.11).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// A content line, folded after 75 octets at the edge of a character (section 3.1).
fn folded(out: &mut String, line: &str) {
    let mut room = 75;
    for letter in line.chars() {
        if letter.len_utf8() > room {
            out.push_str("\r\n ");
            room = 74;
        }
        out.push(letter);
        room -= letter.len_utf8();
    }
    out.push_str("\r\n");
}

/// The calendar as a file. `base` begins every address.
fn icalendar(name: &str, host: &str, base: &str, items: &[AgendaItem]) -> String {
    let instant = format_description!("[year][month][day]T[hour][minute][second]Z");
    let written = |at: OffsetDateTime| at.to_offset(UtcOffset::UTC).format(instant).unwrap_or_default();
    let day = |day: Date| day.format(format_description!("[year][month][day]")).unwrap_or_default();
    let mut out = String::new();
    let mut line = |text: &str| folded(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Cabildo//Comite GEL-T//ES");
    line("METHOD:PUBLISH");
    line(&format!("X-WR-CALNAME:{}", escaped(name)));
    for item in items {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}@{host}", item.uid));
        line(&format!("DTSTAMP:{}", written(item.stamp)));
        match item.at {
            Some(at) => line(&format!("DTSTART:{}", written(at.0))),
            None => line(&format!("DTSTART;VALUE=DATE:{}", day(item.day))),
        }
        let mark = if item.kind == AgendaKind::Task { "Tarea: " } else { "" };
        line(&format!("SUMMARY:{}{}", mark, escaped(&item.title)));
        if let Some(note) = &item.note {
            let field = if item.kind == AgendaKind::Meeting { "LOCATION" } else { "DESCRIPTION" };
            line(&format!("{field}:{}", escaped(note)));
        }
        line(&format!("URL:{base}{}", item.path));
        if item.at.is_none() {
            line("TRANSP:TRANSPARENT");
        }
        line(if item.cancelled { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// Queries of the calendar.
#[derive(Default)]
pub struct AgendaQuery;

/// Queries of the calendar.
#[Object]
impl AgendaQuery {
    /// A month of the committee's calendar, `2026-11`; this one when none is named. Null for what is no month.
    #[graphql(guard = "Can(Permission::SeeAdministration)", complexity = "30 * child_complexity")]
    async fn agenda(&self, ctx: &Context<'_>, month: Option<String>) -> GqlResult<Option<Agenda>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let typed = month.unwrap_or_else(|| key(tx.today()));
        let Some((first, last)) = self::month(&typed) else { return Ok(None) };
        let mut days: Vec<AgendaDay> = Vec::new();
        for item in items(&mut tx, first, last, true).await? {
            match days.last_mut().filter(|day| day.date.0 == item.day) {
                Some(day) => day.items.push(item),
                None => days.push(AgendaDay { date: LocalDate(item.day), items: vec![item] }),
            }
        }
        let beside = |months| months_after(first, months).unwrap_or(first);
        let (before, after) = (beside(-1), beside(1));
        Ok(Some(Agenda {
            month: key(first),
            name: name(first),
            previous: key(before),
            previous_name: name(before),
            next: key(after),
            next_name: name(after),
            days,
        }))
    }

    /// The committee's calendar as an iCalendar file, from two months ago to a year ahead: the public meetings, or all of it for the
    /// administration when `internal`.
    #[graphql(complexity = 50)]
    async fn agenda_file(&self, ctx: &Context<'_>, internal: Option<bool>) -> GqlResult<String> {
        let cx = Cx::of(ctx)?;
        let internal = internal == Some(true);
        if internal {
            cx.viewer.require(Permission::SeeAdministration)?;
        }
        let mut tx = cx.read().await?;
        let today = tx.today();
        let items = items(&mut tx, today - Duration::days(60), today + Duration::days(366), internal).await?;
        let host = cx.platform.directory().host_of(&cx.tenant);
        let name = format!("Comité GEL-T de {}", cx.tenant.name);
        Ok(icalendar(&name, &host, &cx.platform.links.to(&host, ""), &items))
    }
}

#[cfg(test)]
mod tests {
    use kernel::graphql::DateTime;
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::{AgendaItem, AgendaKind, folded, icalendar};

    #[test]
    fn a_meeting_and_a_task_as_a_calendar_program_reads_them() {
        let meeting = AgendaItem {
            kind: AgendaKind::Meeting,
            title: "Reunión 3 de 2026 del Comité GEL-T".to_owned(),
            at: Some(DateTime(datetime!(2026-11-30 13:30 UTC))),
            note: Some("Despacho, piso 2; entrada por la calle 5".to_owned()),
            done: false,
            late: false,
            cancelled: false,
            path: "/comite/actas/2026-3".to_owned(),
            day: date!(2026 - 11 - 30),
            uid: "m".to_owned(),
            stamp: datetime!(2026-11-23 15:42 UTC),
        };
        let task = AgendaItem {
            kind: AgendaKind::Task,
            title: "Revisar\nfichas".to_owned(),
            at: None,
            note: None,
            cancelled: true,
            ..meeting.clone()
        };
        let file = icalendar("Comité", "x.localhost", "http://x.localhost:8080", &[meeting, task]);
        for line in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            "UID:m@x.localhost\r\n",
            "DTSTART:20261130T133000Z\r\n",
            "LOCATION:Despacho\\, piso 2\\; entrada por la calle 5\r\n",
            "URL:http://x.localhost:8080/comite/actas/2026-3\r\n",
            "DTSTART;VALUE=DATE:20261130\r\n",
            "SUMMARY:Tarea: Revisar\\nfichas\r\n",
            "STATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        ] {
            assert!(file.contains(line), "{line:?} is not in\n{file}");
        }
    }

    proptest! {
        #[test]
        fn a_folded_line_is_short_and_unfolds_to_itself(text in "[a-zñáé€😀 ]{0,400}") {
            let mut out = String::new();
            folded(&mut out, &text);
            prop_assert!(out.split("\r\n").all(|line| line.len() <= 75));
            prop_assert_eq!(out.strip_suffix("\r\n").expect("ends").replace("\r\n ", ""), text);
        }
    }
}
