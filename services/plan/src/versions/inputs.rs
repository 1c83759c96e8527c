//! What the forms of a draft bring, checked and laid into its text. Pure; text areas hold one thing a line.

use async_graphql::{ID, InputObject};
use kernel::error::Faults;
use kernel::graphql::LocalDate;
use kernel::{Error, Result, text};
use sqlx::types::Uuid;
use time::Date;

use super::model::{Act, ActKind, Signature};
use super::rules::{self, Contradiction};
use crate::indicators::model::{Accumulation, Cadence, IndicatorKind, IndicatorSort};
use crate::indicators::pack::{BaselineFile, IndicatorFile};
use crate::text::document::{Document, LineFile};
use crate::text::model::{ClosingActivity, Period, PlanIncentive};

const TEXT: usize = 20_000;
const ITEM: usize = 2_000;
const ITEMS: usize = 60;

/// The faults of a form, with the checks that several forms share.
#[derive(Default)]
struct Checks(Faults);

impl Checks {
    fn fits(&mut self, field: &str, text: &str, most: usize) -> String {
        let text = text.trim();
        let fits = text.chars().count() <= most && !text.contains('\0');
        self.0.require(fits, field, "LENGTH", format!("Es demasiado largo: caben {most} letras"));
        text.to_owned()
    }

    fn needed(&mut self, field: &str, text: &str, most: usize, message: &str) -> String {
        self.0.require(!text.trim().is_empty(), field, "REQUIRED", message);
        self.fits(field, text, most)
    }

    fn optional(&mut self, field: &str, text: Option<&str>, most: usize) -> Option<String> {
        Some(self.fits(field, text?, most)).filter(|text| !text.is_empty())
    }

    fn list(&mut self, field: &str, text: &str) -> Vec<String> {
        let items = rules::lines(text);
        self.0.require(items.len() <= ITEMS, field, "LENGTH", format!("Caben {ITEMS} líneas"));
        let fit = items.iter().all(|item| item.chars().count() <= ITEM && !item.contains('\0'));
        self.0.require(fit, field, "LENGTH", format!("Una línea es demasiado larga: caben {ITEM} letras"));
        items
    }

    fn listed(&mut self, field: &str, text: &str, message: &str) -> Vec<String> {
        let items = self.list(field, text);
        self.0.require(!items.is_empty(), field, "REQUIRED", message);
        items
    }

    fn consistent(&mut self, contradictions: Vec<Contradiction>) {
        for (field, code, message) in contradictions {
            self.0.require(false, field, code, message);
        }
    }

    fn done(self) -> Result<()> {
        self.0.into_result()
    }
}

/// The key of a new plan: as written, or of its period.
pub(crate) fn key(key: Option<&str>, from: i32, to: i32) -> Result<String> {
    let mut checks = Checks::default();
    checks.consistent(rules::period(&Period { text: None, derived: false, from_year: from, to_year: to }));
    let given = key.map(str::trim).filter(|key| !key.is_empty());
    let key = given.map_or_else(|| format!("plan-{from}-{to}"), str::to_owned);
    let known = text::slug(&key) == key && !["acciones", "fases", "indicadores", "marcos", "modelo", "versiones"].contains(&key.as_str());
    checks.0.require(
        known,
        "key",
        "FORM",
        "La clave lleva minúsculas sin tilde, números y guiones, y no es una palabra de las direcciones del plan",
    );
    checks.done()?;
    Ok(key)
}

/// A new plan, from the national model.
#[derive(InputObject)]
pub struct StartPlanInput {
    /// Its key among the plans of the municipality; made of its period where it is left out.
    pub(crate) key: Option<String>,
    /// The first year that it covers; the first of the mayor's term where it is left out.
    pub(crate) from_year: Option<i32>,
    /// The last year that it covers.
    pub(crate) to_year: Option<i32>,
}

/// Which plan is to be revised.
#[derive(InputObject)]
pub struct RevisePlanInput {
    /// The plan's key; the current plan where it is left out.
    pub(crate) key: Option<String>,
}

