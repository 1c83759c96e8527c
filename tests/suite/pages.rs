//! Every page: its document against the schema, its address as whoever may see it, its form, and what people type shown as text.

use std::collections::BTreeSet;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use http::{StatusCode, header};
use kernel::directory::Audience;
use kernel::{Platform, Role};
use serde_json::{Value, json};
use suite::browser::{Browser, Front, Shown};
use suite::{Actor, CHIPAQUE, World, email};
use web::{Pages, ROUTES, Route};

fn schema() -> Valid<Schema> {
    Schema::parse_and_validate(api::sdl(), "schema.graphql").unwrap_or_else(|faults| panic!("{}", faults.errors))
}

fn faults(schema: &Valid<Schema>, document: &str, name: &str) -> Option<String> {
    ExecutableDocument::parse_and_validate(schema, document, name).err().map(|faults| faults.errors.to_string())
}

#[test]
fn every_document_is_valid_against_the_schema() {
    let (schema, pages) = (schema(), Pages::load().unwrap());
    let wrong: Vec<_> = pages.iter().filter_map(|(key, page)| faults(&schema, &page.document, key)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pages.iter().count() > 30);
}

#[test]
fn a_document_that_is_not_valid_is_found() {
    let schema = schema();
    for wrong in [
        "query A { municipality { name }",
        "query A { municipality { nombre } }",
        "query A($q: String) { search(query: $q) { totalCount } }",
        "query A($q: String!) { viewer { name } }",
        "query A { viewer { ...Missing } }",
        "mutation A { publishNews(input: { title: 1 }) { userErrors { code } } }",
    ] {
        assert!(faults(&schema, wrong, "wrong").is_some(), "{wrong}");
    }
    assert_eq!(faults(&schema, "query A { municipality { name } }", "right"), None);
}

#[test]
fn every_page_has_an_address() {
    let pages = Pages::load().unwrap();
    let reached: BTreeSet<_> = ROUTES.iter().map(|route| route.page).collect();
    let lost: Vec<_> = pages.iter().map(|(key, _)| key).filter(|key| !reached.contains(key.as_str())).collect();
    assert!(lost.is_empty(), "no address leads to {lost:?}");
}

/// Text as somebody would type it who wants to run a script in other people's browsers.
const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// A town where every text that people can type is that script, and what its addresses are filled with.
struct Town {
    _world: World,
    front: Front,
    radicado: String,
    answered: String,
    ticket: String,
    /// A seat, a task, a meeting and an evaluation of the committee.
    committee: [String; 4],
    /// A published handover.
    handover: String,
    /// An experience that is a broadcast.
    experience: String,
    /// The code of a certificate.
    certificate: String,
}

/// An entity, an agreement and a course bear that script as their names; this is how addresses show it.
const SCRIPTED: &str = "script-alert-1-script-img-src-x-onerror-alert-2";

/// The indicator of that name, which the committee records by hand: its line and its key.
const INDICATOR: &str = "1 script-alert-1-script-img-src-x-onerror-alert-2";

/// A published agreement that ended early, with a result that stands and one that was annulled.
async fn agreement(coordinator: &Actor<'_>) {
    let entity = json!({ "name": SCRIPT, "level": "LOCAL", "kind": "COMPANY", "priority": true, "web": "https://example.org", "contactName": SCRIPT,
                         "contactPhone": "<b>1</b>" });
    done(coordinator, "keepEntity", entity, "").await;
    let agreement = json!({ "entity": SCRIPTED, "title": SCRIPT, "number": "<b>1</b>", "topics": [SCRIPT], "object": SCRIPT, "signedOn": "2026-05-04" });
    done(coordinator, "keepAgreement", agreement, "").await;
    for key in ["r1", "r2"] {
        let result = json!({ "slug": SCRIPTED, "happenedOn": "2026-06-01", "text": SCRIPT, "evidence": SCRIPT, "idempotencyKey": key });
        let added = done(coordinator, "addAgreementResult", result, "agreement { results { id } }").await;
        if key == "r2" {
            let annulled = json!({ "id": added["agreement"]["results"][1]["id"], "reason": SCRIPT });
            done(coordinator, "annulAgreementResult", annulled, "").await;
        }
    }
    done(coordinator, "endAgreement", json!({ "slug": SCRIPTED, "endedOn": "2026-11-20", "reason": SCRIPT }), "").await;
    done(coordinator, "setAgreementPublished", json!({ "slug": SCRIPTED, "published": true }), "").await;
}

