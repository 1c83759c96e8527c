//! What a call asks, what a nomination still lacks, and how scores become places.

use std::cmp::Ordering;

use kernel::error::Faults;
use kernel::graphql::LocalDate;
use kernel::{Error, Result, text};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};

use super::model::{AwardCriterion, CallRow, CallStage, KeepAwardCallInput, NominationRow, Place, ScoreRow};

/// The most criteria of a call: more is a form that nobody fills.
const MOST_CRITERIA: usize = 8;

/// How a call stands on a day.
pub(crate) fn stage(call: &CallRow, today: Date) -> CallStage {
    if call.results.is_some() {
        CallStage::Decided
    } else if today < call.opens_on {
        CallStage::Upcoming
    } else if today <= call.closes_on {
        CallStage::Open
    } else {
        CallStage::Judging
    }
}

/// The call as it will be kept, under the name that its title makes.
pub(crate) fn call(typed: &KeepAwardCallInput, now: OffsetDateTime) -> Result<CallRow> {
    let mut faults = Faults::default();
    let title = faults.needed("title", &typed.title, 160, "Escriba cómo se llama la convocatoria");
    let slug = text::slug(&title);
    faults.require(title.is_empty() || !slug.is_empty(), "title", "FORM", "Necesita al menos una letra o un número");
    faults.require(slug != "nueva", "title", "FORM", "Escriba un título que diga más");
    let body = faults.needed("body", &typed.body, 20_000, "Escriba las bases: quién puede participar y qué se premia");
    let criteria = criteria(&typed.criteria, &mut faults);
    let prizes: Vec<String> = typed.prizes.lines().filter_map(|line| faults.text("prizes", line, 200)).collect();
    faults.require(!prizes.is_empty(), "prizes", "REQUIRED", "Escriba al menos un premio");
    let (LocalDate(opens_on), LocalDate(closes_on)) = (typed.opens_on, typed.closes_on);
    faults.require(closes_on >= opens_on, "closesOn", "ORDER", "No puede cerrar antes de abrir");
    faults.require(closes_on >= kernel::clock::local(now).date(), "closesOn", "PAST", "Esa fecha ya pasó");
    faults.into_result()?;
    Ok(CallRow {
        slug,
        title,
        body,
        criteria: Json(criteria),
        prizes,
        opens_on,
        closes_on,
        created_at: now,
        results: None,
        results_note: None,
        results_at: None,
    })
}

fn criteria(typed: &str, faults: &mut Faults) -> Vec<AwardCriterion> {
    let mut criteria: Vec<AwardCriterion> = Vec::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let read = match parts.as_slice() {
            [weight, title, ask] if !ask.is_empty() && title.len() <= 200 && ask.len() <= 1000 => weight
                .trim_end_matches('%')
                .trim()
                .parse::<i32>()
                .ok()
                .filter(|weight| (1..=100).contains(weight))
                .map(|weight| (weight, title, ask)),
            _ => None,
        };
        match read {
            Some((weight, title, ask)) if !text::slug(title).is_empty() => {
                criteria.push(AwardCriterion { key: text::slug(title), title: (*title).to_owned(), ask: (*ask).to_owned(), weight });
            }
            _ => {
                let shown: String = line.chars().take(60).collect();
                faults.require(
                    false,
                    "criteria",
                    "FORM",
                    format!("No se entiende «{shown}»: escriba el peso, el criterio y qué se pide, separados por |"),
                );
            }
        }
    }
    faults.require(!criteria.is_empty(), "criteria", "REQUIRED", "Escriba al menos un criterio");
    faults.require(
        criteria.len() <= MOST_CRITERIA,
        "criteria",
        "LENGTH",
        format!("Son más de {MOST_CRITERIA} criterios; una varios en uno"),
    );
    let sum: i32 = criteria.iter().map(|criterion| criterion.weight).sum();
    faults.require(criteria.is_empty() || sum == 100, "criteria", "SUM", format!("Los pesos suman {sum}; deben sumar 100"));
    let mut keys: Vec<&str> = criteria.iter().map(|criterion| criterion.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    faults.require(keys.len() == criteria.len(), "criteria", "TAKEN", "Dos criterios se llaman igual");
    criteria
}

