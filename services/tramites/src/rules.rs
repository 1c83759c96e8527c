//! Which entries a town has, what their sheets may tell, and what a committee may confirm.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kernel::error::Faults;
use kernel::search::plain;
use kernel::{Error, Result};
use time::{Duration, OffsetDateTime};

use crate::model::{
    Applies, AutomationLevel, Base, CatalogueKind, Confidence, ConfirmEntryInput, CostKind, EntryRow, EntryState, ReviewState, Sheet,
};

const TRAMITES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/tramites.csv"));
const SERVICES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tenants/national/services.csv"));

/// The catalogue that every town starts from. A row that does not parse is a broken build: a test reads them all.
pub(crate) static BASE: LazyLock<Vec<Base>> =
    LazyLock::new(|| [TRAMITES, SERVICES].into_iter().flat_map(rows).filter_map(std::result::Result::ok).collect());

fn rows(file: &'static str) -> impl Iterator<Item = csv::Result<Base>> {
    csv::Reader::from_reader(file.as_bytes()).into_deserialize()
}

/// How long a reviewed sheet stays reviewed: the plan asks for a review each half year.
pub(crate) const REVIEW_EVERY: Duration = Duration::days(180);

/// The town's catalogue by name: the national base under the town's entries, and what the town has of its own.
pub(crate) fn catalogue(entries: Vec<EntryRow>) -> Vec<Sheet> {
    let mut entries: BTreeMap<String, EntryRow> = entries.into_iter().map(|entry| (entry.slug.clone(), entry)).collect();
    let mut sheets: Vec<Sheet> = BASE
        .iter()
        .map(|base| Sheet { base: Some(base), entry: entries.remove(&base.slug).unwrap_or_else(|| EntryRow::silent(&base.slug)) })
        .collect();
    sheets.extend(entries.into_values().map(|entry| Sheet { base: None, entry }));
    sheets.sort_by_cached_key(|sheet| plain(sheet.name()));
    sheets
}

/// An entry that is not of the national base needs a name and a kind of its own.
pub(crate) fn complete(entry: &EntryRow) -> bool {
    (entry.name.is_some() && entry.kind.is_some()) || BASE.iter().any(|base| base.slug == entry.slug)
}

impl Sheet {
    pub(crate) fn name(&self) -> &str {
        self.entry.name.as_deref().or(self.base.map(|base| base.name.as_str())).unwrap_or(&self.entry.slug)
    }

    pub(crate) fn kind(&self) -> CatalogueKind {
        self.entry.kind.or(self.base.map(|base| base.kind)).unwrap_or_default()
    }

    pub(crate) fn automation(&self) -> AutomationLevel {
        self.entry.automation.unwrap_or_default()
    }

    pub(crate) fn dependency(&self) -> Option<&str> {
        self.entry.dependency.as_deref().or(self.base.map(|base| base.dependency.as_str()))
    }

    pub(crate) fn path(&self) -> String {
        let list = if self.kind() == CatalogueKind::Service { "servicios" } else { "tramites" };
        format!("/{list}/{}", self.entry.slug)
    }

    /// Whether it exists in this town; what exists only in some towns is shown until the town says no.
    pub(crate) fn applies(&self) -> bool {
        self.entry.applies.unwrap_or(self.base.is_none_or(|base| base.applies_to_category_6 != Applies::No))
    }

    /// Whether it exists only in some towns and this one has not said.
    pub(crate) fn conditional(&self) -> bool {
        self.entry.applies.is_none() && self.base.is_some_and(|base| base.applies_to_category_6 == Applies::Condicional)
    }

    pub(crate) fn state(&self) -> EntryState {
        match (self.applies(), self.entry.published) {
            (false, _) => EntryState::NotApplicable,
            (true, false) => EntryState::Withdrawn,
            (true, true) => EntryState::Published,
        }
    }

    pub(crate) fn public(&self) -> bool {
        self.state() == EntryState::Published
    }

    /// Whether somebody answers for the sheet: the town's committee, or the published source in which the base saw it.
    pub(crate) fn confirmed(&self) -> bool {
        self.entry.confirmed_at.is_some() || self.base.is_some_and(|base| base.confidence == Confidence::Seen)
    }

    pub(crate) fn review(&self, now: OffsetDateTime) -> ReviewState {
        if !self.public() {
            ReviewState::Hidden
        } else if !self.confirmed() {
            ReviewState::ToConfirm
        } else if self.entry.confirmed_at.is_none_or(|at| now - at > REVIEW_EVERY) {
            ReviewState::ToReview
        } else {
            ReviewState::UpToDate
        }
    }