/// A course with a session that was held, one that comes and was cancelled, and a person with a certificate, whose code this is.
async fn training(coordinator: &Actor<'_>) -> String {
    let course =
        json!({ "title": SCRIPT, "audiences": ["COMUNIDAD"], "topics": [SCRIPT], "provider": SCRIPT, "hours": 2, "agreement": SCRIPTED });
    done(coordinator, "keepCourse", course, "").await;
    let session = |day: &str| json!({ "slug": SCRIPTED, "day": day, "hour": "08:00", "minutes": 60, "place": SCRIPT, "link": "https://example.org/sala", "idempotencyKey": day });
    let kept = done(coordinator, "keepSession", session("2026-11-20"), "course { sessions { id } }").await;
    let held = kept["course"]["sessions"][0]["id"].clone();
    let kept = done(coordinator, "keepSession", session("2026-12-01"), "course { sessions { id } }").await;
    done(coordinator, "cancelSession", json!({ "sessionId": kept["course"]["sessions"][1]["id"], "reason": SCRIPT }), "").await;
    let person = json!({ "slug": SCRIPTED, "name": SCRIPT, "audience": "COMUNIDAD", "belongsTo": SCRIPT });
    let people = done(coordinator, "enrolPerson", person, "course { people { id } }").await;
    let came = json!({ "sessionId": held, "attended": [people["course"]["people"][0]["id"]] });
    done(coordinator, "recordAttendance", came, "").await;
    let issued = done(coordinator, "issueCertificates", json!({ "slug": SCRIPTED }), "course { people { certificate { code } } }").await;
    issued["course"]["people"][0]["certificate"]["code"].as_str().unwrap().to_owned()
}

/// A circular and its thread, a nomination to a call, an experience that is broadcast, a featured site, the month's news; gives the
/// experience.
async fn incentives(world: &World, coordinator: &Actor<'_>, administrator: &Actor<'_>) -> String {
    let circular = json!({ "title": SCRIPT, "body": SCRIPT, "ask": SCRIPT, "dueOn": "2026-11-30", "audience": "CHOSEN",
                           "municipalities": [CHIPAQUE], "public": true, "idempotencyKey": "c1" });
    done(administrator, "sendCircular", circular, "").await;
    let call = json!({ "title": SCRIPT, "body": SCRIPT, "criteria": format!("60 | Uno {SCRIPT} | {SCRIPT}\n40 | Dos {SCRIPT} | {SCRIPT}"),
                       "prizes": SCRIPT, "opensOn": "2026-11-20", "closesOn": "2026-11-30" });
    let keys = done(administrator, "keepAwardCall", call, "awardCall { criteria { key } }").await["awardCall"]["criteria"].clone();
    done(coordinator, "keepNomination", json!({ "slug": SCRIPTED, "title": SCRIPT, "summary": SCRIPT }), "").await;
    for criterion in keys.as_array().unwrap() {
        done(coordinator, "answerNomination", json!({ "slug": SCRIPTED, "criterion": criterion["key"], "text": SCRIPT }), "").await;
    }
    done(coordinator, "submitNomination", json!({ "slug": SCRIPTED }), "").await;
    let experience = json!({ "title": SCRIPT, "story": SCRIPT, "idempotencyKey": "x1" });
    let id = done(coordinator, "proposeExperience", experience, "experience { id }").await["experience"]["id"].as_str().unwrap().to_owned();
    let decision = json!({ "municipality": CHIPAQUE, "id": id, "accepted": true, "reason": SCRIPT });
    let slug = done(administrator, "decideExperience", decision, "broadcast { slug }").await["broadcast"]["slug"].clone();
    let programme = json!({ "slug": slug, "summary": SCRIPT, "videoUrl": "https://video.example/1", "transcript": SCRIPT.repeat(5) });
    done(administrator, "publishBroadcast", programme, "").await;
    let mut tx = kernel::Scope::Worker(Some(world.tenant(CHIPAQUE).id)).write(world.platform.db()).await.unwrap();
    tx.enqueue("incentives.gather", json!({})).await.unwrap();
    tx.commit().await.unwrap();
    world.settle().await;
    done(coordinator, "answerCircular", json!({ "slug": "2026-1", "text": SCRIPT, "idempotencyKey": "r1" }), "").await;
    let reply = json!({ "slug": "2026-1", "municipality": CHIPAQUE, "text": SCRIPT, "idempotencyKey": "r2" });
    done(administrator, "replyToCircular", reply, "").await;
    done(administrator, "featureMunicipality", json!({ "municipality": CHIPAQUE, "reason": SCRIPT }), "").await;
    done(administrator, "publishMonthlyNews", json!({ "month": "2026-10", "title": SCRIPT, "body": SCRIPT }), "").await;
    id
}