/// What may change of a call that has opened: its last day, and only to a later one. Whoever prepared a nomination relied on the rest.
pub(crate) fn changed(before: &CallRow, after: CallRow, today: Date) -> Result<CallRow> {
    let kept = CallRow { slug: before.slug.clone(), created_at: before.created_at, ..after };
    match stage(before, today) {
        CallStage::Upcoming => Ok(kept),
        CallStage::Decided => Err(Error::whole("DECIDED", "Ya se publicaron los resultados; la convocatoria no cambia.")),
        CallStage::Open | CallStage::Judging => {
            let same = (&kept.title, &kept.body, &kept.criteria, &kept.prizes, kept.opens_on)
                == (&before.title, &before.body, &before.criteria, &before.prizes, before.opens_on);
            if !same {
                return Err(Error::whole("OPEN", "La convocatoria ya abrió: solo se puede ampliar la fecha de cierre."));
            }
            let mut faults = Faults::default();
            faults.require(kept.closes_on >= before.closes_on, "closesOn", "ORDER", "El cierre solo se puede ampliar");
            faults.into_result()?;
            Ok(kept)
        }
    }
}

/// What a nomination still lacks before it can be sent.
pub(crate) fn missing<'a>(call: &'a CallRow, nomination: &'a NominationRow) -> impl Iterator<Item = &'a AwardCriterion> {
    call.criteria.iter().filter(|criterion| nomination.answers.get(&criterion.key).is_none_or(|answer| answer.trim().is_empty()))
}

/// The points of a nomination: of each criterion the mean of the jurors, by its weight; none while nobody has scored it.
pub(crate) fn total(call: &CallRow, scores: &[&ScoreRow]) -> Option<f64> {
    let whole: Vec<_> = scores.iter().filter(|score| score.points.len() == call.criteria.len()).collect();
    if whole.is_empty() {
        return None;
    }
    let each = call.criteria.iter().enumerate().map(|(index, criterion)| {
        let sum: i32 = whole.iter().map(|score| score.points[index]).sum();
        f64::from(sum) / whole.len() as f64 * f64::from(criterion.weight) / 100.0
    });
    Some((each.sum::<f64>() * 100.0).round() / 100.0)
}

/// The places: the most points first, equals share a place and its prize and leave the next ones empty. A nomination without a score has
/// none, and is told.
pub(crate) fn places(call: &CallRow, nominations: &[NominationRow], scores: &[ScoreRow]) -> Result<Vec<Place>, Vec<uuid::Uuid>> {
    let (mut totals, mut unscored) = (Vec::new(), Vec::new());
    for nomination in nominations {
        let mine: Vec<&ScoreRow> = scores.iter().filter(|score| score.municipality_id == nomination.tenant_id).collect();
        match total(call, &mine) {
            Some(total) => totals.push((nomination, total)),
            None => unscored.push(nomination.tenant_id),
        }
    }
    if !unscored.is_empty() {
        return Err(unscored);
    }
    totals.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap_or(Ordering::Equal).then_with(|| a.0.title.cmp(&b.0.title)));
    let place_of = |total: f64| totals.iter().filter(|(_, other)| *other > total).count();
    Ok(totals
        .iter()
        .map(|(nomination, total)| Place {
            position: place_of(*total) as i32 + 1,
            municipality: nomination.tenant_id,
            title: nomination.title.clone(),
            total: *total,
            prize: call.prizes.get(place_of(*total)).cloned(),
        })
        .collect())
}