/// The texts before the matrix.
#[derive(InputObject)]
pub struct KeepPlanTextInput {
    /// Title.
    title: String,
    /// The period in other words than its years, if it needs them.
    period_text: Option<String>,
    /// The first year of the period; null while it is not stated.
    from_year: Option<i32>,
    /// The last year of the period.
    to_year: Option<i32>,
    /// The legal frame; a blank line parts paragraphs.
    legal_frame: String,
    /// The vision.
    vision: String,
    /// The general objective.
    general_objective: String,
    /// The specific objectives, one a line.
    specific_objectives: String,
    /// The lines of the frame of action, one a line.
    framework_lines: String,
}

impl KeepPlanTextInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let mut checks = Checks::default();
        let title = checks.needed("title", &self.title, 300, "Escriba el título del plan");
        let text = checks.optional("periodText", self.period_text.as_deref(), 100);
        let period = match (self.from_year, self.to_year) {
            (Some(from_year), Some(to_year)) => {
                let same =
                    plan.period.as_ref().filter(|known| (known.from_year, known.to_year) == (from_year, to_year) && known.text == text);
                Some(same.cloned().unwrap_or(Period { text, derived: false, from_year, to_year }))
            }
            (None, None) => None,
            (from, _) => {
                let field = if from.is_none() { "fromYear" } else { "toYear" };
                checks.0.require(false, field, "REQUIRED", "Escriba los dos años del período, o ninguno");
                None
            }
        };
        checks.consistent(period.as_ref().map(rules::period).unwrap_or_default());
        let legal_frame = checks.needed("legalFrame", &self.legal_frame, TEXT, "Escriba el marco legal");
        let vision = checks.needed("vision", &self.vision, TEXT, "Escriba la visión");
        let general_objective = checks.needed("generalObjective", &self.general_objective, TEXT, "Escriba el objetivo general");
        let specific_objectives =
            checks.listed("specificObjectives", &self.specific_objectives, "Escriba al menos un objetivo, uno por línea");
        let framework_lines = checks.listed("frameworkLines", &self.framework_lines, "Escriba al menos una línea de acción, una por línea");
        checks.done()?;
        plan.title = title;
        plan.period = period;
        plan.legal_frame = legal_frame;
        plan.vision = vision;
        plan.general_objective = general_objective;
        plan.specific_objectives = specific_objectives;
        plan.framework_lines = framework_lines;
        Ok(())
    }
}

/// The texts after the matrix.
#[derive(InputObject)]
pub struct KeepPlanAnnexesInput {
    /// What is done besides the action lines: blocks parted by a blank line, the title first.
    closing_activities: String,
    /// The table of help: blocks of three lines, problem, procedure and where help is found.
    help_table: String,
    /// What the national agency offers: blocks parted by a blank line, the title first.
    incentives: String,
    /// Who signs the plan.
    signed_by: String,
    /// The entity, as on its letterhead.
    letterhead_name: String,
    /// The office that signs.
    letterhead_dispatch: Option<String>,
    /// Tax number, as printed.
    letterhead_nit: Option<String>,
    /// Motto of the administration.
    letterhead_motto: Option<String>,
    /// Postal address.
    letterhead_address: Option<String>,
    /// Telephone, as printed.
    letterhead_phone: Option<String>,
    /// E-mail.
    letterhead_email: Option<String>,
}