/// The committee's part of the town: approved minutes with a decision, and one of each of the rest.
async fn committee(coordinator: &Actor<'_>) -> [String; 4] {
    let text = |payload: &Value, pointer: &str| payload.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let seat = json!({ "name": SCRIPT, "post": SCRIPT, "organ": "ALCALDIA", "role": "PRESIDES", "act": SCRIPT, "since": "2026-01-01" });
    let seat = text(&done(coordinator, "addCommitteeMember", seat, "committeeMember { id }").await, "/committeeMember/id");
    let task =
        json!({ "title": SCRIPT, "detail": SCRIPT, "responsible": seat, "dueOn": "2026-11-30", "actionLine": 1, "idempotencyKey": "t" });
    let task = text(&done(coordinator, "addTask", task, "task { id }").await, "/task/id");
    let meeting = json!({ "kind": "ORDINARY", "heldOn": "2026-11-20", "time": "08:30", "place": SCRIPT, "agenda": SCRIPT, "public": true,
                          "idempotencyKey": "m" });
    let meeting = text(&done(coordinator, "conveneMeeting", meeting, "meeting { number }").await, "/meeting/number");
    let minutes = json!({ "number": meeting, "minutes": SCRIPT, "present": [seat], "excused": [], "guests": SCRIPT });
    done(coordinator, "writeMinutes", minutes, "").await;
    done(coordinator, "addDecision", json!({ "number": meeting, "text": SCRIPT }), "").await;
    done(coordinator, "approveMinutes", json!({ "number": meeting }), "").await;
    done(coordinator, "addMinutesNote", json!({ "number": meeting, "text": SCRIPT }), "").await;
    let step = json!({ "period": "2026-2", "topic": "SITE", "decision": "TASK", "note": SCRIPT, "task": SCRIPT, "dueOn": "2026-12-01" });
    done(coordinator, "saveReviewStep", step, "").await;
    let evaluation = json!({ "kind": "SURVEY", "title": SCRIPT, "heldFrom": "2026-11-01", "method": SCRIPT, "result": SCRIPT, "figures": SCRIPT,
                             "public": true, "idempotencyKey": "e" });
    let evaluation = text(&done(coordinator, "recordEvaluation", evaluation, "evaluation { id }").await, "/evaluation/id");
    [seat, task, meeting, evaluation]
}

/// A version of the plan that says the script wherever it may, and the next draft.
async fn version(coordinator: &Actor<'_>) {
    done(coordinator, "revisePlan", json!({}), "").await;
    let text = json!({ "title": SCRIPT, "fromYear": 2008, "toYear": 2012, "periodText": SCRIPT, "legalFrame": SCRIPT, "vision": SCRIPT,
                       "generalObjective": SCRIPT, "specificObjectives": SCRIPT, "frameworkLines": SCRIPT });
    done(coordinator, "keepPlanText", text, "").await;
    let block = format!("{SCRIPT}\n{SCRIPT}");
    let annexes = json!({ "closingActivities": block, "helpTable": format!("{block}\n{SCRIPT}"), "incentives": block, "signedBy": SCRIPT,
                          "letterheadName": SCRIPT, "letterheadMotto": SCRIPT });
    done(coordinator, "keepPlanAnnexes", annexes, "").await;
    let indicator = json!({ "number": 1, "name": SCRIPT, "target": SCRIPT, "unit": "<b>1</b>", "kind": "RECORDED", "note": SCRIPT, "responsible": SCRIPT });
    done(coordinator, "keepPlanIndicator", indicator, "").await;
    done(coordinator, "removePlanIndicator", json!({ "number": 4, "key": "servicios-automatizados" }), "").await;
    let line = json!({ "number": 1, "title": SCRIPT, "benefits": SCRIPT, "activities": format!("{SCRIPT} | {SCRIPT}"), "responsibles": SCRIPT,
                       "resources": SCRIPT, "durationText": SCRIPT });
    done(coordinator, "keepPlanLine", line, "").await;
    done(coordinator, "signPlanDraft", json!({ "name": SCRIPT, "post": SCRIPT, "organ": SCRIPT }), "").await;
    let act = json!({ "reason": SCRIPT, "actKind": "OTHER", "actNumber": "<b>1</b>", "actDate": "2026-11-20", "actAuthority": SCRIPT });
    done(coordinator, "adoptPlan", act, "").await;
    done(coordinator, "revisePlan", json!({}), "").await;
    done(coordinator, "addPlanLine", json!({ "title": SCRIPT }), "").await;
    done(coordinator, "signPlanDraft", json!({ "name": SCRIPT, "post": SCRIPT, "organ": SCRIPT }), "").await;
}

/// A handover from its opening to its act, after which everybody stays, and another that is open; the address of the first's document.
async fn handover(world: &World, coordinator: &Actor<'_>) -> String {
    let comes = |key: &str| json!({ "email": "llega@example.org", "name": SCRIPT, "role": "OBSERVER", "incoming": true, "post": SCRIPT, "idempotencyKey": key });
    let opening = json!({ "cause": "OTHER", "leavesOn": "2026-11-23", "note": SCRIPT });
    done(coordinator, "openHandover", opening.clone(), "").await;
    let list = coordinator.run("{ handover { items { key } departures { person { accountId } } } }", json!({})).await["handover"].clone();
    for item in list["items"].as_array().unwrap() {
        done(coordinator, "keepHandoverItem", json!({ "key": item["key"], "state": "READY", "note": SCRIPT }), "").await;
    }
    done(coordinator, "enrolMember", comes("h1"), "").await;
    let mayor = crate::handover_slice::person(world, "llega@example.org").await;
    let (outgoing, incoming) = (coordinator.viewer.id().unwrap().to_string(), mayor.viewer.id().unwrap().to_string());
    done(coordinator, "designateSigners", json!({ "outgoingId": outgoing, "incomingId": incoming }), "").await;
    for signer in [coordinator, &mayor] {
        done(signer, "signHandover", json!({ "name": SCRIPT, "post": SCRIPT, "documentNumber": "<b>1</b>" }), "").await;
    }
    let published = coordinator.run("mutation { publishHandover { handover { slug } userErrors { code } } }", json!({})).await;
    for kind in ["SOCIALISED", "VERIFIED"] {
        done(coordinator, "recordHandover", json!({ "kind": kind, "on": "2026-11-23", "text": SCRIPT }), "").await;
    }
    for row in list["departures"].as_array().unwrap() {
        done(coordinator, "decideDeparture", json!({ "accountId": row["person"]["accountId"], "leaves": false }), "").await;
    }
    done(coordinator, "closeHandover", json!({ "label": SCRIPT }), "").await;
    done(coordinator, "openHandover", opening, "").await;
    done(coordinator, "keepHandoverItem", json!({ "key": "obras", "state": "READY", "note": SCRIPT }), "").await;
    done(coordinator, "enrolMember", comes("h2"), "").await;
    published["publishHandover"]["handover"]["slug"].as_str().unwrap().to_owned()
}