    /// The sheet as it would read if it were confirmed as it stands.
    pub(crate) fn as_if_confirmed(&self) -> Self {
        let entry = EntryRow { applies: Some(self.applies()), confirmed_at: Some(OffsetDateTime::UNIX_EPOCH), ..self.entry.clone() };
        Self { entry, ..self.clone() }
    }

    /// What may be told: the town's own word; else the base's, unless it is doubtful and nobody has confirmed the sheet.
    fn told<T>(&self, own: Option<T>, base: impl FnOnce(&'static Base) -> Option<T>) -> Option<T> {
        let sure = |base: &&Base| self.confirmed() || base.confidence != Confidence::MemoryMedium;
        own.or_else(|| self.base.filter(sure).and_then(base))
    }

    pub(crate) fn who_may_ask(&self) -> Option<&str> {
        self.told(self.entry.who_may_ask.as_deref(), |base| Some(&base.who_may_ask))
    }

    pub(crate) fn requirements(&self) -> Option<Vec<String>> {
        self.told(self.entry.requirements.clone(), |base| Some(base.requirements()))
    }

    pub(crate) fn cost_kind(&self) -> Option<CostKind> {
        self.told(self.entry.cost_kind, |base| Some(base.cost_kind))
    }

    pub(crate) fn term(&self) -> Option<i32> {
        self.told(self.entry.term_business_days, |base| base.legal_term_business_days)
    }

    pub(crate) fn result(&self) -> Option<&str> {
        self.told(self.entry.result.as_deref(), |base| base.result.as_deref())
    }

    pub(crate) fn legal_basis(&self) -> Option<&str> {
        self.told(self.entry.legal_basis.as_deref(), |base| Some(&base.legal_basis))
    }

    pub(crate) fn note(&self) -> Option<&str> {
        const ONLY_SOME: &str = "No todos los municipios lo tienen. Pregunte a la dependencia si aplica en su caso.";
        self.entry.note.as_deref().or_else(|| self.conditional().then_some(ONLY_SOME))
    }

    /// Whether every word is in its name, its result or its requirements; accents and case do not matter.
    pub(crate) fn found_by(&self, words: &[String]) -> bool {
        // A list that is not searched must not spell out every sheet.
        if words.is_empty() {
            return true;
        }
        let text =
            plain(&format!("{} {} {}", self.name(), self.result().unwrap_or_default(), self.requirements().unwrap_or_default().join(" ")));
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

impl Base {
    pub(crate) fn requirements(&self) -> Vec<String> {
        if self.requirements == "Ninguno" {
            return Vec::new();
        }
        self.requirements.split("; ").map(sentence).collect()
    }
}

impl CatalogueKind {
    pub(crate) fn spoken(self) -> &'static str {
        match self {
            Self::Tramite => "Trámite",
            Self::Opa => "Otro procedimiento",
            Self::Consulta => "Consulta",
            Self::Service => "Servicio",
        }
    }
}

impl CostKind {
    pub(crate) fn spoken(self) -> &'static str {
        match self {
            Self::Free => "Gratuito",
            Self::Tax => "Según liquidación",
            Self::MunicipalRate => "Tarifa del acuerdo municipal",
            Self::Expensas => "Expensas",
            Self::RegulatedRate => "Tarifa regulada",
            Self::ByAffiliation => "Según su afiliación",
            Self::CopyCost => "Valor de las copias",
        }
    }
}

/// A term in words.
pub(crate) fn spoken_term(days: i32) -> String {
    match days {
        0 => "Inmediato".to_owned(),
        1 => "Hasta 1 día hábil".to_owned(),
        days => format!("Hasta {days} días hábiles"),
    }
}

/// The words of a search, as they are compared.
pub(crate) fn words(typed: Option<&str>) -> Result<Vec<String>> {
    let typed = typed.unwrap_or_default();
    if typed.chars().count() > 200 {
        return Err(Error::BadRequest("La búsqueda tiene más de 200 letras.".into()));
    }
    Ok(plain(typed).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The town's entry as the committee confirms it: every word of the sheet is the town's from then on, whatever becomes of the base.
pub(crate) fn confirmed(sheet: &Sheet, input: ConfirmEntryInput, by: &str, at: OffsetDateTime) -> Result<EntryRow> {
    let mut faults = Faults::default();
    let mut text = |field: &str, typed: Option<String>, limit: usize| {
        let typed = typed.map(|typed| typed.trim().to_owned()).filter(|typed| !typed.is_empty())?;
        faults.require(typed.chars().count() <= limit, field, "LENGTH", format!("Tiene más de {limit} letras; acórtelo"));
        faults.require(!typed.contains('\0'), field, "FORM", "Trae un carácter que no se puede guardar");
        Some(typed)
    };
    let dependency = text("dependency", input.dependency, 160);
    let dependency_slug = text("dependencySlug", input.dependency_slug, 120);
    let who_may_ask = text("whoMayAsk", input.who_may_ask, 300);
    let cost_note = text("costNote", input.cost_note, 300);
    let result = text("result", input.result, 300);
    let legal_basis = text("legalBasis", input.legal_basis, 600);
    let suit_number = text("suitNumber", input.suit_number, 20).map(|typed| typed.trim_start_matches(['T', 't']).to_owned());
    let note = text("note", input.note, 600);
    let requirements: Vec<String> =
        lines(&input.requirements.unwrap_or_default()).into_iter().filter_map(|line| text("requirements", Some(line), 300)).collect();
    let service = sheet.kind() == CatalogueKind::Service;
    faults.require(requirements.len() <= 40, "requirements", "LENGTH", "Son más de 40 requisitos; una varios en uno");
    faults.require(input.cost_kind.is_some(), "costKind", "REQUIRED", "Elija qué clase de costo tiene");
    faults.require(
        service || input.term_business_days.is_some(),
        "termBusinessDays",
        "REQUIRED",
        "Escriba el plazo en días hábiles; 0 si es inmediato",
    );
    let in_range = input.term_business_days.is_none_or(|days| (0..=365).contains(&days));
    faults.require(in_range, "termBusinessDays", "RANGE", "El plazo va de 0 a 365 días hábiles");
    faults.require(who_may_ask.is_some(), "whoMayAsk", "REQUIRED", "Escriba quién puede pedirlo");
    faults.require(service || result.is_some(), "result", "REQUIRED", "Escriba qué recibe la persona");
    faults.require(legal_basis.is_some(), "legalBasis", "REQUIRED", "Escriba la norma que lo permite; sin ella no se puede pedir nada");
    let digits = |number: &String| (1..=7).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    faults.require(suit_number.as_ref().is_none_or(digits), "suitNumber", "FORM", "El número SUIT lleva de 1 a 7 cifras, por ejemplo 2621");
    faults.into_result()?;
    Ok(EntryRow {
        // Who confirms the sheet of what only some towns have says that this town has it.
        applies: Some(sheet.applies()),
        dependency: dependency.or_else(|| sheet.dependency().map(str::to_owned)),
        dependency_slug,
        who_may_ask,
        requirements: Some(requirements),
        cost_kind: input.cost_kind,
        cost_note,
        term_business_days: input.term_business_days,
        result,
        legal_basis,
        suit_number,
        automation: Some(input.automation.unwrap_or_else(|| sheet.automation())),
        note,
        confirmed_at: Some(at),
        confirmed_by: Some(by.to_owned()),
        updated_at: Some(at),
        ..sheet.entry.clone()
    })
}

/// Whether a sheet is one of the town's services, or of its trámites, which are everything else.
fn belongs(sheet: &Sheet, services: bool) -> bool {
    sheet.applies() && (sheet.kind() == CatalogueKind::Service) == services
}

/// The sheets of which a share is told.
pub(crate) fn whole(sheets: &[Sheet], services: bool) -> impl Iterator<Item = &Sheet> {
    sheets.iter().filter(move |sheet| belongs(sheet, services))
}

/// What part of a town's trámites (everything but services), or of its services, holds; `None` where the town has none.
pub(crate) fn share(sheets: &[Sheet], services: bool, holds: impl Fn(&Sheet) -> bool) -> Option<f64> {
    let all: Vec<_> = whole(sheets, services).collect();
    let held = all.iter().filter(|sheet| holds(sheet)).count();
    (!all.is_empty()).then(|| 100.0 * held as f64 / all.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 15:00 UTC);

    fn sheet(slug: &str) -> Sheet {
        catalogue(Vec::new()).into_iter().find(|sheet| sheet.entry.slug == slug).expect("is in the base")
    }

    fn input(slug: &str) -> ConfirmEntryInput {
        ConfirmEntryInput {
            slug: slug.to_owned(),
            dependency: None,
            dependency_slug: None,
            who_may_ask: Some("Toda persona".to_owned()),
            requirements: Some(vec!["Documento de identidad\n\nRecibo".to_owned()]),
            cost_kind: Some(CostKind::Free),
            cost_note: None,
            term_business_days: Some(5),
            result: Some("Certificado".to_owned()),
            legal_basis: Some("Ley 962 de 2005".to_owned()),
            suit_number: Some("T2621".to_owned()),
            automation: None,
            note: None,
        }
    }

    #[test]
    fn the_whole_base_is_read() {
        assert!([TRAMITES, SERVICES].into_iter().flat_map(rows).all(|row| row.is_ok()));
        let services = BASE.iter().filter(|base| base.kind == CatalogueKind::Service).count();
        assert_eq!((BASE.len(), services), (118, 29));
        let slugs: std::collections::HashSet<_> = BASE.iter().map(|base| &base.slug).collect();
        assert_eq!(slugs.len(), BASE.len());
    }

    #[test]
    fn what_is_seen_tells_everything_and_what_is_doubtful_only_its_name() {
        let seen = sheet("certificado-de-residencia");
        assert_eq!((seen.confirmed(), seen.term(), seen.cost_kind()), (true, Some(15), Some(CostKind::Free)));
        let likely = sheet("licencia-de-construccion");
        assert_eq!((likely.confirmed(), likely.term()), (false, Some(45)));
        let doubtful = sheet("certificado-de-paz-y-salvo");
        assert!(
            !doubtful.confirmed() && doubtful.term().is_none() && doubtful.requirements().is_none() && doubtful.legal_basis().is_none()
        );
        assert_eq!(doubtful.as_if_confirmed().term(), Some(0));
        assert!(doubtful.dependency().is_some_and(|name| name.contains("Hacienda")));
    }

    #[test]
    fn what_other_levels_of_government_do_is_not_shown() {
        assert_eq!(sheet("concepto-sanitario").state(), EntryState::NotApplicable);
        let piscinas = sheet("aprobacion-de-piscinas");
        assert!(piscinas.public() && piscinas.note().is_some_and(|note| note.contains("No todos")));
        assert!(piscinas.as_if_confirmed().note().is_none());
    }

    #[test]
    fn a_confirmed_sheet_is_the_towns_own_word() {
        let doubtful = sheet("certificado-de-paz-y-salvo");
        let entry = confirmed(&doubtful, input("certificado-de-paz-y-salvo"), "Rosa", NOW).expect("is complete");
        assert_eq!((entry.suit_number.as_deref(), entry.applies), (Some("2621"), Some(true)));
        let sheet = Sheet { entry, ..doubtful };
        assert_eq!((sheet.confirmed(), sheet.term(), sheet.cost_kind()), (true, Some(5), Some(CostKind::Free)));
        assert_eq!(sheet.requirements().unwrap_or_default(), ["Documento de identidad", "Recibo"]);
        assert_eq!(sheet.review(NOW), ReviewState::UpToDate);
        assert_eq!(sheet.review(NOW + Duration::days(181)), ReviewState::ToReview);
    }

    #[test]
    fn everything_missing_is_told_at_once() {
        let empty =
            ConfirmEntryInput { cost_kind: None, term_business_days: None, result: None, suit_number: Some("no".into()), ..input("x") };
        let Err(Error::Rejected(faults)) = confirmed(&sheet("licencia-de-construccion"), empty.clone(), "Rosa", NOW) else {
            panic!("must be rejected")
        };
        assert_eq!(faults.len(), 4, "{faults:?}");
        let Err(Error::Rejected(faults)) = confirmed(&sheet("biblioteca-publica-municipal"), empty, "Rosa", NOW) else {
            panic!("must be rejected")
        };
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn accents_do_not_matter_in_a_search() {
        let found = |typed| {
            let words = words(Some(typed)).expect("is short");
            catalogue(Vec::new()).into_iter().filter(|sheet| sheet.found_by(&words)).map(|sheet| sheet.entry.slug).collect::<Vec<_>>()
        };
        assert!(found("CERTIFICADO estratificacion").contains(&"certificado-de-estratificacion-socioeconomica".to_owned()));
        assert!(found("junta de marte").is_empty());
    }

    #[test]
    fn shares_count_what_applies() {
        let mut sheets = catalogue(Vec::new());
        let none = share(&sheets, true, Sheet::confirmed);
        assert_eq!(none, Some(0.0));
        sheets.retain(|sheet| !sheet.applies());
        assert_eq!(share(&sheets, false, Sheet::confirmed), None);
    }

    proptest! {
        #[test]
        fn the_towns_word_wins_and_the_base_is_never_lost(at in 0..118_usize, term in proptest::option::of(0..366), published: bool) {
            let base = &BASE[at];
            let entry = EntryRow { term_business_days: term, published, ..EntryRow::silent(&base.slug) };
            let sheets = catalogue(vec![entry]);
            prop_assert_eq!(sheets.len(), BASE.len());
            let sheet = sheets.iter().find(|sheet| sheet.entry.slug == base.slug).expect("is there");
            let told = (base.confidence != Confidence::MemoryMedium).then_some(base.legal_term_business_days).flatten();
            prop_assert_eq!(sheet.term(), term.or(told));
            prop_assert_eq!(sheet.public(), published && base.applies_to_category_6 != Applies::No);
        }
    }
}
