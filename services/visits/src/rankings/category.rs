//! The category of Ley 617 de 2000: a dated record that a town enters from its own act. Nobody guesses it from inhabitants, for it also
//! rests on income, and where the two disagree income decides.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use kernel::error::Faults;
use kernel::graphql::{Can, Cx, DateTime, GqlResult, LocalDate};
use kernel::{Permission, Result, Tx};
use serde_json::json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A category of municipalities (Ley 617 de 2000).
#[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum, sqlx::Type, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MunicipalCategory {
    /// Especial.
    Special,
    /// Primera.
    First,
    /// Segunda.
    Second,
    /// Tercera.
    Third,
    /// Cuarta.
    Fourth,
    /// Quinta.
    Fifth,
    /// Sexta.
    Sixth,
}

/// A category as a town entered it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CategoryRow {
    pub(crate) year: i32,
    pub(crate) category: MunicipalCategory,
    pub(crate) act: String,
    pub(crate) adopted_on: Date,
    pub(crate) recorded_at: OffsetDateTime,
}

/// The categories of a year, by town.
pub(crate) async fn of_year(tx: &mut Tx, year: i32) -> Result<HashMap<Uuid, MunicipalCategory>> {
    let rows = sqlx::query!(r#"select tenant_id, category as "category: MunicipalCategory" from visits.category where year = $1"#, year)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.category)).collect())
}

/// The records of a town, newest first.
pub(crate) async fn of_town(tx: &mut Tx, town: Uuid) -> Result<Vec<CategoryRow>> {
    Ok(sqlx::query_as!(
        CategoryRow,
        r#"select year, category as "category: MunicipalCategory", act, adopted_on, recorded_at
           from visits.category where tenant_id = $1 order by year desc"#,
        town
    )
    .fetch_all(&mut **tx)
    .await?)
}

pub(crate) async fn put(tx: &mut Tx, row: &CategoryRow) -> Result<()> {
    let (tenant, actor) = (tx.tenant()?, tx.actor());
    sqlx::query!(
        "insert into visits.category (tenant_id, year, category, act, adopted_on, recorded_at, recorded_by) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint category_pkey do update set
             category = excluded.category, act = excluded.act, adopted_on = excluded.adopted_on,
             recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by",
        tenant,
        row.year,
        row.category as MunicipalCategory,
        row.act,
        row.adopted_on,
        row.recorded_at,
        actor
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn clear(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!("delete from visits.category where tenant_id = $1", tenant).execute(&mut **tx).await?;
    Ok(())
}

/// The category of a municipality in a year, with the act that says so.
#[derive(SimpleObject)]
pub struct TownCategory {
    /// The year for which it is in force.
    year: i32,
    /// The category.
    category: MunicipalCategory,
    /// The act that adopts it.
    act: String,
    /// The date of the act.
    adopted_on: LocalDate,
    /// When the municipality entered it.
    recorded_at: DateTime,
}

impl From<CategoryRow> for TownCategory {
    fn from(row: CategoryRow) -> Self {
        let (adopted_on, recorded_at) = (LocalDate(row.adopted_on), DateTime(row.recorded_at));
        Self { year: row.year, category: row.category, act: row.act, adopted_on, recorded_at }
    }
}

/// The category of a year, from its act.
#[derive(InputObject)]
pub struct RecordCategoryInput {
    /// The year for which it is in force; the next one at the latest.
    year: i32,
    /// The category.
    category: MunicipalCategory,
    /// The act that adopts it, as it is cited.
    act: String,
    /// The date of the act.
    adopted_on: LocalDate,
}

kernel::payload!(RecordCategoryPayload { category: TownCategory });

/// Queries of categories.
#[derive(Default)]
pub struct CategoriesQuery;

/// Queries of categories.
#[Object]
impl CategoriesQuery {
    /// The categories that a municipality entered, newest first; empty where it entered none.
    async fn town_categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The town's name in hosts; this host's town when left out.")] slug: Option<String>,
    ) -> GqlResult<Vec<TownCategory>> {
        let cx = Cx::of(ctx)?;
        let town = match slug {
            Some(slug) => cx.platform.directory().by_slug(&slug),
            None => Some(cx.tenant.clone()),
        };
        let Some(town) = town else { return Ok(Vec::new()) };
        Ok(of_town(&mut *cx.read().await?, town.id).await?.into_iter().map(TownCategory::from).collect())
    }
}

/// Mutations of categories.
#[derive(Default)]
pub struct CategoriesMutation;

/// Mutations of categories.
#[Object]
impl CategoriesMutation {
    /// Records the municipality's category of a year, or corrects it; months that are closed keep the one that they were closed with.
    #[graphql(guard = "Can(Permission::KeepPlan)")]
    async fn record_category(&self, ctx: &Context<'_>, input: RecordCategoryInput) -> GqlResult<RecordCategoryPayload> {
        let mut tx = Cx::of(ctx)?.write().await?;
        let done = record(&mut tx, &input).await;
        RecordCategoryPayload::of(tx.settle(done).await.map(TownCategory::from))
    }
}

async fn record(tx: &mut Tx, input: &RecordCategoryInput) -> Result<CategoryRow> {
    let (act, today, mut faults) = (input.act.trim().to_owned(), tx.today(), Faults::default());
    faults.require((2000..=today.year() + 1).contains(&input.year), "year", "RANGE", "Escriba un año desde 2000 hasta el próximo");
    faults.require((3..=200).contains(&act.chars().count()), "act", "FORM", "Escriba el acto como se cita: Decreto 045 de 2025");
    let (adopted, earliest) = (input.adopted_on.0, input.year - 2);
    faults.require(adopted <= today && adopted.year() >= earliest, "adoptedOn", "RANGE", "Revise la fecha del acto");
    faults.into_result()?;
    let row = CategoryRow { year: input.year, category: input.category, act, adopted_on: adopted, recorded_at: tx.now() };
    put(tx, &row).await?;
    tx.audit("visits.category.recorded", "category", &row.year.to_string(), json!({ "category": row.category, "act": row.act })).await?;
    tx.publish();
    Ok(row)
}