async fn done(actor: &Actor<'_>, mutation: &str, input: Value, asked: &str) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {asked} userErrors {{ field code }} }} }}");
    let payload = actor.run(&document, json!({ "input": input })).await[mutation].clone();
    assert_eq!(payload["userErrors"], json!([]), "{mutation}");
    payload
}

async fn town() -> Town {
    let world = World::new().await;
    let (coordinator, agent) = (world.actor(CHIPAQUE, Role::Coordinator).await, world.actor("soporte", Role::Agent).await);
    let visitor = world.visitor(CHIPAQUE);
    done(&coordinator, "publishNews", json!({ "title": SCRIPT, "body": SCRIPT, "slug": "con-guion" }), "").await;
    let mut radicados = Vec::new();
    for key in ["a", "b"] {
        let petition = json!({ "kind": "RECLAMO", "subject": SCRIPT, "body": SCRIPT, "name": SCRIPT, "email": "rosa@example.com",
                               "anonymous": false, "idempotencyKey": key });
        radicados
            .push(done(&visitor, "filePetition", petition, "case { radicado }").await["case"]["radicado"].as_str().unwrap().to_owned());
    }
    done(&coordinator, "takeCase", json!({ "radicado": radicados[0] }), "").await;
    done(&coordinator, "answerCase", json!({ "radicado": radicados[1], "answer": SCRIPT }), "").await;
    let sheet = json!({ "slug": "certificado-de-residencia", "dependency": SCRIPT, "whoMayAsk": SCRIPT, "requirements": [SCRIPT], "costKind": "FREE",
                        "costNote": SCRIPT, "termBusinessDays": 5, "result": SCRIPT, "legalBasis": SCRIPT, "note": SCRIPT });
    done(&coordinator, "confirmEntry", sheet, "").await;
    done(&coordinator, "setActivityDone", json!({ "actionLine": 1, "activity": 1, "done": true, "evidence": SCRIPT }), "").await;
    world.recorded_by_hand().await;
    let plan = "{ plan { actionLines { number indicators { id kind } } phases { key criteria(first: 100) { nodes { code computed } } } } }";
    let plan = coordinator.run(plan, json!({})).await["plan"].clone();
    let mut indicators = plan["actionLines"].as_array().unwrap().iter().flat_map(|line| line["indicators"].as_array().unwrap());
    let recorded = indicators.find(|indicator| indicator["kind"] == "RECORDED").unwrap();
    done(&coordinator, "recordMeasurement", json!({ "indicatorId": recorded["id"], "value": 3, "evidence": SCRIPT }), "").await;
    let mut criteria = plan["phases"][0]["criteria"]["nodes"].as_array().unwrap().iter();
    let open = criteria.find(|criterion| criterion["computed"] == false).unwrap();
    done(&coordinator, "setCriterionState", json!({ "code": open["code"], "state": "YES", "evidence": SCRIPT }), "").await;
    let account = email(Role::Coordinator, CHIPAQUE);
    done(&visitor, "requestAccess", json!({ "email": account, "phone": "<b>1</b>", "text": SCRIPT, "idempotencyKey": "k" }), "").await;
    let tickets = agent.run("{ tickets { nodes { number } } }", json!({})).await;
    let ticket = tickets["tickets"]["nodes"][0]["number"].as_str().unwrap().to_owned();
    done(&coordinator, "replyToTicket", json!({ "number": ticket, "text": SCRIPT }), "").await;
    done(&agent, "replyToTicket", json!({ "number": ticket, "text": SCRIPT, "internal": true }), "").await;
    let reset = done(&agent, "startReset", json!({ "ticketNumber": ticket, "accountEmail": account }), "reset { id }").await;
    done(&agent, "recordProof", json!({ "resetId": reset["reset"]["id"], "kind": "ACT", "evidence": SCRIPT }), "").await;
    done(&coordinator, "openTicket", json!({ "category": "OTHER", "subject": SCRIPT, "body": SCRIPT, "idempotencyKey": "t" }), "").await;
    let stranger = format!("From: a@b.example\nSubject: {SCRIPT}\nMessage-ID: <1@b.example>\n\n{SCRIPT}\n");
    support::receive(&world.platform, stranger.as_bytes(), &support::Envelope::default()).await.unwrap();
    let administrator = world.actor("agencia", Role::Administrator).await;
    done(&administrator, "closeMonth", json!({ "month": "2026-10" }), "").await;
    let experience = incentives(&world, &coordinator, &administrator).await;
    let committee = committee(&coordinator).await;
    version(&coordinator).await;
    agreement(&coordinator).await;
    let certificate = training(&coordinator).await;
    let handover = handover(&world, &coordinator).await;
    // What the plan computes is read and kept.
    world.settle().await;
    let front = world.front();
    let [radicado, answered] = radicados.try_into().unwrap();
    Town { _world: world, front, radicado, answered, ticket, committee, handover, certificate, experience }
}

