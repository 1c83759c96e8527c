//! How an agreement stands, what is counted of it, what is due, and what may be typed.

use kernel::error::Faults;
use kernel::graphql::LocalDate;
use kernel::search::plain;
use kernel::{Error, Result, clock, text};
use time::{Date, Duration, OffsetDateTime};

use crate::model::{
    AddAgreementResultInput, AgreementRow, AgreementState, EntityLevel, EntityRow, KeepAgreementInput, KeepEntityInput, Kept,
};

/// How long before its end an agreement asks what comes next.
pub(crate) const END_NOTICE: Duration = Duration::days(60);
/// How long an agreement may run without a result.
pub(crate) const WITHOUT_RESULT: Duration = Duration::days(180);

/// How an agreement stood at that moment. Its last day is a day on which it runs; the day of its early end is not.
pub(crate) fn state(agreement: &AgreementRow, at: OffsetDateTime) -> AgreementState {
    let day = clock::local(at).date();
    if agreement.annulled_at.is_some_and(|annulled| annulled <= at) {
        AgreementState::Annulled
    } else if agreement.ended_on.is_some_and(|ended| ended <= day) {
        AgreementState::EndedEarly
    } else if agreement.ends_on.is_some_and(|ends| ends < day) {
        AgreementState::Ended
    } else if agreement.begins_on > day {
        AgreementState::Upcoming
    } else {
        AgreementState::InForce
    }
}

/// Whether it can be seen without signing in.
pub(crate) fn is_public(agreement: &AgreementRow) -> bool {
    agreement.published_at.is_some() && agreement.annulled_at.is_none()
}

/// Whether the register was in use at that moment: an entity was in it, or an agreement that it holds was signed.
/// Until then its figures are unknown, and from then on none is zero.
pub(crate) fn in_use(entities: &[EntityRow], book: &[Kept], at: OffsetDateTime) -> bool {
    entities.iter().any(|entity| entity.recorded_at <= at) || signed(book, at).next().is_some()
}

/// The agreements signed at that moment, whenever they were recorded, without those annulled by then.
pub(crate) fn signed(book: &[Kept], at: OffsetDateTime) -> impl Iterator<Item = &Kept> {
    let day = clock::local(at).date();
    book.iter().filter(move |kept| kept.agreement.signed_on <= day && state(&kept.agreement, at) != AgreementState::Annulled)
}

/// The agreements with entities of a level that were signed in the calendar year of that moment, up to it.
pub(crate) fn signed_in_year(book: &[Kept], level: EntityLevel, at: OffsetDateTime) -> impl Iterator<Item = &Kept> {
    let year = clock::local(at).year();
    signed(book, at).filter(move |kept| kept.entity.level == level && kept.agreement.signed_on.year() == year)
}

/// The agreements that ran at that moment.
pub(crate) fn in_force(book: &[Kept], at: OffsetDateTime) -> impl Iterator<Item = &Kept> {
    signed(book, at).filter(move |kept| state(&kept.agreement, at) == AgreementState::InForce)
}

/// The agreements that had begun at that moment, in force or over.
pub(crate) fn begun(book: &[Kept], at: OffsetDateTime) -> impl Iterator<Item = &Kept> {
    let day = clock::local(at).date();
    signed(book, at).filter(move |kept| kept.agreement.begins_on <= day)
}

/// Of the agreements that had begun at that moment, the percentage that had brought something; none while none had begun.
pub(crate) fn with_results_share(book: &[Kept], at: OffsetDateTime) -> Option<f64> {
    let (all, fruitful) = (begun(book, at).count(), begun(book, at).filter(|kept| last_result(kept, at).is_some()).count());
    (all > 0).then(|| 100.0 * fruitful as f64 / all as f64)
}

/// The day of the latest result at that moment.
pub(crate) fn last_result(kept: &Kept, at: OffsetDateTime) -> Option<Date> {
    let day = clock::local(at).date();
    let known = kept.results.iter().filter(|result| result.annulled_at.is_none_or(|annulled| annulled > at) && result.happened_on <= day);
    known.map(|result| result.happened_on).max()
}

