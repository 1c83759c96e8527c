//! A year of Chipaque with the clock in hand: what the town did, and what every computed indicator of its plan must have said of it.

use kernel::{Role, Scope};
use serde_json::{Value, json};
use suite::{Actor, CHIPAQUE, World};
use time::macros::{date, time};
use time::{Date, Duration, OffsetDateTime, Time};

use crate::handover_slice::{come_in, incoming, put};

/// What the town does on a day.
enum Step {
    Publish,
    Agreement {
        slug: &'static str,
        level: &'static str,
    },
    /// Sheets of the national base are confirmed as they stand, with that level of automation.
    Confirm {
        services: bool,
        from: usize,
        many: usize,
        level: &'static str,
    },
    Criterion {
        code: &'static str,
        state: &'static str,
    },
    OpenHandover,
    Enrol(&'static str),
    ComeIn(&'static str),
    /// The daily round.
    Round,
}

async fn done(actor: &Actor<'_>, mutation: &str, input: Value) {
    let answer = put(actor, mutation, "__typename", input).await;
    assert_eq!(answer["userErrors"], json!([]), "{mutation}");
}

async fn play(world: &World, coordinator: &Actor<'_>, known: &[Vec<String>; 2], day: Date, step: &Step) {
    match step {
        Step::Publish => done(coordinator, "publishNews", json!({ "title": format!("Novedad del {day}"), "body": "Texto." })).await,
        Step::Agreement { slug, level } => {
            let entity = json!({ "name": slug, "level": level, "kind": "PUBLIC_ENTITY" });
            done(coordinator, "keepEntity", entity).await;
            let agreement = json!({ "entity": slug, "title": format!("Convenio {slug}"), "topics": ["Datos"], "object": "Publicar juntos.",
                                    "signedOn": day.to_string() });
            done(coordinator, "keepAgreement", agreement).await;
        }
        Step::Confirm { services, from, many, level } => {
            for slug in known[usize::from(*services)].iter().skip(*from).take(*many) {
                let sheet = json!({ "slug": slug, "whoMayAsk": "Toda persona", "requirements": ["Documento"], "costKind": "FREE", "termBusinessDays": 5,
                                    "result": "Respuesta", "legalBasis": "Ley 962 de 2005", "automation": level });
                done(coordinator, "confirmEntry", sheet).await;
            }
        }
        Step::Criterion { code, state } => {
            done(coordinator, "setCriterionState", json!({ "code": code, "state": state, "evidence": "Acta del Comité" })).await;
        }
        Step::OpenHandover => done(coordinator, "openHandover", json!({ "cause": "TERM_ENDS", "leavesOn": "2027-12-31" })).await,
        Step::Enrol(email) => done(coordinator, "enrolMember", incoming(email, "Alguien Entrante", "OFFICIAL")).await,
        Step::ComeIn(email) => come_in(world, email).await,
        Step::Round => {
            let mut tx = Scope::Worker(None).write(world.platform.db()).await.unwrap();
            tx.enqueue("plan.lock_all", json!({})).await.unwrap();
            tx.commit().await.unwrap();
            world.settle().await;
        }
    }
}

/// The sheets that nobody has confirmed, by name: services, or trámites but for the certificates.
async fn sheets(visitor: &Actor<'_>, services: bool) -> Vec<String> {
    let asked = "query($after: String) { tramites(first: 100, after: $after) { nodes { slug kind confirmed } pageInfo { endCursor } } }";
    let first = visitor.run(asked, json!({})).await["tramites"].clone();
    let second = visitor.run(asked, json!({ "after": first["pageInfo"]["endCursor"] })).await["tramites"].clone();
    let all = [first, second].into_iter().flat_map(|page| page["nodes"].as_array().unwrap().clone());
    let mine = all.filter(|sheet| sheet["confirmed"] == false && (sheet["kind"] == "SERVICE") == services);
    mine.map(|sheet| sheet["slug"].as_str().unwrap().to_owned()).filter(|slug| !slug.starts_with("certificado")).collect()
}

fn at(day: Date, clock: Time) -> OffsetDateTime {
    day.with_time(clock).assume_offset(kernel::clock::BOGOTA)
}

/// The daily round of each Sunday and of each month's last day, at eight in the evening.
fn rounds() -> impl Iterator<Item = Date> {
    let days = (0..).map(|day| date!(2027 - 01 - 01) + Duration::days(day)).take_while(|day| *day <= date!(2028 - 01 - 02));
    days.filter(|day| day.weekday() == time::Weekday::Sunday || (*day + Duration::DAY).day() == 1)
}

/// The year as the town lived it.
fn year() -> Vec<(OffsetDateTime, Step)> {
    use Step::{Agreement, ComeIn, Confirm, Criterion, Enrol, OpenHandover, Publish, Round};
    let mut year: Vec<_> = rounds().map(|day| (at(day, time!(20:00)), Round)).collect();
    // A news item each Wednesday at nine, but for the 9th and the 16th of June.
    let wednesdays = (0..52).map(|week| date!(2027 - 01 - 06) + Duration::weeks(week));
    let kept = wednesdays.filter(|day| ![date!(2027 - 06 - 09), date!(2027 - 06 - 16)].contains(day));
    year.extend(kept.map(|day| (at(day, time!(09:00)), Publish)));
    let mut on = |day: Date, step| year.push((at(day, time!(10:00)), step));
    for (day, slug, level) in [
        (date!(2027 - 02 - 15), "biblioteca", "LOCAL"),
        (date!(2027 - 05 - 20), "hospital", "LOCAL"),
        (date!(2027 - 08 - 10), "colegio", "LOCAL"),
        (date!(2027 - 11 - 05), "emisora", "LOCAL"),
        (date!(2027 - 04 - 12), "gobernacion", "DEPARTMENTAL"),
        (date!(2027 - 10 - 01), "car", "DEPARTMENTAL"),
    ] {
        on(day, Agreement { slug, level });
    }
    on(date!(2027 - 03 - 10), Confirm { services: false, from: 0, many: 12, level: "INFORMED" });
    on(date!(2027 - 07 - 07), Confirm { services: false, from: 0, many: 6, level: "STARTED_ONLINE" });
    on(date!(2027 - 09 - 08), Confirm { services: false, from: 12, many: 24, level: "INFORMED" });
    on(date!(2027 - 04 - 07), Confirm { services: true, from: 0, many: 10, level: "INFORMED" });
    on(date!(2027 - 08 - 04), Confirm { services: true, from: 0, many: 3, level: "STARTED_ONLINE" });
    on(date!(2027 - 11 - 03), Confirm { services: true, from: 10, many: 19, level: "INFORMED" });
    on(date!(2027 - 06 - 15), Criterion { code: "TRF-01", state: "YES" });
    on(date!(2027 - 09 - 15), Criterion { code: "TRF-02", state: "PARTIAL" });
    on(date!(2027 - 03 - 17), Criterion { code: "DEM-02", state: "YES" });
    on(date!(2027 - 10 - 02), OpenHandover);
    on(date!(2027 - 11 - 09), Enrol("uno@example.org"));
    on(date!(2027 - 11 - 09), Enrol("dos@example.org"));
    on(date!(2027 - 11 - 10), ComeIn("uno@example.org"));
    on(date!(2027 - 12 - 06), Enrol("tres@example.org"));
    on(date!(2027 - 12 - 06), Enrol("cuatro@example.org"));
    on(date!(2027 - 12 - 07), ComeIn("tres@example.org"));
    on(date!(2027 - 12 - 07), ComeIn("cuatro@example.org"));
    year.sort_by_key(|(at, _)| *at);
    year
}

const INDICATORS: [&str; 14] = [
    "frecuencia-de-actualizacion",
    "entidades-locales",
    "entidades-departamentales",
    "entidades-nacionales",
    "fase-informacion",
    "fase-interaccion",
    "fase-transaccion",
    "fase-transformacion",
    "fase-democracia",
    "servicios-publicados",
    "servicios-automatizados",
    "tramites-publicados",
    "tramites-automatizados",
    "funcionarios-vinculados",
];

/// What is not known.
const X: f64 = f64::NAN;

/// The value of each indicator on each month's last evening, in the order of `INDICATORS`, reckoned by hand to two decimals.
///
/// - Days since the last update: whole days from the last Wednesday at nine to that evening at eight. Sunday 31 January: Wednesday the 27th,
///   4 days; Wednesday 31 March: the same day, 0; Friday 30 April: the 28th, 2; Monday 31 May: the 26th, 5; and so on.
/// - Agreements: those signed in the year, by level; unknown while the register is empty, until 15 February.
/// - Información, 62 criteria: sixteen are met from the first day: eight by what the platform has by construction (INF-47, 48, 50, 51, 52, 54,
///   57, 59), the plan itself twice (33, 61), address, telephone and e-mail (04 to 06), terms and privacy (56), news and their pace (39, 49)
///   (16/62 = 25,81); from April ten of 29 services are confirmed, so that INF-27 is met in part (16,5/62 = 26,61); from November all are
///   (17/62 = 27,42).
/// - Interacción, 20: six are met, and INT-06 in part (6,5/20 = 32,5); from March sheets are reviewed, INT-17 in part (7/20 = 35); from July
///   some have their form online, INT-07 in part (7,5/20 = 37,5).
/// - Transacción, 15: three are met (3/15 = 20); from July trámites are started online, TRX-01, and in part TRX-06 (4,5/15 = 30).
/// - Transformación, 12: unknown until the first agreement meets TRF-05 (1/12 = 8,33); TRF-01 in June (2/12 = 16,67), TRF-02 in part in
///   September (2,5/12 = 20,83).
/// - Democracia, 13: DEM-02 from 17 March (1/13 = 7,69).
/// - Services, 29: ten confirmed in April (10/29 = 34,48), the other nineteen in November; three started online in August (3/29 = 10,34).
/// - Trámites, 87 that apply in a town of the sixth category: eight are seen published (8/87 = 9,20), twelve confirmed in March
///   (20/87 = 22,99), 24 more in September (44/87 = 50,57); six started online in July (6/87 = 6,90).
/// - Officials: of two enrolled on 9 November one has come in (50); of four enrolled by 7 December three have (75).
const TABLE: [(&str, [f64; 14]); 12] = [
    ("2027-01", [4.0, X, X, X, 25.81, 32.5, 20.0, X, 0.0, 0.0, 0.0, 9.20, 0.0, X]),
    ("2027-02", [4.0, 1.0, 0.0, 0.0, 25.81, 32.5, 20.0, 8.33, 0.0, 0.0, 0.0, 9.20, 0.0, X]),
    ("2027-03", [0.0, 1.0, 0.0, 0.0, 25.81, 35.0, 20.0, 8.33, 7.69, 0.0, 0.0, 22.99, 0.0, X]),
    ("2027-04", [2.0, 1.0, 1.0, 0.0, 26.61, 35.0, 20.0, 8.33, 7.69, 34.48, 0.0, 22.99, 0.0, X]),
    ("2027-05", [5.0, 2.0, 1.0, 0.0, 26.61, 35.0, 20.0, 8.33, 7.69, 34.48, 0.0, 22.99, 0.0, X]),
    ("2027-06", [0.0, 2.0, 1.0, 0.0, 26.61, 35.0, 20.0, 16.67, 7.69, 34.48, 0.0, 22.99, 0.0, X]),
    ("2027-07", [3.0, 2.0, 1.0, 0.0, 26.61, 37.5, 30.0, 16.67, 7.69, 34.48, 0.0, 22.99, 6.90, X]),
    ("2027-08", [6.0, 3.0, 1.0, 0.0, 26.61, 37.5, 30.0, 16.67, 7.69, 34.48, 10.34, 22.99, 6.90, X]),
    ("2027-09", [1.0, 3.0, 1.0, 0.0, 26.61, 37.5, 30.0, 20.83, 7.69, 34.48, 10.34, 50.57, 6.90, X]),
    ("2027-10", [4.0, 3.0, 2.0, 0.0, 26.61, 37.5, 30.0, 20.83, 7.69, 34.48, 10.34, 50.57, 6.90, X]),
    ("2027-11", [6.0, 4.0, 2.0, 0.0, 27.42, 37.5, 30.0, 20.83, 7.69, 100.0, 10.34, 50.57, 6.90, 50.0]),
    ("2027-12", [2.0, 4.0, 2.0, 0.0, 27.42, 37.5, 30.0, 20.83, 7.69, 100.0, 10.34, 50.57, 6.90, 75.0]),
];

/// The lights of the same evenings: G green, A amber, R red, N no target, ? unknown. Up to ten points behind the time that has passed is green,
/// up to 35 amber. The phases and what the whole period promised are late since 2012 or before; democracia has no target.
/// Local agreements in January: unknown. Services published: 0 % with 8 % of the year is green, with 15 and 24 % amber; 34 % with 32 and 41 %
/// green, with 49, 57 and 66 % amber, with 74 and 83 % red (39 and 48 points behind). Trámites published in the same way.
const LIGHTS: [&str; 12] = [
    "G???RRR?NGRGR?",
    "GGAARRRRNARGR?",
    "GGAARRRRNARGR?",
    "GGGARRRRNGRGR?",
    "GGGRRRRRNGRAR?",
    "GGGRRRRRNARAR?",
    "GGGRRRRRNARAR?",
    "GGARRRRRNARRR?",
    "GGARRRRRNRRAR?",
    "GGGRRRRRNRRAR?",
    "GGGRRRRRNGRRRR",
    "GGGRRRRRNGRRRR",
];

/// The weeks whose worst evening was not the fourth day after a Wednesday, by their Monday. Rounds are on Sundays and on month's last days.
/// The first: nothing was published since the pack came in on 23 November. Then the last day of May, August and November, a Monday or a
/// Tuesday (5, 6 and 6 days after the Wednesday before), and the two weeks without news in June (11 and 18 days after 2 June).
const WEEKS: [(&str, f64); 6] =
    [("2026-12-28", 41.0), ("2027-05-31", 5.0), ("2027-06-07", 11.0), ("2027-06-14", 18.0), ("2027-08-30", 6.0), ("2027-11-29", 6.0)];

/// Every indicator by its key, in the order of `INDICATORS`.
async fn indicators(visitor: &Actor<'_>, selection: &str) -> Vec<Value> {
    let asked = format!("{{ plan {{ actionLines {{ indicators {{ key {selection} }} }} }} }}");
    let plan = visitor.run(&asked, json!({})).await;
    let lines = plan["plan"]["actionLines"].as_array().unwrap().iter();
    let all: Vec<Value> = lines.flat_map(|line| line["indicators"].as_array().unwrap().clone()).collect();
    assert_eq!(all.iter().map(|row| row["key"].as_str().unwrap()).collect::<Vec<_>>(), INDICATORS);
    all
}

/// Whether a value is what was reckoned, to two decimals.
fn same(value: &Value, reckoned: f64) -> bool {
    value.as_f64().map_or(reckoned.is_nan(), |value| (value - reckoned).abs() < 0.005 + 1e-9)
}

#[tokio::test]
async fn every_indicator_says_what_was_reckoned_by_hand() {
    let world = World::new().await;
    let visitor = world.visitor(CHIPAQUE);
    let known = [sheets(&visitor, false).await, sheets(&visitor, true).await];
    for (when, step) in year() {
        world.clock.advance(when - kernel::Platform::clock(&world.platform).now());
        let (day, coordinator) = (kernel::clock::local(when).date(), world.actor(CHIPAQUE, Role::Coordinator).await);
        play(&world, &coordinator, &known, day, &step).await;
        if !matches!(step, Step::Round) || (day + Duration::DAY).day() != 1 {
            continue;
        }
        let month = usize::from(u8::from(day.month())) - 1;
        let (name, reckoned) = TABLE[month];
        let mut lights = String::new();
        for (row, reckoned) in indicators(&visitor, "latest { value } light { state text }").await.iter().zip(reckoned) {
            assert!(same(&row["latest"]["value"], reckoned), "{name} {}: {} and not {reckoned}", row["key"], row["latest"]["value"]);
            let state = row["light"]["state"].as_str().unwrap();
            lights.push(match state {
                "GREY" => 'N',
                "UNKNOWN" => '?',
                other => other.chars().next().unwrap(),
            });
            assert!(row["light"]["text"].as_str().unwrap().ends_with('.'), "a light is never told by its colour alone: {row}");
        }
        assert_eq!(lights, LIGHTS[month], "{name}");
    }

    // The year is over: its figures are closed as they stood on its last evening, each with the target that was in force.
    let targets = [7.0, 4.0, 2.0, 1.0, 100.0, 100.0, 50.0, 50.0, X, 100.0, 100.0, 100.0, 100.0, 100.0];
    let closed = indicators(&visitor, "periods(first: 60) { totalCount nodes { startsOn endsOn value target reached lockedAt } }").await;
    for ((row, reckoned), target) in closed.iter().zip(TABLE[11].1).zip(targets).skip(1) {
        let year = &row["periods"]["nodes"][0];
        assert_eq!(
            (&row["periods"]["totalCount"], &year["startsOn"], &year["endsOn"]),
            (&json!(1), &json!("2027-01-01"), &json!("2027-12-31"))
        );
        assert!(same(&year["value"], reckoned) && same(&year["target"], target), "{}: {year}", row["key"]);
        assert_eq!(year["lockedAt"], "2028-01-03T01:00:00.000Z", "by the first round of the new year");
    }
    let reached = |place: usize| closed[place]["periods"]["nodes"][0]["reached"].as_f64();
    assert_eq!(
        [reached(1), reached(2), reached(3), reached(6)],
        [Some(100.0), Some(100.0), Some(0.0), Some(60.0)],
        "30 of 50 is 60 % of the target"
    );

    // The weeks: 52 have ended, the last on Sunday 26 December; each has the worst of its evenings.
    let weeks = closed[0]["periods"]["nodes"].as_array().unwrap();
    assert_eq!((weeks.len(), &weeks[0]["startsOn"], &weeks[51]["startsOn"]), (52, &json!("2027-12-20"), &json!("2026-12-28")));
    for week in weeks {
        let other = WEEKS.iter().find(|(monday, _)| week["startsOn"] == *monday).map(|(_, days)| *days);
        let days = other.unwrap_or(4.0);
        assert!(same(&week["value"], days), "{week}");
        assert_eq!(week["reached"] == 100.0, days <= 7.0, "{week}");
    }
    assert_eq!(weeks.iter().filter(|week| week["reached"] != 100.0).count(), 3, "three weeks of the year were not met");

    // What is closed does not move, whatever is done and read afterwards.
    let coordinator = world.actor(CHIPAQUE, Role::Coordinator).await;
    world.clock.advance(Duration::DAY);
    play(&world, &coordinator, &known, date!(2028 - 01 - 03), &Step::Agreement { slug: "icbf", level: "NATIONAL" }).await;
    play(&world, &coordinator, &known, date!(2028 - 01 - 03), &Step::Round).await;
    let again = indicators(&visitor, "latest { value } periods(first: 1) { nodes { startsOn value lockedAt } }").await;
    for (before, after) in closed.iter().zip(&again).skip(1) {
        let (before, after) = (&before["periods"]["nodes"][0], &after["periods"]["nodes"][0]);
        assert_eq!((&before["value"], &before["lockedAt"]), (&after["value"], &after["lockedAt"]));
    }
    assert_eq!(again[3]["latest"]["value"], 1.0, "and the new year counts anew");
    assert_eq!(again[0]["periods"]["nodes"][0]["startsOn"], "2027-12-27", "the last week of the old year is closed too");
}