fn host(audience: Audience) -> &'static str {
    match audience {
        Audience::Municipality => CHIPAQUE,
        Audience::Support => "soporte",
        Audience::Agency => "agencia",
    }
}

/// Whether the address lies behind the door.
fn closed(path: &str) -> bool {
    path.starts_with("/admin") || path.starts_with("/mesa")
}

/// The style guide is there in `up` mode only, and files are no pages: both have tests of their own.
fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.path != "/admin/estilo" && route.only.is_none())
}

impl Town {
    /// The address with something real in the place of its parameters; a new parameter has to be told here.
    fn address(&self, route: &Route, audience: Audience) -> String {
        let real = match (route.path, audience) {
            ("/noticias/{slug}", Audience::Agency) => "ranking-2026-10",
            ("/noticias/{slug}", _) => "con-guion",
            ("/transparencia/{code}", _) => "1.4",
            ("/alcaldia/{slug}", _) => "municipio",
            ("/plan/acciones/{number}" | "/plan/versiones/{number}" | "/admin/plan/edicion/acciones/{number}", _) => "2",
            ("/admin/plan/edicion/acciones/{number}/indicadores/{key}", _) => "2 entidades-locales",
            ("/plan/{key}", _) => "gel-2008-2012",
            ("/plan/fases/{key}", _) => "informacion",
            ("/plan/marcos/{framework}", _) => "res-1519",
            ("/plan/marcos/{framework}/{phase}", _) => "res-1519 seguridad",
            ("/tramites/{slug}" | "/admin/tramites/{slug}", _) => "certificado-de-residencia",
            ("/servicios/{slug}", _) => "biblioteca-publica-municipal",
            ("/solicitudes/{radicado}" | "/admin/casos/{radicado}", _) => &self.radicado,
            ("/admin/soporte/{number}" | "/mesa/{number}", _) => &self.ticket,
            ("/admin/comite/integrantes/{id}", _) => &self.committee[0],
            ("/admin/comite/tareas/{id}", _) => &self.committee[1],
            ("/admin/comite/actas/{number}" | "/comite/actas/{number}", _) => &self.committee[2],
            ("/admin/comite/evaluaciones/{id}", _) => &self.committee[3],
            (
                "/convenios/{slug}"
                | "/admin/convenios/{slug}"
                | "/admin/capacitacion/{slug}"
                | "/premios/{slug}"
                | "/admin/premios/{slug}"
                | "/admin/incentivos/premios/{slug}",
                _,
            ) => SCRIPTED,
            ("/certificados/{code}", _) => &self.certificate,
            ("/empalme/{slug}", _) => &self.handover,
            ("/admin/empalme/lista/{key}", _) => "obras",
            ("/ranking/{month}" | "/admin/cierres/{month}" | "/admin/noticia-del-mes/{month}", _) => "2026-10",
            ("/lineamientos/{slug}" | "/admin/lineamientos/{slug}", _) => "2026-1",
            ("/admin/lineamientos/{slug}/{municipality}", _) => "2026-1 chipaque-cundinamarca",
            ("/admin/premios/{slug}/{municipality}", _) => return format!("/admin/premios/{SCRIPTED}/{CHIPAQUE}"),
            ("/destacados/{slug}", _) => "2026-11-chipaque-cundinamarca",
            ("/television/{slug}", _) => return format!("/television/{SCRIPTED}-{CHIPAQUE}"),
            ("/admin/television/{municipality}/{id}", _) => return format!("/admin/television/{CHIPAQUE}/{}", self.experience),
            ("/plan/indicadores/{action}/{key}" | "/admin/plan/indicadores/{action}/{key}", _) => INDICATOR,
            ("/municipios/{slug}" | "/admin/planes/{slug}", _) => CHIPAQUE,
            ("/restablecer/{token}", _) => "0123",
            (path, _) => {
                assert!(!path.contains('{'), "{path} needs a parameter");
                return path.to_owned();
            }
        };
        // Where there are several parameters, each has its word.
        real.split(' ').fold(route.path.to_owned(), |path, word| {
            let (before, rest) = path.split_once('{').unwrap();
            format!("{before}{word}{}", rest.split_once('}').unwrap().1)
        })
    }