/// The day by which an agreement in force owes a result: 180 days after its beginning, or after its latest one.
pub(crate) fn result_due(kept: &Kept, at: OffsetDateTime) -> Date {
    let since = last_result(kept, at).map_or(kept.agreement.begins_on, |last| last.max(kept.agreement.begins_on));
    since.saturating_add(WITHOUT_RESULT)
}

/// Whether every word is in the agreement or its entity's name; accents and case do not matter.
pub(crate) fn matches(kept: &Kept, words: &[String]) -> bool {
    let Kept { agreement, entity, .. } = kept;
    let number = agreement.number.as_deref().unwrap_or_default();
    let all = plain(&format!("{} {number} {} {} {}", agreement.title, entity.name, agreement.topics.join(" "), agreement.object));
    words.iter().all(|word| all.contains(word.as_str()))
}

/// The words of a search, as they are compared.
pub(crate) fn words(typed: &str) -> Result<Vec<String>> {
    if typed.chars().count() > 200 {
        return Err(Error::BadRequest("La búsqueda tiene más de 200 letras.".into()));
    }
    Ok(plain(typed).split_whitespace().map(str::to_owned).collect())
}

/// Collects faults of texts beside their fields.
#[derive(Default)]
struct Form(Faults);

impl Form {
    /// A text without blanks around it; none when nothing is left.
    fn text(&mut self, field: &str, typed: &str, limit: usize) -> Option<String> {
        let typed = typed.trim();
        self.0.require(typed.chars().count() <= limit, field, "LENGTH", format!("Tiene más de {limit} letras; acórtelo"));
        self.0.require(!typed.contains('\0'), field, "FORM", "Trae un carácter que no se puede guardar");
        (!typed.is_empty()).then(|| typed.to_owned())
    }

    fn optional(&mut self, field: &str, typed: Option<&str>, limit: usize) -> Option<String> {
        self.text(field, typed.unwrap_or_default(), limit)
    }

    fn needed(&mut self, field: &str, typed: &str, limit: usize, missing: &str) -> String {
        let text = self.text(field, typed, limit);
        self.0.require(text.is_some(), field, "REQUIRED", missing);
        text.unwrap_or_default()
    }

    /// The name in addresses that a title makes.
    fn slug(&mut self, field: &str, title: &str) -> String {
        let slug = text::slug(title);
        self.0.require(title.is_empty() || !slug.is_empty(), field, "FORM", "Necesita al menos una letra o un número");
        self.0.require(!RESERVED.contains(&slug.as_str()), field, "FORM", "Escriba un título que diga más");
        slug
    }
}

/// Addresses of the administration that no agreement may take.
const RESERVED: [&str; 2] = ["nuevo", "entidades"];

/// The entity as it will be kept, under the name that its own name makes.
pub(crate) fn entity(typed: &KeepEntityInput, now: OffsetDateTime) -> Result<EntityRow> {
    let mut form = Form::default();
    let name = form.needed("name", &typed.name, 160, "Escriba el nombre de la entidad");
    let slug = form.slug("name", &name);
    let web = form.optional("web", typed.web.as_deref(), 300).map(|web| if web.contains("://") { web } else { format!("https://{web}") });
    let address = |web: &String| {
        let host = web.strip_prefix("https://").or_else(|| web.strip_prefix("http://")).unwrap_or_default();
        host.contains('.') && !web.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'<>\\".contains(c))
    };
    form.0.require(web.as_ref().is_none_or(address), "web", "FORM", "Escriba una dirección como https://www.ejemplo.gov.co");
    let contact_email = form.optional("contactEmail", typed.contact_email.as_deref(), 254);
    let email = contact_email.as_deref().is_none_or(text::is_email);
    form.0.require(email, "contactEmail", "FORM", "Al correo le falta algo, por ejemplo la arroba o el dominio");
    let contact_name = form.optional("contactName", typed.contact_name.as_deref(), 120);
    let contact_phone = form.optional("contactPhone", typed.contact_phone.as_deref(), 40);
    form.0.into_result()?;
    Ok(EntityRow {
        slug,
        name,
        level: typed.level,
        kind: typed.kind,
        priority: typed.priority,
        web,
        contact_name,
        contact_phone,
        contact_email,
        recorded_at: now,
        updated_at: now,
    })
}