impl KeepPlanAnnexesInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let mut checks = Checks::default();
        let closing = checks.fits("closingActivities", &self.closing_activities, TEXT);
        let help = checks.fits("helpTable", &self.help_table, TEXT);
        let incentives = checks.fits("incentives", &self.incentives, TEXT);
        let two = "Cada bloque lleva el título en la primera línea y el texto debajo; un renglón en blanco los separa";
        let closing = rules::titled(&closing);
        checks.0.require(closing.is_some(), "closingActivities", "FORM", two);
        let incentives = rules::titled(&incentives);
        checks.0.require(incentives.is_some(), "incentives", "FORM", two);
        let help = rules::help(&help, &plan.help_table);
        let three = "Cada bloque lleva tres líneas: problema, procedimiento y asistencia; un renglón en blanco los separa";
        checks.0.require(help.is_some(), "helpTable", "FORM", three);
        let signed_by = checks.needed("signedBy", &self.signed_by, 500, "Escriba quién firma el plan");
        let mut letterhead = plan.letterhead.clone();
        letterhead.name = checks.needed("letterheadName", &self.letterhead_name, 300, "Escriba el nombre de la entidad");
        letterhead.dispatch = checks.optional("letterheadDispatch", self.letterhead_dispatch.as_deref(), 300);
        letterhead.nit = checks.optional("letterheadNit", self.letterhead_nit.as_deref(), 300);
        letterhead.motto = checks.optional("letterheadMotto", self.letterhead_motto.as_deref(), 300);
        letterhead.address = checks.optional("letterheadAddress", self.letterhead_address.as_deref(), 300);
        letterhead.phone = checks.optional("letterheadPhone", self.letterhead_phone.as_deref(), 300);
        letterhead.email = checks.optional("letterheadEmail", self.letterhead_email.as_deref(), 300);
        checks.done()?;
        plan.closing_activities = closing.unwrap_or_default().into_iter().map(|(title, text)| ClosingActivity { title, text }).collect();
        plan.incentives = incentives.unwrap_or_default().into_iter().map(|(title, text)| PlanIncentive { title, text }).collect();
        plan.help_table = help.unwrap_or_default();
        plan.signed_by = signed_by;
        plan.letterhead = letterhead;
        Ok(())
    }
}

/// A remark on how the signed plan was read, which the new text makes needless.
#[derive(InputObject)]
pub struct DropPlanNoteInput {
    /// Its place among the remarks, from one.
    place: i32,
}

impl DropPlanNoteInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let index = usize::try_from(self.place - 1).ok().filter(|index| *index < plan.notes.len()).ok_or(Error::NotFound)?;
        plan.notes.remove(index);
        Ok(())
    }
}

/// A new action line.
#[derive(InputObject)]
pub struct AddPlanLineInput {
    /// Its title.
    pub(crate) title: String,
}

pub(crate) fn add_line(plan: &mut Document, number: i32, title: &str) -> Result<()> {
    let mut checks = Checks::default();
    let title = checks.needed("title", title, 500, "Escriba el título de la acción");
    checks.0.require(plan.action_lines.len() < 30, "title", "TOO_MANY", "Un plan lleva como máximo 30 acciones");
    checks.done()?;
    plan.action_lines.push(LineFile { title, ..LineFile::blank(number) });
    Ok(())
}

fn line(plan: &mut Document, number: i32) -> Result<&mut LineFile> {
    plan.action_lines.iter_mut().find(|line| line.number == number).ok_or(Error::NotFound)
}

/// An action line but for its indicators.
#[derive(InputObject)]
pub struct KeepPlanLineInput {
    /// Its number.
    pub(crate) number: i32,
    /// Title.
    title: String,
    /// What the citizens gain by it, one a line.
    benefits: String,
    /// What is to be done, one a line; after a bar who does it: `Publicar el documento | Comité; Personería`.
    activities: String,
    /// Who answers for it, one a line.
    responsibles: String,
    /// What it is done with, one a line.
    resources: String,
    /// How long it takes.
    duration_text: String,
}