    /// Somebody who may see everything on the hosts of an audience.
    async fn insider(&self, audience: Audience) -> Browser {
        let (slug, role) = match audience {
            Audience::Municipality => (CHIPAQUE, Role::Coordinator),
            Audience::Support => ("soporte", Role::Supervisor),
            Audience::Agency => ("agencia", Role::Administrator),
        };
        self.front.browser(slug).signed_in(&email(role, slug)).await
    }
}

/// What every page of ours keeps (experience.md; the content security policy holds it too).
fn sound(what: &str, shown: &Shown) {
    let html = &shown.body;
    let policy = shown.header(header::CONTENT_SECURITY_POLICY);
    let framed = policy.contains("frame-ancestors *");
    assert!(
        !framed || (policy.starts_with("default-src 'none'; style-src 'self'") && !html.contains("<script") && !html.contains("<form")),
        "{what}"
    );
    assert_eq!(html.matches("<h1").count(), 1, "{what} has one h1");
    assert_eq!(html.matches("<title>").count(), 1, "{what} has a title");
    for needed in ["<html lang=\"es-CO\"", "<main id=\"contenido\"", "href=\"#contenido\""] {
        assert!(html.contains(needed), "{what} lacks {needed}");
    }
    assert!(!html.contains(" style=") && !html.contains("<style"), "{what} has a style of its own");
    let mut named = BTreeSet::new();
    for landmark in html.split("<nav").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let label = landmark.split_once(" aria-label").unwrap_or_else(|| panic!("{what} has a nav without a name")).1;
        assert!(named.insert(label.split('"').nth(1).unwrap()), "{what} has two of these: {landmark}");
    }
    for script in html.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains(" src=\"/assets/") && rest.starts_with("</script>"), "{what} has a script of its own: {tag}");
    }
    assert!(!html.contains("<img src=x") && !html.contains("\"'>"), "{what} shows what was typed as markup");
    assert!(
        (framed || policy.contains("script-src 'self'")) && policy.contains("style-src 'self'") && !policy.contains("unsafe"),
        "{what}: {policy}"
    );
    assert_eq!(shown.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{what}");
}

#[tokio::test]
async fn every_address_answers_who_may_see_it() {
    let town = town().await;
    let mut escaped = 0;
    for audience in [Audience::Municipality, Audience::Support, Audience::Agency] {
        let (stranger, insider) = (town.front.browser(host(audience)), town.insider(audience).await);
        for route in routes().filter(|route| route.audiences.contains(&audience)) {
            let address = town.address(route, audience);
            let what = format!("{} {address}", host(audience));
            let first = stranger.get(&address).await;
            if closed(&address) {
                assert_eq!(
                    (first.status, first.location()),
                    (StatusCode::SEE_OTHER, format!("/entrar?volver={address}").as_str()),
                    "{what}"
                );
                for also in route.also {
                    let file = also.path.map_or_else(|| format!("{}.{}", address.trim_end_matches('/'), also.ending), str::to_owned);
                    assert_eq!(stranger.get(&file).await.location(), format!("/entrar?volver={file}"), "{what} as {file}, signed out");
                }
            } else {
                assert_eq!(first.status, StatusCode::OK, "{what}, signed out");
                sound(&what, &first);
                escaped += usize::from(first.body.contains("&lt;script&gt;alert(1)"));
            }
            let shown = insider.get(&address).await;
            assert_eq!(shown.status, StatusCode::OK, "{what}, signed in");
            assert_eq!(shown.header(header::CACHE_CONTROL), "no-store", "{what}, signed in");
            sound(&what, &shown);
            escaped += usize::from(shown.body.contains("&lt;script&gt;alert(1)"));
            for also in route.also {
                let file = also.path.map_or_else(|| format!("{}.{}", address.trim_end_matches('/'), also.ending), str::to_owned);
                let shown = insider.get(&file).await;
                assert_eq!(shown.status, StatusCode::OK, "{what} as {file}");
                let media = shown.header(header::CONTENT_TYPE);
                if also.ending == "pdf" {
                    assert_eq!((media, suite::pdf::check(&shown.bytes)), ("application/pdf", Vec::new()), "{file}");
                    continue;
                }
                if also.ending == "json" {
                    assert!(
                        media == "application/json" && serde_json::from_str::<Value>(&shown.body).unwrap().is_object(),
                        "{file}: {media}"
                    );
                    continue;
                }
                assert!(
                    media.ends_with("; charset=utf-8")
                        && media.contains(if also.ending == "ics" { "calendar" } else { also.ending })
                        && !shown.body.trim().is_empty(),
                    "{file}: {media}"
                );
                assert!(["csv", "ics"].contains(&also.ending) || !shown.body.contains("<script"), "{file} shows what was typed as markup");
            }
        }
    }
    let insider = town.insider(Audience::Municipality).await;
    // One that the platform computes lists the facts behind its figure.
    for room in ["", "/admin"] {
        let computed = insider.get(&format!("{room}/plan/indicadores/3/fase-informacion")).await;
        sound("a computed indicator", &computed);
        for pager in ["Páginas de hechos", "Páginas de mediciones"] {
            assert!(computed.body.contains(pager), "{room}: {pager}");
        }
    }
    let answered = insider.get(&format!("/admin/casos/{}", town.answered)).await;
    sound("an answered case", &answered);
    assert!(answered.body.contains("&lt;script&gt;alert(1)") && escaped > 15, "what was typed is shown on {escaped} pages");
}

