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
    /// The template's ending (`csv`, `atom`, `xml`, `ics`).
    pub ending: &'static str,
    /// The address, where it is not the page's own plus the ending.
    pub path: Option<&'static str>,
    /// The connection whose pages are walked to the end.
    pub walk: Option<&'static str>,
}

const fn page(path: &'static str, audiences: &'static [Audience], page: &'static str) -> Route {
    Route { audiences, path, page, must: None, forms: &[], fixed: &[], fresh_for: 0, up_only: false, also: &[] }
}

impl Route {
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

const fn csv(walk: &'static str) -> Also {
    Also { ending: "csv", path: None, walk: Some(walk) }
}

/// Preliminary counts are at most five seconds old (contract, section GraphQL).
const PRELIMINARY: i64 = 5;
/// A plan shows measures that move as cases are answered; a minute is soon enough.
const MEASURED: i64 = 60;

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
    page("/plan", TOWN, "plan/public/plan").fresh_for(MEASURED).also(&[Also { ending: "csv", path: None, walk: None }]),
    page("/plan/acciones/{number}", TOWN, "plan/public/action-line").must("actionLine").fresh_for(MEASURED),
    page("/plan/fases/{key}", TOWN, "plan/public/phase").must("phase").fresh_for(MEASURED),
    page("/tramites", TOWN, "tramites/public/tramites").also(&[csv("tramites")]),
    page("/tramites/{slug}", TOWN, "tramites/public/tramite").must("tramite"),
    page("/servicios", TOWN, "tramites/public/tramites").fixed(&[("tipo", "SERVICE")]).also(&[csv("tramites")]),
    page("/servicios/{slug}", TOWN, "tramites/public/tramite").must("tramite"),
    page("/atencion", TOWN, "tramites/public/attention"),
    page("/pqrsd", TOWN, "cases/public/petition").forms(&[show("FilePetition")]),
    page("/solicitudes", TOWN, "cases/public/case-lookup").forms(&[show("OpenCase")]),
    page("/solicitudes/{radicado}", TOWN, "cases/public/case").forms(&[show("OpenCase")]),
    page("/buscar", TOWN, "site/public/search"),
    page("/mapa-del-sitio", TOWN, "web/public/site-map").also(&[Also { ending: "xml", path: Some("/sitemap.xml"), walk: None }]),
    // committee
    page("/admin", TOWN, "web/admin/today"),
    page("/admin/sitio", TOWN, "site/admin/site").forms(&[go("WithdrawNews", "/admin/sitio?retirada={newsItem.slug}")]),
    page("/admin/sitio/nueva", TOWN, "site/admin/new-news").forms(&[go("PublishNews", "/admin/sitio?publicada={newsItem.slug}")]),
    page("/admin/plan", TOWN, "plan/admin/plan").forms(&[back("RecordMeasurement"), back("SetCriterionState"), back("SetActivityDone")]),
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
    page("/admin/equipo", TOWN, "identity/admin/team").forms(&[go("ConfirmReset", "/admin/equipo?hecho=confirmado")]),
    page("/admin/visitas", TOWN, "visits/admin/visits").also(&[Also { ending: "csv", path: None, walk: None }]),
    page("/admin/soporte", TOWN, "support/admin/support").forms(&[go("OpenTicket", "/admin/soporte/{ticket.number}?hecho=abierta")]),
    page("/admin/soporte/{number}", TOWN, "support/admin/support-ticket").must("ticket").forms(&[
        go("ReplyToTicket", "/admin/soporte/{ticket.number}?hecho=respuesta"),
        go("ResolveTicket", "/admin/soporte/{ticket.number}?hecho=cerrada"),
    ]),
    // support
    page("/", DESK, "support/support/home"),
    page("/estado", DESK, "support/support/status"),
    page("/mesa", DESK, "support/support/desk").also(&[csv("tickets")]),
    page("/mesa/{number}", DESK, "support/support/ticket").must("ticket").forms(&[
        go("ReplyToTicket", "/mesa/{ticket.number}?hecho=respuesta"),
        go("AssignTicket", "/mesa/{ticket.number}?hecho=tomada"),
        go("ResolveTicket", "/mesa/{ticket.number}?hecho=resuelta"),
        go("StartReset", "/mesa/{reset.ticketNumber}?hecho=reinicio"),
        go("SendProofCode", "/mesa/{reset.ticketNumber}?hecho=codigo"),
        go("RecordProof", "/mesa/{reset.ticketNumber}?hecho=prueba"),
        go("ApproveReset", "/mesa/{reset.ticketNumber}?hecho=aprobado"),
    ]),
    // agency
    page("/", PORTAL, "visits/agency/home").fresh_for(PRELIMINARY),
    page("/ranking", PORTAL, "visits/agency/ranking").fixed(&[("month", "last")]).fresh_for(PRELIMINARY).also(&[csv("ranking")]),
    page("/ranking/{month}", PORTAL, "visits/agency/ranking").fresh_for(PRELIMINARY).also(&[csv("ranking")]),
    page("/noticias", PORTAL, "site/agency/news"),
    page("/noticias/{slug}", PORTAL, "site/agency/news-item").must("newsItem"),
    page("/municipios", PORTAL, "visits/agency/municipalities").also(&[csv("municipalities")]),
    page("/municipios/{slug}", PORTAL, "visits/agency/municipality").must("municipalityBySlug"),
    page("/metodologia", PORTAL, "visits/agency/methodology"),
    page("/admin", PORTAL, "visits/agency/admin").forms(&[go("CloseMonth", "/admin?publicada={ranking.month}")]),
    // every host
    page("/entrar", ALL, "identity/public/sign-in").forms(&[back("SignIn")]),
    page("/entrar/ayuda", ALL, "identity/public/request-access").forms(&[show("RequestAccess")]),
    page("/restablecer/{token}", ALL, "identity/public/reset").forms(&[show("ResetPassword")]),
    page("/salir", ALL, "identity/public/sign-out").forms(&[go("SignOut", "/")]),
    page("/admin/estilo", ALL, "web/admin/estilo").up_only(),
];