/// The agreement as it will be kept, under the name that its title makes.
pub(crate) fn agreement(typed: &KeepAgreementInput, now: OffsetDateTime) -> Result<AgreementRow> {
    let mut form = Form::default();
    let title = form.needed("title", &typed.title, 200, "Escriba cómo se llama el convenio");
    let slug = form.slug("title", &title);
    let number = form.optional("number", typed.number.as_deref(), 40);
    let lines: Vec<&str> = typed.topics.iter().flat_map(|topic| topic.lines()).collect();
    let topics: Vec<String> = lines.into_iter().filter_map(|line| form.text("topics", line, 120)).collect();
    form.0.require(!topics.is_empty(), "topics", "REQUIRED", "Escriba al menos un tema");
    form.0.require(topics.len() <= 20, "topics", "LENGTH", "Son más de 20 temas; una varios en uno");
    let object = form.needed("object", &typed.object, 4000, "Escriba qué se acordó");
    let LocalDate(signed_on) = typed.signed_on;
    let begins_on = typed.begins_on.map_or(signed_on, |LocalDate(day)| day);
    let ends_on = typed.ends_on.map(|LocalDate(day)| day);
    let past = signed_on <= clock::local(now).date();
    form.0.require(past, "signedOn", "FUTURE", "La fecha de firma no puede ser posterior a hoy; registre el convenio cuando se firme");
    form.0.require(begins_on >= signed_on, "beginsOn", "ORDER", "No puede empezar antes de firmarse");
    form.0.require(ends_on.is_none_or(|ends| ends >= begins_on), "endsOn", "ORDER", "No puede terminar antes de empezar");
    form.0.into_result()?;
    Ok(AgreementRow {
        slug,
        entity: typed.entity.clone(),
        number,
        title,
        topics,
        object,
        signed_on,
        begins_on,
        ends_on,
        ended_on: None,
        end_reason: None,
        published_at: None,
        annulled_at: None,
        annul_reason: None,
        recorded_at: now,
        updated_at: now,
    })
}

/// The text and evidence of a result, if it may be added to the agreement.
pub(crate) fn result(typed: &AddAgreementResultInput, agreement: &AgreementRow, today: Date) -> Result<(String, Option<String>)> {
    let mut form = Form::default();
    let text = form.needed("text", &typed.text, 2000, "Escriba qué trajo el convenio");
    let evidence = form.optional("evidence", typed.evidence.as_deref(), 500);
    let LocalDate(day) = typed.happened_on;
    form.0.require(day <= today, "happenedOn", "FUTURE", "Un resultado se registra cuando ya ocurrió");
    form.0.require(day >= agreement.signed_on, "happenedOn", "ORDER", "No puede ser anterior a la firma del convenio");
    form.0.into_result()?;
    Ok((text, evidence))
}

/// The reason of an early end, if the agreement may end on that day.
pub(crate) fn early_end(agreement: &AgreementRow, day: Date, reason: &str, today: Date) -> Result<String> {
    let mut form = Form::default();
    let reason = form.needed("reason", reason, 600, REASON);
    form.0.require(day <= today, "endedOn", "FUTURE", "Regístrelo cuando haya terminado");
    form.0.require(day >= agreement.signed_on, "endedOn", "ORDER", "No puede terminar antes de firmarse");
    let early = agreement.ends_on.is_none_or(|ends| day <= ends);
    form.0.require(early, "endedOn", "ORDER", "Ese día el convenio ya había llegado a su fin");
    form.0.into_result()?;
    Ok(reason)
}

/// The reason for which something is annulled or taken away.
pub(crate) fn reason(typed: &str) -> Result<String> {
    let mut form = Form::default();
    let reason = form.needed("reason", typed, 600, REASON);
    form.0.into_result()?;
    Ok(reason)
}