#[tokio::test]
async fn no_link_leads_nowhere() {
    let town = town().await;
    for audience in [Audience::Municipality, Audience::Support, Audience::Agency] {
        let insider = town.insider(audience).await;
        let mut links: BTreeSet<(String, String)> = BTreeSet::new();
        for route in routes().filter(|route| route.audiences.contains(&audience)) {
            let address = town.address(route, audience);
            let body = insider.get(&address).await.body;
            let found =
                body.split(" href=\"/").chain(body.split(" src=\"/")).skip(1).map(|rest| format!("/{}", rest.split('"').next().unwrap()));
            let found = found.filter(|link| !link.contains(['<', '>'])).map(|link| link.split('#').next().unwrap().replace("&amp;", "&"));
            links.extend(found.filter(|link| !link.starts_with("//")).map(|link| (link, address.clone())));
        }
        let mut dead = Vec::new();
        let mut seen = BTreeSet::new();
        for (link, page) in links {
            if seen.insert(link.clone()) {
                let status = insider.get(&link).await.status;
                if status != StatusCode::OK && status != StatusCode::SEE_OTHER {
                    dead.push(format!("{link} on {page}: {status}"));
                }
            }
        }
        assert!(seen.len() > 5, "{audience:?}: only {} links were found", seen.len());
        assert!(dead.is_empty(), "{audience:?}\n{}", dead.join("\n"));
    }
}

#[tokio::test]
async fn a_page_with_a_key_of_its_own_is_never_kept() {
    let town = town().await;
    let pages = Pages::load().unwrap();
    let mut personal = 0;
    for (key, page) in pages.iter() {
        assert_eq!(page.document.contains("idempotencyKey"), page.personal, "{key}");
    }
    for route in routes().filter(|route| pages.get(route.page).unwrap().personal) {
        let browser =
            if closed(route.path) { town.insider(route.audiences[0]).await } else { town.front.browser(host(route.audiences[0])) };
        let address = town.address(route, route.audiences[0]);
        let (one, two) = (browser.get(&address).await, browser.get(&address).await);
        let key = |shown: &Shown| {
            let rest = shown.body.split_once("name=\"idempotencyKey\" value=\"").unwrap_or_else(|| panic!("{address} shows no key")).1;
            rest.split('"').next().unwrap().to_owned()
        };
        assert_ne!(key(&one), key(&two), "{address}");
        assert_eq!((one.header(header::CACHE_CONTROL), one.header(header::ETAG)), ("no-store", ""), "{address}");
        personal += 1;
    }
    assert!(personal >= 3, "{personal}");
}

/// The fields of a mutation's input, and the schema's own word for each.
fn fields(schema: &Valid<Schema>, document: &str, op: &str) -> Vec<String> {
    let document = ExecutableDocument::parse_and_validate(schema, document, "page").unwrap();
    let operation = document.operations.get(Some(op)).unwrap();
    let inputs = operation.variables.iter().filter_map(|variable| schema.get_input_object(variable.ty.inner_named_type()));
    inputs.flat_map(|input| input.fields.keys().map(ToString::to_string)).collect()
}

#[tokio::test]
async fn every_form_takes_a_script_as_text() {
    let town = town().await;
    let (schema, pages) = (schema(), Pages::load().unwrap());
    let mut forms = 0;
    for route in routes().filter(|route| !route.forms.is_empty()) {
        for audience in route.audiences {
            let browser = if closed(route.path) { town.insider(*audience).await } else { town.front.browser(host(*audience)) };
            let address = town.address(route, *audience);
            for form in route.forms.iter().filter(|form| form.op != "SignOut") {
                let names = fields(&schema, &pages.get(route.page).unwrap().document, form.op);
                // Numbers stay as the address has them, so that the form reaches what it is about.
                let typed: Vec<(&str, &str)> = names
                    .iter()
                    .filter(|name| !["number", "radicado", "ticketNumber"].contains(&name.as_str()) || !closed(route.path))
                    .map(|name| (name.as_str(), SCRIPT))
                    .chain([("_op", form.op)])
                    .collect();
                let shown = browser.post(&address, &typed).await;
                let what = format!("{address} {}: {}", form.op, shown.status);
                assert_ne!(shown.status, StatusCode::BAD_REQUEST, "{what}");
                if closed(route.path) {
                    let sent = town.front.browser(host(*audience)).post(&address, &typed).await;
                    assert_eq!(sent.location(), format!("/entrar?volver={address}"), "{what}, signed out");
                }
                assert!(
                    shown.status.is_client_error() || shown.status == StatusCode::OK || shown.status == StatusCode::SEE_OTHER,
                    "{what}"
                );
                if shown.status != StatusCode::SEE_OTHER {
                    sound(&what, &shown);
                }
                forms += 1;
            }
        }
    }
    assert!(forms > 20, "{forms}");
}

