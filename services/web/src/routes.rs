//! All routes in one table: address, audience, page, and what its forms lead to.

use kernel::directory::Audience;
use kernel::directory::Audience::{Agency, Municipality, Support};

/// An address and the page that answers it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The hosts on which it exists.
    pub audiences: &'static [Audience],
    /// The address; `{name}` is a variable of the document.
    pub path: &'static str,
    /// `<crate>/<audience>/<page>`: a `.graphql` and a `.html` in that crate's `pages/`.
    pub page: &'static str,
    /// A root field that must not be null, else the page does not exist.
    pub must: Option<&'static str>,
    /// What follows each mutation of the document.
    pub forms: &'static [Form],
    /// Variables that the address fixes.
    pub fixed: &'static [(&'static str, &'static str)],
    /// Seconds that the page may be kept, where it shows what moves without a publication; zero means until the next one.
    pub fresh_for: i64,
    /// Whether it exists in `up` mode alone.
    pub up_only: bool,
    /// Further forms of the page, each with a template of its ending.
    pub also: &'static [Also],
    /// The one form of an address that is a file and no page.
    pub only: Option<&'static Also>,
    /// Whether other people's pages may frame it, and their programs read it: it runs nothing and knows nobody.
    pub framed: bool,
}

/// What follows a mutation that went well.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The mutation's name in the document.
    pub op: &'static str,
    /// Where it leads.
    pub then: Then,
}