impl KeepPlanLineInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let line = line(plan, self.number)?;
        let mut checks = Checks::default();
        let title = checks.needed("title", &self.title, 500, "Escriba el título de la acción");
        let benefits = checks.listed("benefits", &self.benefits, "Escriba al menos un beneficio, uno por línea");
        checks.listed("activities", &self.activities, "Escriba al menos una actividad, una por línea");
        let activities = rules::activities(&self.activities);
        let named = activities.iter().all(|activity| !activity.text.is_empty());
        checks.0.require(named, "activities", "FORM", "Antes de la barra va la actividad; después, quién la hace");
        let responsibles = checks.listed("responsibles", &self.responsibles, "Escriba quién responde, uno por línea");
        let resources = checks.list("resources", &self.resources);
        let duration_text = checks.needed("durationText", &self.duration_text, 200, "Escriba cuánto tiempo toma");
        checks.done()?;
        line.title = title;
        line.benefits = benefits;
        line.activities = activities;
        line.responsibles = responsibles;
        line.resources = resources;
        line.duration_text = duration_text;
        Ok(())
    }
}

/// An action line that leaves the plan.
#[derive(InputObject)]
pub struct RemovePlanLineInput {
    /// Its number.
    number: i32,
}

impl RemovePlanLineInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        line(plan, self.number)?;
        plan.action_lines.retain(|line| line.number != self.number);
        let about = format!("action_lines.{}", self.number);
        plan.notes.retain(|note| note.about.strip_prefix(&about).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('.')));
        Ok(())
    }
}

/// The dates and the target of a phase.
#[derive(InputObject)]
pub struct KeepPlanPhaseInput {
    /// The phase's key.
    key: String,
    /// The municipality's deadline.
    deadline: LocalDate,
    /// Its target, percent from 0 to 100; null where none is set.
    target: Option<f64>,
    /// Whether the plan sets no target for it, which is not zero.
    no_target: bool,
}

impl KeepPlanPhaseInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let period = plan.period.clone();
        let phase = plan.phases.iter_mut().find(|phase| phase.key == self.key).ok_or(Error::NotFound)?;
        let mut checks = Checks::default();
        let contradicts = self.no_target && self.target.is_some();
        checks.0.require(!contradicts, "target", "CONTRADICTION", "Marcó «sin meta fijada» y escribió una meta: deje una de las dos");
        checks.0.require(self.no_target || self.target.is_some(), "target", "REQUIRED", "Escriba la meta, o marque «sin meta fijada»");
        let mut kept = phase.clone();
        kept.deadline = self.deadline.0;
        kept.target = self.target;
        checks.consistent(rules::phase(&kept, period.as_ref()));
        checks.done()?;
        *phase = kept;
        Ok(())
    }
}

/// Who signs the draft.
#[derive(InputObject)]
pub struct SignPlanDraftInput {
    /// The member who signed the act on paper; left out, one signs with one's own account.
    pub(crate) name: Option<String>,
    /// The member's post.
    pub(crate) post: String,
    /// The body that the member comes from: Alcaldía, Concejo, Personería, comunidad.
    pub(crate) organ: String,
    /// When it was signed on paper; now where it is left out.
    pub(crate) signed_on: Option<LocalDate>,
}

impl SignPlanDraftInput {
    /// The signature of `own`, or of who is named.
    pub(crate) fn signature(&self, own: (&str, Uuid), now: time::OffsetDateTime, today: Date) -> Result<Signature> {
        let mut checks = Checks::default();
        let named = checks.optional("name", self.name.as_deref(), 200);
        let post = checks.needed("post", &self.post, 200, "Escriba el cargo");
        let organ = checks.needed("organ", &self.organ, 200, "Escriba de dónde viene: Alcaldía, Concejo, Personería o comunidad");
        let in_time = self.signed_on.is_none_or(|day| day.0 <= today);
        checks.0.require(in_time, "signedOn", "RANGE", "La firma no puede tener una fecha futura");
        checks.done()?;
        let noon = |day: LocalDate| day.0.with_hms(12, 0, 0).map_or(now, |at| at.assume_offset(kernel::clock::BOGOTA));
        Ok(match named {
            Some(name) => Signature { name, post, organ, signed_at: self.signed_on.map_or(now, noon).min(now), account: None },
            None => Signature { name: own.0.to_owned(), post, organ, signed_at: now, account: Some(own.1) },
        })
    }
}