#[tokio::test]
async fn an_empty_petition_says_everything_that_is_missing_and_keeps_the_rest() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    let typed = [
        ("idempotencyKey", "clave-1"),
        ("subject", "Lámpara «apagada»"),
        ("body", ""),
        ("anonymous", "false"),
        ("name", "Rosa"),
        ("email", "rosa@"),
    ];
    let shown = town.post("/pqrsd", &typed).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    sound("/pqrsd", &shown);
    let summary = shown.body.split_once("<div class=\"errors\"").unwrap().1.split_once("</div>").unwrap().0;
    for told in ["Hay 3 errores", "Elija qué quiere presentar", "Escriba qué pasó", "Al correo le falta"] {
        assert!(summary.contains(told), "{told}: {summary}");
    }
    for kept in ["value=\"Lámpara «apagada»\"", "value=\"Rosa\"", "value=\"rosa@\"", "value=\"clave-1\""] {
        assert!(shown.body.contains(kept), "{kept}");
    }
    assert!(shown.body.contains("<title>Hay 3 errores: Presentar una PQRSD"));
    for link in summary.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(shown.body.contains(&format!("id=\"{link}\"")), "the summary leads to #{link}, which is nowhere");
    }
    let nothing = town.post("/pqrsd", &[]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let filed =
        town.post("/pqrsd", &[("kind", "RECLAMO"), ("body", "Hace un mes"), ("anonymous", "true"), ("idempotencyKey", "clave-1")]).await;
    assert_eq!(filed.status, StatusCode::OK);
    sound("the receipt", &filed);
    assert!(filed.body.contains("2026-000001-1") && filed.body.contains("15 de diciembre de 2026"));
}

#[tokio::test]
async fn a_published_news_item_is_everywhere_in_the_very_next_request() {
    let world = World::new().await;
    let front = world.front();
    let reader = front.browser(CHIPAQUE);
    let places =
        ["/", "/noticias", "/noticias.atom", "/noticias.csv", "/sitemap.xml", "/buscar?q=vacunacion", "/noticias/jornada-de-vacunacion"];
    world.clock.advance(time::Duration::days(9));
    for place in places {
        // Twice, so that the cache has it.
        for _ in 0..2 {
            assert!(!reader.get(place).await.body.contains("/noticias/jornada-de-vacunacion\""), "{place}");
        }
    }
    let days =
        "{ measure(name: \"site.days_since_update\") { value } plan { actionLines { indicators { measure latest { value reached } } } } }";
    assert_eq!(world.visitor(CHIPAQUE).run(days, json!({})).await["measure"]["value"], 9.0);
    let editor = reader.signed_in(&email(Role::Editor, CHIPAQUE)).await;
    let sent = editor
        .post("/admin/sitio/nueva", &[("title", "Jornada de vacunación"), ("body", "Mañana a las **8:00** en la plaza."), ("slug", "")])
        .await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/admin/sitio?publicada=jornada-de-vacunacion"));
    sound("what follows", &editor.get(sent.location()).await);
    for place in places {
        let shown = reader.get(place).await;
        assert_eq!(shown.status, StatusCode::OK, "{place}");
        assert!(shown.body.contains("ornada de vacunación") || shown.body.contains("/noticias/jornada-de-vacunacion"), "{place}");
    }
    assert!(reader.get("/noticias/jornada-de-vacunacion").await.body.contains("<strong>8:00</strong>"));
    let after = world.visitor(CHIPAQUE).run(days, json!({})).await;
    assert_eq!(after["measure"]["value"], 0.0);
    let line = &after["plan"]["actionLines"][0]["indicators"][0];
    assert_eq!((&line["measure"], &line["latest"]), (&json!("site.days_since_update"), &json!({ "value": 0.0, "reached": 100.0 })));
    let gone = editor.post("/admin/sitio", &[("slug", "jornada-de-vacunacion")]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(reader.get("/noticias/jornada-de-vacunacion").await.status, StatusCode::NOT_FOUND);
    assert!(!reader.get("/noticias").await.body.contains("vacunación"));
}

#[tokio::test]
async fn what_up_mode_adds_is_not_there_without_it() {
    let world = World::new().await;
    let town = world.front().browser(CHIPAQUE);
    assert_eq!(town.get("/admin/estilo").await.status, StatusCode::NOT_FOUND);
    let platform = std::sync::Arc::new(Platform { up_mode: true, ..(*world.platform).clone() });
    let (recorder, _) = visits::recorder(&platform, visits::Robots::new(Vec::new()).unwrap());
    let up = Front::of(api::Door::new(platform, recorder), Some(world.mailbox.clone()));
    let shown = up.browser(CHIPAQUE).get("/admin/estilo").await;
    assert_eq!(shown.status, StatusCode::OK);
    sound("/admin/estilo", &shown);
    let desk = up.browser("soporte");
    assert_eq!(desk.get("/correo").await.location(), "/entrar?volver=/correo");
    let read = desk.signed_in(&email(Role::Agent, "soporte")).await.get("/correo").await;
    assert_eq!(read.status, StatusCode::OK);
    sound("/correo", &read);
}