/// Where a form leads.
#[derive(Debug, Clone, Copy)]
pub enum Then {
    /// The same page, with the payload in `result`.
    Show,
    /// An address; `{a.b}` is taken from the payload.
    Go(&'static str),
    /// Where the person came from, else the audience's own start.
    Back,
}

/// A further form of a page.
#[derive(Debug, Clone, Copy)]
pub struct Also {
    /// The template's ending (`csv`, `atom`, `xml`, `ics`, `svg`, `pdf`), or `json`, which has no template.
    pub ending: &'static str,
    /// The address, where it is not the page's own plus the ending.
    pub path: Option<&'static str>,
    /// The connection whose pages are walked to the end.
    pub walk: Option<&'static str>,
}

const fn page(path: &'static str, audiences: &'static [Audience], page: &'static str) -> Route {
    Route { audiences, path, page, must: None, forms: &[], fixed: &[], fresh_for: 0, up_only: false, also: &[], only: None, framed: false }
}

/// An address that is a file: a template of the form's ending and no page.
const fn file(path: &'static str, audiences: &'static [Audience], template: &'static str, form: &'static Also) -> Route {
    Route { only: Some(form), ..page(path, audiences, template) }
}

impl Route {
    /// Whether only whoever signed in is shown it: the administration and the desk, but not what `up` mode adds to look at.
    pub(crate) fn behind_the_door(&self) -> bool {
        !self.up_only
            && ["/admin", "/mesa"]
                .iter()
                .any(|room| self.path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    const fn must(self, field: &'static str) -> Self {
        Self { must: Some(field), ..self }
    }

    const fn forms(self, forms: &'static [Form]) -> Self {
        Self { forms, ..self }
    }

    const fn fixed(self, fixed: &'static [(&'static str, &'static str)]) -> Self {
        Self { fixed, ..self }
    }

    const fn fresh_for(self, seconds: i64) -> Self {
        Self { fresh_for: seconds, ..self }
    }

    const fn up_only(self) -> Self {
        Self { up_only: true, ..self }
    }

    const fn framed(self) -> Self {
        Self { framed: true, ..self }
    }

    const fn also(self, also: &'static [Also]) -> Self {
        Self { also, ..self }
    }
}

const fn show(op: &'static str) -> Form {
    Form { op, then: Then::Show }
}

const fn go(op: &'static str, to: &'static str) -> Form {
    Form { op, then: Then::Go(to) }
}

const fn back(op: &'static str) -> Form {
    Form { op, then: Then::Back }
}

const fn also(ending: &'static str) -> Also {
    Also { ending, path: None, walk: None }
}

/// Forms of files that are written elsewhere and only printed.
const PLAIN_CSV: Also = Also { ending: "csv", path: None, walk: None };
const PLAIN_JSON: Also = Also { ending: "json", path: None, walk: None };
const PLAIN_TEXT: Also = Also { ending: "txt", path: None, walk: None };

const fn csv(walk: &'static str) -> Also {
    Also { ending: "csv", path: None, walk: Some(walk) }
}

const fn json(walk: &'static str) -> Also {
    Also { ending: "json", path: None, walk: Some(walk) }
}

/// Preliminary counts are at most five seconds old (contract, section GraphQL).
const PRELIMINARY: i64 = 5;
/// What it takes to climb a place moves slowly.
const COST: i64 = 3600;
/// A plan shows measures that move as cases are answered; a minute is soon enough.
const MEASURED: i64 = 60;

/// The files of a closed month, whose text the capability gives byte for byte.
const MONTH_FILE: &str = "visits/agency/month-file";

const TOWN: &[Audience] = &[Municipality];
const ALL: &[Audience] = &[Municipality, Support, Agency];
const DESK: &[Audience] = &[Support];
const PORTAL: &[Audience] = &[Agency];

/// Every page of the platform.
pub const ROUTES: &[Route] = &[
    // citizen
    page("/", TOWN, "web/public/home"),
    page("/noticias", TOWN, "site/public/news").also(&[Also { ending: "atom", path: Some("/noticias.atom"), walk: None }, csv("news")]),
    page("/noticias/{slug}", TOWN, "site/public/news-item").must("newsItem"),
    page("/transparencia", TOWN, "site/public/transparency").fixed(&[("code", "T")]).must("legalMenuItem"),
    page("/transparencia/{code}", TOWN, "site/public/transparency").must("legalMenuItem"),
    page("/participa", TOWN, "site/public/transparency").fixed(&[("code", "P")]).must("legalMenuItem"),
    page("/directorio", TOWN, "site/public/directory"),
    page("/alcaldia/{slug}", TOWN, "site/public/page").must("page"),
    page("/terminos", TOWN, "site/public/page").fixed(&[("slug", "terminos")]).must("page"),
    page("/privacidad", TOWN, "site/public/page").fixed(&[("slug", "privacidad")]).must("page"),
    page("/derechos-de-autor", TOWN, "site/public/page").fixed(&[("slug", "derechos-de-autor")]).must("page"),
    page("/accesibilidad", TOWN, "site/public/page").fixed(&[("slug", "accesibilidad")]).must("page"),
    page("/plan", TOWN, "plan/public/plan").fresh_for(MEASURED).also(&[also("csv"), also("pdf"), also("json")]),
    page("/plan/versiones", TOWN, "plan/public/plan-versions").must("plan"),
    page("/plan/versiones/{number}", TOWN, "plan/public/plan-version").must("planVersion"),
    page("/plan/modelo", TOWN, "plan/public/plan-model").must("plan"),
    page("/plan/{key}", TOWN, "plan/public/plan").must("plan").fresh_for(MEASURED).also(&[also("csv"), also("pdf"), also("json")]),
    page("/plan/acciones/{number}", TOWN, "plan/public/action-line").must("actionLine").fresh_for(MEASURED),
    page("/plan/fases/{key}", TOWN, "plan/public/phase").must("phase").fresh_for(MEASURED),
    page("/plan/marcos/{framework}", TOWN, "plan/public/framework").must("framework").fresh_for(MEASURED),
    page("/plan/marcos/{framework}/{phase}", TOWN, "plan/public/framework-phase").must("framework").fresh_for(MEASURED),
    page("/plan/indicadores/{action}/{key}", TOWN, "plan/public/indicator")
        .must("indicator")
        .fresh_for(MEASURED)
        .also(&[csv("measurements")]),
    page("/convenios", TOWN, "agreements/public/agreements").also(&[csv("agreements")]),
    page("/convenios/{slug}", TOWN, "agreements/public/agreement").must("agreement"),
    page("/capacitacion", TOWN, "training/public/training").fresh_for(MEASURED).also(&[csv("past"), also("ics")]),
    page("/certificados", TOWN, "training/public/certificate"),
    page("/certificados/{code}", TOWN, "training/public/certificate").must("certificate").also(&[also("pdf")]),
    page("/comite", TOWN, "committee/public/committee").also(&[also("ics")]),
    page("/comite/actas", TOWN, "committee/public/meetings").also(&[csv("meetings")]),
    page("/comite/actas/{number}", TOWN, "committee/public/meeting").must("meeting").also(&[also("pdf")]),
    page("/comite/evaluaciones", TOWN, "committee/public/evaluations").also(&[csv("evaluations")]),
    page("/tramites", TOWN, "tramites/public/tramites").also(&[csv("tramites")]),
    page("/tramites/{slug}", TOWN, "tramites/public/tramite").must("tramite"),
    page("/servicios", TOWN, "tramites/public/tramites").fixed(&[("tipo", "SERVICE")]).also(&[csv("tramites")]),
    page("/servicios/{slug}", TOWN, "tramites/public/tramite").must("tramite"),
    page("/atencion", TOWN, "tramites/public/attention"),
    page("/pqrsd", TOWN, "cases/public/petition").forms(&[show("FilePetition")]),
    page("/solicitudes", TOWN, "cases/public/case-lookup").forms(&[show("OpenCase")]),
    page("/solicitudes/{radicado}", TOWN, "cases/public/case").forms(&[show("OpenCase")]),
    page("/empalme", TOWN, "handover/public/handovers"),
    page("/empalme/{slug}", TOWN, "handover/public/handover").must("publishedHandover").also(&[also("pdf")]),
    page("/buscar", TOWN, "site/public/search"),
    page("/mapa-del-sitio", TOWN, "web/public/site-map").also(&[Also { ending: "xml", path: Some("/sitemap.xml"), walk: None }]),
    // committee
    page("/admin", TOWN, "web/admin/today"),
    page("/admin/sitio", TOWN, "site/admin/site").forms(&[go("WithdrawNews", "/admin/sitio?retirada={newsItem.slug}")]),
    page("/admin/sitio/nueva", TOWN, "site/admin/new-news").forms(&[go("PublishNews", "/admin/sitio?publicada={newsItem.slug}")]),
    page("/admin/plan", TOWN, "plan/admin/plan").forms(&[back("RecordMeasurement"), back("SetActivityDone")]),
    page("/admin/plan/criterios", TOWN, "plan/admin/criteria")
        .must("framework")
        .forms(&[back("SetCriterionState"), back("RemoveCriterionFile")])
        .also(&[csv("criteria")]),
    page("/admin/plan/indicadores/{action}/{key}", TOWN, "plan/admin/indicator").must("indicator").forms(&[
        go("RecordMeasurement", "/admin/plan/indicadores/{indicator.actionLine}/{indicator.key}?hecho=registrada"),
        go("WithdrawMeasurement", "/admin/plan/indicadores/{indicator.actionLine}/{indicator.key}?hecho=retirada"),
        go("RemoveMeasurementFile", "/admin/plan/indicadores/{indicator.actionLine}/{indicator.key}?hecho=archivo"),
        go("CorrectPeriod", "/admin/plan/indicadores/{indicator.actionLine}/{indicator.key}?hecho=corregido"),
    ]),
    page("/admin/convenios", TOWN, "agreements/admin/agreements").also(&[csv("agreementRegister")]),
    page("/admin/convenios/nuevo", TOWN, "agreements/admin/new-agreement")
        .forms(&[go("KeepAgreement", "/admin/convenios/{agreement.slug}?hecho=registrado")]),
    page("/admin/convenios/entidades", TOWN, "agreements/admin/entities")
        .forms(&[go("KeepEntity", "/admin/convenios/entidades?hecho=guardada")]),
    page("/admin/convenios/{slug}", TOWN, "agreements/admin/agreement").must("agreement").forms(&[
        go("KeepAgreement", "/admin/convenios/{agreement.slug}?hecho=guardado"),
        go("AddAgreementResult", "/admin/convenios/{agreement.slug}?hecho=resultado"),
        go("AnnulAgreementResult", "/admin/convenios/{agreement.slug}?hecho=anulado-resultado"),
        go("SetAgreementPublished", "/admin/convenios/{agreement.slug}?hecho=publicacion"),
        go("EndAgreement", "/admin/convenios/{agreement.slug}?hecho=terminado"),
        go("AnnulAgreement", "/admin/convenios/{agreement.slug}?hecho=anulado"),
        go("AttachAgreementDocuments", "/admin/convenios/{agreement.slug}?hecho=documentos"),
        go("DetachAgreementDocument", "/admin/convenios/{agreement.slug}?hecho=documento-quitado"),
    ]),
    page("/admin/capacitacion", TOWN, "training/admin/courses").also(&[csv("courses")]),
    page("/admin/capacitacion/nueva", TOWN, "training/admin/new-course")
        .forms(&[go("KeepCourse", "/admin/capacitacion/{course.slug}?hecho=registrado")]),
    page("/admin/capacitacion/{slug}", TOWN, "training/admin/course").must("course").also(&[also("csv")]).forms(&[
        go("KeepCourse", "/admin/capacitacion/{course.slug}?hecho=guardado"),
        go("AnnulCourse", "/admin/capacitacion/{course.slug}?hecho=anulado"),
        go("KeepSession", "/admin/capacitacion/{course.slug}?hecho=sesion"),
        go("CancelSession", "/admin/capacitacion/{course.slug}?hecho=cancelada"),
        go("EnrolPerson", "/admin/capacitacion/{course.slug}?hecho=inscrita"),
        go("EnrolList", "/admin/capacitacion/{course.slug}?hecho=lista"),
        go("AnnulEnrolment", "/admin/capacitacion/{course.slug}?hecho=inscripcion-anulada"),
        go("RecordAttendance", "/admin/capacitacion/{course.slug}?hecho=asistencia"),
        go("IssueCertificates", "/admin/capacitacion/{course.slug}?hecho=certificados"),
        go("RevokeCertificate", "/admin/capacitacion/{course.slug}?hecho=revocado"),
        go("AttachTrainingMaterial", "/admin/capacitacion/{course.slug}?hecho=material"),
        go("DetachTrainingMaterial", "/admin/capacitacion/{course.slug}?hecho=material-quitado"),
    ]),
    page("/admin/comite", TOWN, "committee/admin/committee"),
    page("/admin/comite/tareas", TOWN, "committee/admin/tasks").also(&[csv("tasks")]),
    page("/admin/comite/tareas/nueva", TOWN, "committee/admin/new-task")
        .forms(&[go("AddTask", "/admin/comite/tareas/{task.id}?hecho=creada")]),
    page("/admin/comite/tareas/{id}", TOWN, "committee/admin/task").must("task").forms(&[
        go("FinishTask", "/admin/comite/tareas/{task.id}?hecho=cumplida"),
        go("AssignTask", "/admin/comite/tareas/{task.id}?hecho=asignada"),
        go("ChangeTask", "/admin/comite/tareas/{task.id}?hecho=cambiada"),
        go("DropTask", "/admin/comite/tareas/{task.id}?hecho=dejada"),
        go("ReopenTask", "/admin/comite/tareas/{task.id}?hecho=abierta"),
    ]),
    page("/admin/comite/calendario", TOWN, "committee/admin/calendar").must("agenda").also(&[also("ics")]),
    page("/admin/comite/actas", TOWN, "committee/admin/meetings").also(&[csv("meetings")]),
    page("/admin/comite/actas/nueva", TOWN, "committee/admin/new-meeting")
        .forms(&[go("ConveneMeeting", "/admin/comite/actas/{meeting.number}?hecho=citada")]),
    page("/admin/comite/actas/{number}", TOWN, "committee/admin/meeting").must("meeting").also(&[also("pdf")]).forms(&[
        go("ChangeMeeting", "/admin/comite/actas/{meeting.number}?hecho=cambiada"),
        go("CancelMeeting", "/admin/comite/actas/{meeting.number}?hecho=cancelada"),
        go("WriteMinutes", "/admin/comite/actas/{meeting.number}?hecho=acta"),
        back("AddDecision"),
        go("RemoveDecision", "/admin/comite/actas/{meeting.number}?hecho=retirada"),
        go("ApproveMinutes", "/admin/comite/actas/{meeting.number}?hecho=aprobada"),
        go("AddMinutesNote", "/admin/comite/actas/{meeting.number}?hecho=nota"),
        go("AddTask", "/admin/comite/tareas/{task.id}?hecho=creada"),
    ]),
    page("/admin/comite/revision", TOWN, "committee/admin/review").must("semesterReview").forms(&[
        go("SaveReviewStep", "/admin/comite/revision?semestre={review.period}&hecho=paso#siguiente"),
        go("CloseReview", "/admin/comite/revision?semestre={review.period}&hecho=cerrada"),
    ]),
    page("/admin/comite/evaluaciones", TOWN, "committee/admin/evaluations").also(&[csv("evaluations")]),
    page("/admin/comite/evaluaciones/nueva", TOWN, "committee/admin/new-evaluation")
        .forms(&[go("RecordEvaluation", "/admin/comite/evaluaciones?hecho=registrada")]),
    page("/admin/comite/evaluaciones/{id}", TOWN, "committee/admin/evaluation")
        .must("evaluation")
        .forms(&[go("ReviseEvaluation", "/admin/comite/evaluaciones?hecho=corregida")]),
    page("/admin/comite/integrantes", TOWN, "committee/admin/members")
        .forms(&[go("AddCommitteeMember", "/admin/comite/integrantes?hecho=agregado")]),
    page("/admin/comite/integrantes/{id}", TOWN, "committee/admin/member")
        .must("committeeMember")
        .forms(&[go("ChangeCommitteeMember", "/admin/comite/integrantes?hecho=cambiado")]),
    page("/admin/plan/edicion", TOWN, "plan/admin/plan-draft").forms(&[
        go("StartPlan", "/admin/plan/edicion?hecho=comenzado"),
        go("RevisePlan", "/admin/plan/edicion?hecho=comenzado"),
        go("AddPlanLine", "/admin/plan/edicion/acciones/{line.number}?hecho=agregada"),
    ]),
    page("/admin/plan/edicion/texto", TOWN, "plan/admin/plan-text").must("planDraft").forms(&[
        go("KeepPlanText", "/admin/plan/edicion/texto?hecho=guardado"),
        go("KeepPlanAnnexes", "/admin/plan/edicion/texto?hecho=guardado"),
        go("DropPlanNote", "/admin/plan/edicion/texto?hecho=guardado#notas"),
    ]),
    page("/admin/plan/edicion/acciones/{number}", TOWN, "plan/admin/plan-line").must("planDraft").forms(&[
        go("KeepPlanLine", "/admin/plan/edicion/acciones/{line.number}?hecho=guardada"),
        go("RemovePlanLine", "/admin/plan/edicion?hecho=quitada"),
    ]),
    page("/admin/plan/edicion/acciones/{number}/indicadores/{key}", TOWN, "plan/admin/plan-indicator").must("planDraft").forms(&[
        go("KeepPlanIndicator", "/admin/plan/edicion/acciones/{line.number}?hecho=indicador"),
        go("RemovePlanIndicator", "/admin/plan/edicion/acciones/{line.number}?hecho=indicador"),
    ]),
    page("/admin/plan/edicion/fases", TOWN, "plan/admin/plan-phases")
        .must("planDraft")
        .forms(&[go("KeepPlanPhase", "/admin/plan/edicion/fases?hecho=fases")]),
    page("/admin/plan/edicion/adoptar", TOWN, "plan/admin/plan-adoption").must("planDraft").forms(&[
        go("SignPlanDraft", "/admin/plan/edicion/adoptar?hecho=firma#firmas"),
        go("UnsignPlanDraft", "/admin/plan/edicion/adoptar#firmas"),
        go("AdoptPlan", "/plan/versiones/{version.number}?plan={version.planKey}"),
    ]),
    page("/admin/plan/edicion/descartar", TOWN, "plan/admin/plan-discard")
        .must("planDraft")
        .forms(&[go("DiscardPlanDraft", "/admin/plan/edicion?hecho=descartado")]),
    page("/admin/tramites", TOWN, "tramites/admin/tramites").also(&[csv("entries")]),
    page("/admin/tramites/{slug}", TOWN, "tramites/admin/tramite").must("entry").forms(&[
        go("ConfirmEntry", "/admin/tramites?confirmada={entry.slug}"),
        go("KeepEntry", "/admin/tramites/{entry.slug}?guardada=1"),
    ]),
    page("/admin/casos", TOWN, "cases/admin/cases").also(&[csv("cases")]),
    page("/admin/casos/{radicado}", TOWN, "cases/admin/case").must("case").forms(&[
        go("TakeCase", "/admin/casos/{case.radicado}?hecho=tomada"),
        go("AnswerCase", "/admin/casos/{case.radicado}?hecho=respondida"),
    ]),
    page("/admin/equipo", TOWN, "identity/admin/team").forms(&[
        go("ConfirmReset", "/admin/equipo?hecho=confirmado"),
        go("EnrolMember", "/admin/equipo?hecho=inscrita"),
        go("ChangeRole", "/admin/equipo?hecho=rol"),
        go("EndMembership", "/admin/equipo?hecho=terminada"),
    ]),
    page("/admin/empalme", TOWN, "handover/admin/handover")
        .also(&[also("csv")])
        .forms(&[go("OpenHandover", "/admin/empalme?hecho=abierto"), go("CancelHandover", "/admin/empalme?hecho=cancelado")]),
    page("/admin/empalme/lista/{key}", TOWN, "handover/admin/item")
        .must("handoverItem")
        .forms(&[go("KeepHandoverItem", "/admin/empalme?hecho=guardado"), go("RemoveHandoverFile", "/admin/empalme?hecho=guardado")]),
    page("/admin/empalme/equipo", TOWN, "handover/admin/people").forms(&[
        go("EnrolMember", "/admin/empalme/equipo?hecho=inscrita"),
        go("RemoveIncoming", "/admin/empalme/equipo?hecho=retirada"),
        go("DesignateSigners", "/admin/empalme/equipo?hecho=firmantes"),
        go("DecideDeparture", "/admin/empalme/equipo?hecho=decidido"),
    ]),
    page("/admin/empalme/documento", TOWN, "handover/admin/document").also(&[also("pdf")]).forms(&[
        go("SignHandover", "/admin/empalme/documento?hecho=firmado"),
        go("PublishHandover", "/admin/empalme/documento?hecho=publicado"),
        go("ReopenHandover", "/admin/empalme/documento?hecho=reabierto"),
    ]),
    page("/admin/empalme/acta", TOWN, "handover/admin/closing")
        .forms(&[go("RecordHandover", "/admin/empalme/acta?hecho=anotado"), go("CloseHandover", "/empalme/{handover.slug}")]),
    page("/admin/lineamientos", TOWN, "circulars/admin/circulars").also(&[csv("receivedCirculars")]),
    page("/admin/lineamientos/{slug}", TOWN, "circulars/admin/circular").must("receivedCircular").forms(&[
        go("AcknowledgeCircular", "/admin/lineamientos/{delivery.slug}?hecho=leido"),
        go("AnswerCircular", "/admin/lineamientos/{delivery.slug}?hecho=respondido"),
    ]),
    page("/admin/incentivos", TOWN, "incentives/admin/incentives").must("ownIncentives"),
    page("/admin/incentivos/premios/{slug}", TOWN, "incentives/admin/nomination").must("awardCall").forms(&[
        go("KeepNomination", "/admin/incentivos/premios/{nomination.call}?hecho=guardada"),
        go("AnswerNomination", "/admin/incentivos/premios/{nomination.call}?hecho=respuesta"),
        go("SubmitNomination", "/admin/incentivos/premios/{nomination.call}?hecho=enviada"),
        go("WithdrawNomination", "/admin/incentivos/premios/{nomination.call}?hecho=retirada"),
    ]),
    page("/admin/incentivos/television", TOWN, "incentives/admin/television").forms(&[
        go("ProposeExperience", "/admin/incentivos/television?hecho=propuesta"),
        go("WithdrawExperience", "/admin/incentivos/television?hecho=retirada"),
    ]),
    page("/admin/visitas/cifras", TOWN, "visits/admin/figures").also(&[also("csv")]),
    page("/admin/visitas", TOWN, "visits/admin/visits").also(&[Also { ending: "csv", path: None, walk: None }]),
    page("/admin/visitas/categoria", TOWN, "visits/admin/category")
        .forms(&[go("RecordCategory", "/admin/visitas/categoria?hecho=guardada")]),
    page("/admin/visitas/objeciones", TOWN, "visits/admin/objections")
        .forms(&[go("ObjectToMonth", "/admin/visitas/objeciones?hecho=enviada")]),
    page("/admin/soporte", TOWN, "support/admin/support").forms(&[go("OpenTicket", "/admin/soporte/{ticket.number}?hecho=abierta")]),
    page("/admin/soporte/{number}", TOWN, "support/admin/support-ticket").must("ticket").forms(&[
        go("ReplyToTicket", "/admin/soporte/{ticket.number}?hecho=respuesta"),
        go("ResolveTicket", "/admin/soporte/{ticket.number}?hecho=cerrada"),
        go("RateTicket", "/admin/soporte/{ticket.number}?hecho=calificada"),
    ]),
    // support
    page("/", DESK, "support/support/home"),
    page("/estado", DESK, "support/support/status"),
    page("/mesa", DESK, "support/support/desk").also(&[csv("tickets")]),
    page("/mesa/coordinacion", DESK, "identity/support/appoint").forms(&[show("AppointCoordinator")]),
    page("/mesa/plazos", DESK, "support/support/levels").also(&[also("csv")]),
    page("/mesa/correo", DESK, "support/support/mail")
        .forms(&[go("AssignMail", "/mesa/{ticket.number}?hecho=asignada"), go("DiscardMail", "/mesa/correo?hecho=descartado")]),
    page("/mesa/{number}", DESK, "support/support/ticket").must("ticket").forms(&[
        go("ReplyToTicket", "/mesa/{ticket.number}?hecho=respuesta"),
        go("AssignTicket", "/mesa/{ticket.number}?hecho=tomada"),
        go("ResolveTicket", "/mesa/{ticket.number}?hecho=resuelta"),
        go("ChangeTicketCalendar", "/mesa/{ticket.number}?hecho=horario"),
        go("MergeTicket", "/mesa/{ticket.number}?hecho=unida"),
        go("StartReset", "/mesa/{reset.ticketNumber}?hecho=reinicio"),
        go("SendProofCode", "/mesa/{reset.ticketNumber}?hecho=codigo"),
        go("RecordProof", "/mesa/{reset.ticketNumber}?hecho=prueba"),
        go("ApproveReset", "/mesa/{reset.ticketNumber}?hecho=aprobado"),
    ]),
    // agency
    page("/", PORTAL, "web/agency/home").fresh_for(PRELIMINARY),
    page("/ranking", PORTAL, "visits/agency/ranking")
        .fixed(&[("month", "last")])
        .fresh_for(PRELIMINARY)
        .also(&[csv("ranking"), json("ranking")]),
    page("/ranking/{month}", PORTAL, "visits/agency/ranking").fresh_for(PRELIMINARY).also(&[csv("ranking"), json("ranking")]),
    file("/ranking/{month}/horas.csv", PORTAL, MONTH_FILE, &PLAIN_CSV).fixed(&[("name", "horas.csv")]).must("monthFile"),
    file("/ranking/{month}/horas.json", PORTAL, MONTH_FILE, &PLAIN_JSON).fixed(&[("name", "horas.json")]).must("monthFile"),
    file("/ranking/{month}/municipios.csv", PORTAL, MONTH_FILE, &PLAIN_CSV).fixed(&[("name", "municipios.csv")]).must("monthFile"),
    file("/ranking/{month}/ajustes.csv", PORTAL, MONTH_FILE, &PLAIN_CSV).fixed(&[("name", "ajustes.csv")]).must("monthFile"),
    file("/ranking/{month}/orden.csv", PORTAL, MONTH_FILE, &PLAIN_CSV).fixed(&[("name", "orden.csv")]).must("monthFile"),
    file("/ranking/{month}/acta.txt", PORTAL, MONTH_FILE, &PLAIN_TEXT).fixed(&[("name", "acta.txt")]).must("monthFile"),
    file("/ranking/{month}/firma.txt", PORTAL, MONTH_FILE, &PLAIN_TEXT).fixed(&[("name", "firma.txt")]).must("monthFile"),
    page("/datos-abiertos", PORTAL, "visits/agency/open-data").also(&[also("json")]),
    page("/noticias", PORTAL, "site/agency/news"),
    page("/noticias/{slug}", PORTAL, "site/agency/news-item").must("newsItem"),
    page("/municipios", PORTAL, "visits/agency/municipalities").also(&[csv("municipalities")]),
    page("/municipios/{slug}", PORTAL, "visits/agency/municipality").must("municipalityBySlug"),
    page("/metodologia", PORTAL, "visits/agency/methodology").fresh_for(COST),
    page("/admin/conteo", PORTAL, "visits/agency/counting").also(&[also("csv")]),
    page("/destacados", PORTAL, "incentives/agency/features").also(&[csv("features")]),
    page("/destacados/bloque", PORTAL, "incentives/agency/block").framed().also(&[also("json")]),
    page("/destacados/{slug}", PORTAL, "incentives/agency/feature").must("feature").also(&[also("svg")]),
    page("/premios", PORTAL, "incentives/agency/calls").also(&[csv("awardCalls")]),
    page("/premios/{slug}", PORTAL, "incentives/agency/call").must("awardCall"),
    page("/television", PORTAL, "incentives/agency/broadcasts").also(&[csv("broadcasts")]),
    page("/television/{slug}", PORTAL, "incentives/agency/broadcast").must("broadcast"),
    page("/lineamientos", PORTAL, "circulars/agency/circulars").also(&[csv("circulars")]),
    page("/lineamientos/{slug}", PORTAL, "circulars/agency/circular").must("circular"),
    page("/admin/destacados", PORTAL, "incentives/agency/shortlist").also(&[csv("featureShortlist")]).forms(&[
        go("FeatureMunicipality", "/admin/destacados?hecho=destacado"),
        go("WithdrawFeature", "/admin/destacados?hecho=retirado"),
    ]),
    page("/admin/noticia-del-mes", PORTAL, "incentives/agency/all-monthly-news"),
    page("/admin/noticia-del-mes/{month}", PORTAL, "incentives/agency/monthly-news").must("monthlyNews").forms(&[
        go("KeepMonthlyNews", "/admin/noticia-del-mes/{monthlyNews.month}?hecho=guardada"),
        go("PublishMonthlyNews", "/admin/noticia-del-mes/{monthlyNews.month}?hecho=publicada"),
    ]),
    page("/admin/premios", PORTAL, "incentives/agency/calls"),
    page("/admin/premios/nueva", PORTAL, "incentives/agency/new-call")
        .forms(&[go("KeepAwardCall", "/admin/premios/{awardCall.slug}?hecho=guardada")]),
    page("/admin/premios/{slug}", PORTAL, "incentives/agency/manage-call").must("awardCall").also(&[csv("nominations")]).forms(&[
        go("KeepAwardCall", "/admin/premios/{awardCall.slug}?hecho=guardada"),
        go("PublishResults", "/admin/premios/{awardCall.slug}?hecho=resultados"),
    ]),
    page("/admin/premios/{slug}/{municipality}", PORTAL, "incentives/agency/nomination")
        .must("nomination")
        .forms(&[go("ScoreNomination", "/admin/premios/{awardCall.slug}")]),
    page("/admin/television", PORTAL, "incentives/agency/experiences").also(&[csv("experiences")]),
    page("/admin/television/{municipality}/{id}", PORTAL, "incentives/agency/experience").must("experience").forms(&[
        back("DecideExperience"),
        back("ScheduleBroadcast"),
        back("PublishBroadcast"),
    ]),
    page("/admin/lineamientos", PORTAL, "circulars/agency/register").also(&[csv("circularRegister")]),
    page("/admin/lineamientos/nuevo", PORTAL, "circulars/agency/new-circular")
        .forms(&[go("SendCircular", "/admin/lineamientos/{circular.slug}?hecho=enviado")]),
    page("/admin/lineamientos/{slug}", PORTAL, "circulars/agency/manage").must("circular").also(&[csv("circularDeliveries")]).forms(&[
        go("AddCircularRecipients", "/admin/lineamientos/{circular.slug}?hecho=agregados"),
        go("WithdrawCircular", "/admin/lineamientos/{circular.slug}?hecho=retirado"),
    ]),
    page("/admin/lineamientos/{slug}/{municipality}", PORTAL, "circulars/agency/thread")
        .must("circularDelivery")
        .forms(&[go("ReplyToCircular", "/admin/lineamientos/{delivery.slug}/{delivery.municipality.slug}?hecho=respuesta")]),
    page("/admin/planes", PORTAL, "plan/agency/plan-progress").also(&[csv("planProgress")]),
    page("/admin/planes/{slug}", PORTAL, "plan/agency/town-progress").must("planProgressOf"),
    page("/admin", PORTAL, "visits/agency/admin").forms(&[go("CloseMonth", "/admin?publicada={ranking.month}")]),
    page("/admin/comparar", PORTAL, "visits/agency/compare").also(&[csv("comparison")]),
    page("/admin/cierres/{month}", PORTAL, "visits/agency/close").forms(&[
        go("AnswerObjection", "/admin/cierres/{objection.month}?hecho=contestada"),
        go("CloseMonth", "/admin/cierres/{ranking.month}?hecho=cerrado"),
        go("CorrectMonth", "/admin/cierres/{monthClose.month}?hecho=corregido"),
    ]),
    // every host
    page("/entrar", ALL, "identity/public/sign-in").forms(&[back("SignIn")]),
    page("/entrar/ayuda", ALL, "identity/public/request-access").forms(&[show("RequestAccess")]),
    page("/restablecer/{token}", ALL, "identity/public/reset").forms(&[show("ResetPassword")]),
    page("/salir", ALL, "identity/public/sign-out").forms(&[go("SignOut", "/")]),
    page("/admin/estilo", ALL, "web/admin/estilo").up_only(),
];