/// A signature that is taken off the draft.
#[derive(InputObject)]
pub struct UnsignPlanDraftInput {
    /// The name in it.
    pub(crate) name: String,
}

/// The draft that is thrown away.
#[derive(InputObject)]
pub struct DiscardPlanDraftInput {
    /// Must be true: what is discarded does not come back.
    pub(crate) confirm: bool,
}

/// The reason and the act that put the draft in force.
#[derive(InputObject)]
pub struct AdoptPlanInput {
    /// Why the plan changes, as the public will read it.
    reason: String,
    /// What sort of act adopts it.
    act_kind: ActKind,
    /// The act's number.
    act_number: String,
    /// The act's date.
    act_date: LocalDate,
    /// Who issued it.
    act_authority: String,
    /// The act itself: uploads that wait.
    files: Option<Vec<ID>>,
}

/// What an adoption says, with its uploads.
pub(crate) struct Adoption {
    input: AdoptPlanInput,
    pub(crate) files: Vec<Uuid>,
}

impl AdoptPlanInput {
    pub(crate) fn read(mut self) -> Result<Adoption> {
        let ids = self.files.take().unwrap_or_default();
        let files: Option<Vec<Uuid>> = ids.iter().map(|id| Uuid::parse_str(id).ok()).collect();
        let files = files.ok_or_else(|| Error::field("files", "NOT_FOUND", "Uno de los archivos ya no está. Elíjalo otra vez"))?;
        Ok(Adoption { input: self, files })
    }
}

/// The reason and the act of an adoption.
pub(crate) fn adoption(adoption: &Adoption, today: Date) -> Result<(String, Act)> {
    let input = &adoption.input;
    let mut checks = Checks::default();
    let reason = checks.needed("reason", &input.reason, ITEM, "Escriba por qué cambia el plan: lo leerá la ciudadanía");
    let short = !reason.is_empty() && reason.chars().count() < 15;
    checks.0.require(!short, "reason", "LENGTH", "Explique el motivo en una frase completa");
    let number = checks.needed("actNumber", &input.act_number, 60, "Escriba el número del acto");
    let authority = checks.needed("actAuthority", &input.act_authority, 200, "Escriba quién expidió el acto");
    checks.0.require(input.act_date.0 <= today, "actDate", "RANGE", "El acto no puede tener una fecha futura");
    checks.done()?;
    Ok((reason, Act { kind: input.act_kind, number, date: input.act_date.0, authority }))
}

/// An indicator that leaves its action line; what was found of it stays.
#[derive(InputObject)]
pub struct RemovePlanIndicatorInput {
    /// The number of the action line.
    pub(crate) number: i32,
    /// The indicator's key in it.
    key: String,
}

impl RemovePlanIndicatorInput {
    pub(crate) fn lay(&self, plan: &mut Document) -> Result<()> {
        let about = format!("action_lines.{}.{}", self.number, self.key);
        let line = line(plan, self.number)?;
        let before = line.indicators.len();
        line.indicators.retain(|indicator| indicator.key != self.key);
        if line.indicators.len() == before {
            return Err(Error::NotFound);
        }
        plan.notes.retain(|note| note.about != about);
        Ok(())
    }
}

/// An indicator of an action line.
#[derive(InputObject)]
pub struct KeepPlanIndicatorInput {
    /// The number of the action line.
    pub(crate) number: i32,
    /// Its key in it; left out, or `nuevo`, the indicator is new and its key is made of its name.
    key: Option<String>,
    /// What is counted.
    name: String,
    /// The target in words, as the citizens read it; null where none is set.
    target: Option<String>,
    /// The figure of the target.
    target_value: Option<f64>,
    /// The unit: `%`, `días`, `sí o no`, or what is counted.
    unit: Option<String>,
    /// How often the target has to be met.
    cadence: Option<Cadence>,
    /// Whether the platform computes it or the committee records it.
    kind: IndicatorKind,
    /// The measure that it is computed by, where the platform computes it.
    measure: Option<String>,
    /// A remark on how it is counted.
    note: Option<String>,
    /// What sort of figure it is; told by the unit where it is left out.
    sort: Option<IndicatorSort>,
    /// How the figure of a period is made; told by the unit where it is left out.
    accumulation: Option<Accumulation>,
    /// Where it stood before the plan.
    baseline: Option<f64>,
    /// When that was found.
    baseline_on: Option<LocalDate>,
    /// Targets of single years, one a line: `2026: 4`.
    targets: Option<String>,
    /// Who answers for it, where it is not who answers for the action line.
    responsible: Option<String>,
    /// What proves a figure of it.
    evidence: Option<String>,
}