const REASON: &str = "Escriba el motivo; queda en la historia";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;
    use crate::model::{EntityKind, ResultRow};

    const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 -5);

    fn kept(level: EntityLevel, signed: Date, ends: Option<Date>) -> Kept {
        let recorded = datetime!(2026-11-20 08:00 -5);
        let entity = EntityRow {
            slug: "sena".into(),
            name: "SENA".into(),
            level,
            kind: EntityKind::Sena,
            priority: false,
            web: None,
            contact_name: None,
            contact_phone: None,
            contact_email: None,
            recorded_at: recorded,
            updated_at: recorded,
        };
        let agreement = AgreementRow {
            slug: "formacion".into(),
            entity: "sena".into(),
            number: Some("012 de 2026".into()),
            title: "Formación".into(),
            topics: vec!["Lenguaje claro".into()],
            object: "Formar".into(),
            signed_on: signed,
            begins_on: signed,
            ends_on: ends,
            ended_on: None,
            end_reason: None,
            published_at: None,
            annulled_at: None,
            annul_reason: None,
            recorded_at: recorded,
            updated_at: recorded,
        };
        Kept { agreement, entity, results: Vec::new() }
    }

    fn result_on(day: Date) -> ResultRow {
        ResultRow {
            id: Uuid::nil(),
            agreement: "formacion".into(),
            happened_on: day,
            text: "Un curso".into(),
            evidence: None,
            recorded_at: NOON,
            annulled_at: None,
            annul_reason: None,
        }
    }

    fn midday(day: Date) -> OffsetDateTime {
        day.with_time(time::macros::time!(12:00)).assume_offset(clock::BOGOTA)
    }

    #[test]
    fn the_dates_tell_how_it_stands() {
        let mut one = kept(EntityLevel::National, date!(2026 - 03 - 01), Some(date!(2026 - 11 - 23))).agreement;
        one.begins_on = date!(2026 - 03 - 15);
        for (day, expected) in [
            (date!(2026 - 03 - 14), AgreementState::Upcoming),
            (date!(2026 - 03 - 15), AgreementState::InForce),
            (date!(2026 - 11 - 23), AgreementState::InForce),
            (date!(2026 - 11 - 24), AgreementState::Ended),
        ] {
            assert_eq!(state(&one, midday(day)), expected, "{day}");
        }
        assert_eq!(state(&one, datetime!(2026-11-24 04:59 UTC)), AgreementState::InForce, "in Bogotá it is still the last day");
        one.ended_on = Some(date!(2026 - 06 - 01));
        assert_eq!(state(&one, midday(date!(2026 - 05 - 31))), AgreementState::InForce);
        assert_eq!(state(&one, midday(date!(2026 - 12 - 31))), AgreementState::EndedEarly);
        one.annulled_at = Some(NOON);
        assert_eq!(state(&one, NOON - Duration::SECOND), AgreementState::EndedEarly);
        assert_eq!(state(&one, NOON), AgreementState::Annulled);
    }

    #[test]
    fn a_year_counts_by_level_up_to_the_moment() {
        let mut book = vec![
            kept(EntityLevel::Local, date!(2026 - 01 - 01), None),
            kept(EntityLevel::Local, date!(2026 - 11 - 23), None),
            kept(EntityLevel::Local, date!(2026 - 11 - 24), None),
            kept(EntityLevel::Local, date!(2025 - 12 - 31), None),
            kept(EntityLevel::National, date!(2026 - 05 - 05), None),
        ];
        assert_eq!(signed_in_year(&book, EntityLevel::Local, NOON).count(), 2);
        assert_eq!(signed_in_year(&book, EntityLevel::National, NOON).count(), 1);
        assert_eq!(signed_in_year(&book, EntityLevel::Departmental, NOON).count(), 0);
        assert_eq!(signed_in_year(&book, EntityLevel::Local, datetime!(2026-01-01 03:00 UTC)).count(), 1, "in Bogotá it is still 2025");
        book[0].agreement.annulled_at = Some(NOON);
        assert_eq!(signed_in_year(&book, EntityLevel::Local, NOON).count(), 1);
        assert_eq!(signed_in_year(&book, EntityLevel::Local, NOON - Duration::days(1)).count(), 1, "before it was annulled it counted");
    }

    #[test]
    fn before_the_register_is_used_nothing_is_known() {
        let book = vec![kept(EntityLevel::Local, date!(2026 - 11 - 21), None)];
        let entities = vec![book[0].entity.clone()];
        assert!(!in_use(&[], &[], NOON));
        assert!(!in_use(&entities, &book, datetime!(2026-11-19 12:00 -5)));
        assert!(in_use(&entities, &[], NOON), "an entity alone: none signed, and that is a true zero");
        assert!(
            in_use(&[], &[kept(EntityLevel::Local, date!(2020 - 01 - 01), None)], datetime!(2020-06-01 12:00 -5)),
            "recorded in arrears"
        );
    }

    #[test]
    fn results_count_from_the_day_they_came_about() {
        let mut one = kept(EntityLevel::Local, date!(2026 - 01 - 10), None);
        assert_eq!(with_results_share(&[], NOON), None);
        assert_eq!(with_results_share(std::slice::from_ref(&one), NOON), Some(0.0));
        assert_eq!(result_due(&one, NOON), date!(2026 - 07 - 09));
        one.results.push(result_on(date!(2026 - 11 - 20)));
        assert_eq!(with_results_share(std::slice::from_ref(&one), NOON), Some(100.0));
        assert_eq!(with_results_share(std::slice::from_ref(&one), datetime!(2026-11-19 12:00 -5)), Some(0.0));
        assert_eq!(result_due(&one, NOON), date!(2027 - 05 - 19));
        one.results[0].annulled_at = Some(NOON);
        assert_eq!(with_results_share(std::slice::from_ref(&one), NOON), Some(0.0));
    }

    #[test]
    fn a_site_is_an_address_and_nothing_else() {
        let typed = |web: &str| KeepEntityInput {
            slug: None,
            name: "Biblioteca".into(),
            level: EntityLevel::Local,
            kind: EntityKind::PublicEntity,
            priority: false,
            web: Some(web.into()),
            contact_name: None,
            contact_phone: None,
            contact_email: None,
        };
        assert_eq!(entity(&typed("www.sena.edu.co"), NOON).unwrap().web.as_deref(), Some("https://www.sena.edu.co"));
        assert_eq!(entity(&typed(" "), NOON).unwrap().web, None);
        for wrong in ["javascript:alert(1)", "javascript://a.b", "https://a b.co", "https://a.co/\"x", "ftp://a.co", "a"] {
            assert!(entity(&typed(wrong), NOON).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_found_whatever_their_accents() {
        let one = kept(EntityLevel::Local, date!(2026 - 01 - 01), None);
        for (typed, found) in [("FORMACION", true), ("sena lenguaje", true), ("", true), ("012", true), ("sena pesca", false)] {
            assert_eq!(matches(&one, &words(typed).unwrap()), found, "{typed}");
        }
    }

    prop_compose! {
        fn day()(number in 0..2000_i64) -> Date {
            date!(2023-01-01) + Duration::days(number)
        }
    }

    proptest! {
        /// At any moment an agreement that counts stands in exactly one state, and the levels of a year add up to what was signed in it.
        #[test]
        fn levels_add_up(days in proptest::collection::vec((day(), 0..4_usize), 0..20), at in day()) {
            let levels = [EntityLevel::Local, EntityLevel::Departmental, EntityLevel::National, EntityLevel::International];
            let book: Vec<Kept> = days.iter().map(|(signed, level)| kept(levels[*level], *signed, None)).collect();
            let counted: usize = levels.iter().map(|level| signed_in_year(&book, *level, midday(at)).count()).sum();
            prop_assert_eq!(counted, days.iter().filter(|(signed, _)| signed.year() == at.year() && *signed <= at).count());
            prop_assert!(in_force(&book, midday(at)).count() >= counted, "without an end they run on");
        }

        /// Time only moves an agreement forward: upcoming, in force, ended.
        #[test]
        fn an_agreement_never_goes_back(signed in day(), lasts in 0..900_i64, one in day(), two in day()) {
            let agreement = kept(EntityLevel::Local, signed, Some(signed + Duration::days(lasts))).agreement;
            let place = |day: Date| match state(&agreement, midday(day)) {
                AgreementState::Upcoming => 0,
                AgreementState::InForce => 1,
                _ => 2,
            };
            prop_assert!(place(one.min(two)) <= place(one.max(two)));
        }
    }
}
