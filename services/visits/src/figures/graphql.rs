//! The figures of a site, as its committee reads them.

use async_graphql::{Context, Object, SimpleObject};
use kernel::Permission;
use kernel::graphql::{Can, Cx, GqlResult, LocalDate};
use time::Date;

use super::service::{self, Named};
use super::told::Kind;
use crate::counting;
use crate::counting::judge::Reason;
use crate::counting::notes::NoteRule;
use crate::graphql::count;
use crate::model::Month;

/// What was read of a site in some days.
pub struct SiteFigures {
    span: (Date, Date),
}

/// A figure under its name.
#[derive(SimpleObject)]
#[graphql(name = "SiteFigure")]
pub struct Figure {
    /// The name: an address, the words of a search, or a word for a sort of thing; empty for those that found no place of their own.
    name: String,
    /// The name as people read it.
    text: String,
    /// How many.
    hits: i32,
}

impl From<Named> for Figure {
    fn from(Named { name, text, hits }: Named) -> Self {
        Self { name, text, hits: count(hits) }
    }
}

/// Hits that did not count.
#[derive(SimpleObject)]
pub struct RejectedHits {
    /// Why.
    reason: Reason,
    /// Why, in Spanish.
    text: String,
    /// How many.
    hits: i32,
}

impl RejectedHits {
    pub(crate) fn all(rows: Vec<(String, i64)>) -> Vec<Self> {
        let row = |(word, hits): (String, i64)| {
            Reason::from_word(&word).map(|reason| Self { reason, text: reason.text().to_owned(), hits: count(hits) })
        };
        rows.into_iter().filter_map(row).collect()
    }
}

/// Something unusual in the counts of a day. It accuses nobody and changes no count.
#[derive(SimpleObject)]
pub struct CountNote {
    /// The day, in Bogotá.
    date: LocalDate,
    /// The rule that found it.
    rule: NoteRule,
    /// The rule's name, in Spanish.
    title: String,
    /// How the rule decides, in Spanish.
    explanation: String,
    /// What it found, in Spanish.
    detail: String,
}

impl CountNote {
    pub(crate) fn of(row: &counting::store::NoteRow) -> Option<Self> {
        let rule = NoteRule::from_word(&row.rule)?;
        let (title, explanation) = (rule.title().to_owned(), rule.explanation().to_owned());
        Some(Self { date: LocalDate(row.day), rule, title, explanation, detail: row.detail.clone() })
    }
}

/// What was counted on a site in a month.
#[derive(SimpleObject)]
pub struct MonthVisits {
    /// The month, `YYYY-MM`.
    month: String,
    /// The month as people say it.
    month_text: String,
    /// Visits that count.
    visits: i32,
    /// Pages that people read.
    views: i32,
}

impl SiteFigures {
    async fn named(&self, ctx: &Context<'_>, kind: Kind) -> GqlResult<Vec<Figure>> {
        let rows = service::named(&mut *Cx::of(ctx)?.read().await?, kind, self.span).await?;
        Ok(rows.into_iter().map(Figure::from).collect())
    }
}

/// What was read of a site in some days. Each list has at most fifty names, the most first.
#[Object]
impl SiteFigures {
    /// The first day.
    async fn since(&self) -> LocalDate {
        LocalDate(self.span.0)
    }

    /// Pages by how often they were read.
    async fn pages(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Page).await
    }

    /// Pages by how many visits began on them.
    async fn entries(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Entry).await
    }

    /// Words that were searched for and found.
    async fn searches(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Search).await
    }

    /// Words that were searched for in vain.
    async fn unmet_searches(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Unmet).await
    }

    /// From what sort of place visits came.
    async fn referrers(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Referrer).await
    }

    /// With what sort of device.
    async fn devices(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Device).await
    }

    /// Files by how often they were taken.
    async fn downloads(&self, ctx: &Context<'_>) -> GqlResult<Vec<Figure>> {
        self.named(ctx, Kind::Download).await
    }

    /// The percentage of visits in which a second page was read; null without visits.
    async fn second_page_share(&self, ctx: &Context<'_>) -> GqlResult<Option<f64>> {
        Ok(service::second_share(&mut *Cx::of(ctx)?.read().await?, self.span).await?)
    }

    /// Hits that did not count, by reason.
    async fn rejects(&self, ctx: &Context<'_>) -> GqlResult<Vec<RejectedHits>> {
        Ok(RejectedHits::all(service::rejects(&mut *Cx::of(ctx)?.read().await?, self.span).await?))
    }

    /// The last twelve months on which anything was counted, whatever days are asked.
    async fn months(&self, ctx: &Context<'_>) -> GqlResult<Vec<MonthVisits>> {
        let mut tx = Cx::of(ctx)?.read().await?;
        let since = Month::of(tx.now()).plus(-11).begins();
        let rows = crate::store::months(&mut tx, since).await?;
        let row = |(month, visits, views): (String, i64, i64)| MonthVisits {
            month_text: Month::parse(&month).map(Month::text).unwrap_or_default(),
            month,
            visits: count(visits),
            views: count(views),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// What was unusual in these days, the newest first.
    async fn notes(&self, ctx: &Context<'_>) -> GqlResult<Vec<CountNote>> {
        let cx = Cx::of(ctx)?;
        let rows = counting::store::notes(&mut *cx.read().await?, Some(cx.tenant.id), self.span.0, self.span.1).await?;
        Ok(rows.iter().filter_map(CountNote::of).collect())
    }
}

/// Queries of the figures of a site.
#[derive(Default)]
pub struct FiguresQuery;

/// Queries of the figures of a site.
#[Object]
impl FiguresQuery {
    /// What was read of this site in the last days, today included.
    #[graphql(guard = "Can(Permission::SeeAdministration)")]
    async fn site_figures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many days, at most 366.", default_with = "Some(30)")] days: Option<i32>,
    ) -> GqlResult<SiteFigures> {
        let span = service::span(&*Cx::of(ctx)?.read().await?, days.unwrap_or(30))?;
        Ok(SiteFigures { span })
    }
}