impl KeepPlanIndicatorInput {
    /// Lays it into its line; `known` tells whether a measure of that name is offered.
    pub(crate) fn lay(&self, plan: &mut Document, known: impl Fn(&str) -> bool) -> Result<()> {
        let line = line(plan, self.number)?;
        let given = self.key.as_deref().filter(|key| *key != "nuevo");
        let place = given.map(|key| line.indicators.iter().position(|row| row.key == key).ok_or(Error::NotFound)).transpose()?;
        let mut checks = Checks::default();
        let name = checks.needed("name", &self.name, 500, "Escriba qué se cuenta");
        let key = given.map_or_else(|| free_key(line, &name), str::to_owned);
        let measure = checks.optional("measure", self.measure.as_deref(), 200);
        let computed = self.kind == IndicatorKind::Computed;
        checks.0.require(!computed || measure.is_some(), "measure", "REQUIRED", "Elija el hecho medible con que lo calcula la plataforma");
        checks.0.require(
            computed || measure.is_none(),
            "measure",
            "CONTRADICTION",
            "Un indicador que registra el Comité no lleva hecho medible",
        );
        let offered = measure.as_deref().is_none_or(&known);
        checks.0.require(offered, "measure", "NOT_FOUND", "La plataforma no calcula ese hecho medible; elija uno de la lista");
        let targets = rules::year_targets(self.targets.as_deref().unwrap_or_default());
        checks.0.require(targets.is_some(), "targets", "FORM", "Escriba un año y su meta por línea, por ejemplo 2026: 4");
        let row = IndicatorFile {
            key,
            name,
            target: checks.optional("target", self.target.as_deref(), 300),
            target_value: self.target_value,
            unit: checks.optional("unit", self.unit.as_deref(), 40),
            cadence: self.cadence,
            kind: self.kind,
            measure,
            note: checks.optional("note", self.note.as_deref(), ITEM),
            sort: self.sort,
            accumulation: self.accumulation,
            baseline: self.baseline.map(|value| BaselineFile { value, on: self.baseline_on.map(|day| day.0) }),
            targets: targets.unwrap_or_default(),
            responsible: checks.optional("responsible", self.responsible.as_deref(), 300),
            evidence: checks.optional("evidence", self.evidence.as_deref(), 300),
        };
        let dated = self.baseline.is_some() || self.baseline_on.is_none();
        checks.0.require(dated, "baseline", "REQUIRED", "Escriba la cifra de la línea de base, o quite su fecha");
        checks.consistent(rules::indicator(&row));
        checks.0.require(place.is_some() || line.indicators.len() < 30, "name", "TOO_MANY", "Una acción lleva como máximo 30 indicadores");
        checks.done()?;
        match place {
            Some(place) => line.indicators[place] = row,
            None => line.indicators.push(row),
        }
        Ok(())
    }
}

/// A key made of a name, that no other indicator of the line bears.
fn free_key(line: &LineFile, name: &str) -> String {
    let made = text::slug(name);
    let made = if made.is_empty() || made == "nuevo" { "indicador".to_owned() } else { made };
    let taken = |key: &str| line.indicators.iter().any(|row| row.key == key);
    let numbered = (2..).map(|number| format!("{made}-{number}"));
    std::iter::once(made.clone()).chain(numbered).find(|key| !taken(key)).unwrap_or(made)
}