/// The points of a juror, one a criterion.
pub(crate) fn points(call: &CallRow, typed: &[i32]) -> Result<Vec<i32>> {
    let mut faults = Faults::default();
    let expected = call.criteria.len();
    faults.require(typed.len() == expected, "points", "REQUIRED", format!("Escriba {expected} puntajes, uno por criterio"));
    faults.require(typed.iter().all(|points| (0..=100).contains(points)), "points", "RANGE", "Cada puntaje va de 0 a 100");
    faults.into_result()?;
    Ok(typed.to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use time::macros::{date, datetime};
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 -5);

    fn typed(criteria: &str) -> KeepAwardCallInput {
        KeepAwardCallInput {
            slug: None,
            title: "Premio a la cercanía".into(),
            body: "Bases".into(),
            criteria: criteria.into(),
            prizes: "Cámara\nDiploma".into(),
            opens_on: LocalDate(date!(2026 - 11 - 20)),
            closes_on: LocalDate(date!(2026 - 12 - 10)),
        }
    }

    fn open() -> CallRow {
        call(&typed("70 | Impacto | A quién sirve\n30% | Réplica | Quién lo copia"), NOW).unwrap()
    }

    fn nomination(town: u128, title: &str) -> NominationRow {
        let answers = BTreeMap::from([("impacto".to_owned(), "A todos".to_owned())]);
        NominationRow {
            tenant_id: Uuid::from_u128(town),
            call: "premio-a-la-cercania".into(),
            title: title.into(),
            summary: "S".into(),
            answers: Json(answers),
            updated_at: NOW,
            submitted_at: Some(NOW),
        }
    }

    fn score(town: u128, juror: u128, points: [i32; 2]) -> ScoreRow {
        ScoreRow {
            call: "premio-a-la-cercania".into(),
            municipality_id: Uuid::from_u128(town),
            juror_id: Uuid::from_u128(juror),
            juror_name: "J".into(),
            points: points.to_vec(),
            note: None,
            scored_at: NOW,
        }
    }

    #[test]
    fn weights_add_up_and_lines_are_understood() {
        assert_eq!(open().criteria.iter().map(|one| one.weight).collect::<Vec<_>>(), [70, 30]);
        for wrong in ["", "70 | Impacto | Uno", "Impacto", "70 | Impacto | Uno\n30 | impacto | Dos", "0 | A | a\n100 | B | b"] {
            assert!(call(&typed(wrong), NOW).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_dates_tell_the_stage() {
        let mut one = open();
        let at = |one: &CallRow, day| stage(one, day);
        assert_eq!(at(&one, date!(2026 - 11 - 19)), CallStage::Upcoming);
        assert_eq!(at(&one, date!(2026 - 12 - 10)), CallStage::Open);
        assert_eq!(at(&one, date!(2026 - 12 - 11)), CallStage::Judging);
        one.results = Some(Json(Vec::new()));
        assert_eq!(at(&one, date!(2026 - 11 - 19)), CallStage::Decided);
    }

    #[test]
    fn an_open_call_only_closes_later() {
        let (before, today) = (open(), date!(2026 - 11 - 23));
        let with = |change: fn(&mut CallRow)| {
            let mut after = before.clone();
            change(&mut after);
            changed(&before, after, today)
        };
        assert!(with(|call| call.closes_on = date!(2026 - 12 - 20)).is_ok());
        assert!(with(|call| call.closes_on = date!(2026 - 12 - 01)).is_err());
        assert!(with(|call| call.prizes.push("Otro".into())).is_err());
    }

    #[test]
    fn a_tie_at_the_prize_line_shares_place_and_prize() {
        let call = open();
        let nominations = [nomination(1, "B"), nomination(2, "A"), nomination(3, "C")];
        // Town 1: (80+60)/2·0.7 + 50·0.3 = 64; town 2: 70·0.7 + 50·0.3 = 64.
        let scores = [score(1, 9, [80, 40]), score(1, 8, [60, 60]), score(2, 9, [70, 50]), score(3, 9, [10, 10])];
        let found = places(&call, &nominations, &scores).unwrap();
        let told: Vec<_> = found.iter().map(|place| (place.position, place.title.as_str(), place.prize.as_deref())).collect();
        assert_eq!(told, [(1, "A", Some("Cámara")), (1, "B", Some("Cámara")), (3, "C", None)]);
        assert_eq!(places(&call, &nominations, &scores[..3]), Err(vec![Uuid::from_u128(3)]), "who was not scored is told");
    }

    #[test]
    fn a_nomination_answers_every_criterion() {
        let (call, one) = (open(), nomination(1, "A"));
        assert_eq!(missing(&call, &one).map(|criterion| criterion.key.as_str()).collect::<Vec<_>>(), ["replica"]);
        assert!(points(&call, &[50]).is_err() && points(&call, &[50, 101]).is_err() && points(&call, &[0, 100]).is_ok());
    }
}
