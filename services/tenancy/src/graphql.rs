//! Municipalities as the API shows them.

use async_graphql::{Context, Object, SimpleObject};
use kernel::directory::Audience;
use kernel::graphql::{Cx, Department, GqlResult, Municipality, Paging};
use kernel::search::plain;

kernel::connection!(MunicipalityConnection, Municipality);

/// A department and how many of its municipalities are on the platform.
#[derive(SimpleObject)]
pub struct DepartmentCount {
    /// The department.
    department: Department,
    /// How many municipalities.
    towns: i32,
    /// The fifth of the departments in which it falls by that number, 5 the most.
    level: i32,
}

/// Queries about municipalities.
#[derive(Default)]
pub struct TenancyQuery;

/// Queries about municipalities.
#[Object]
impl TenancyQuery {
    /// The municipality of this host; null on the platform's own hosts.
    async fn municipality(&self, ctx: &Context<'_>) -> GqlResult<Option<Municipality>> {
        Ok(Municipality::of_entry(&Cx::of(ctx)?.tenant))
    }

    /// Every municipality on the platform, by name.
    #[graphql(complexity = "first.unwrap_or(20).max(0) as usize * child_complexity + 1")]
    async fn municipalities(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
        department: Option<String>,
    ) -> GqlResult<MunicipalityConnection> {
        let paging = Paging::new(first, after.as_deref())?;
        let wanted = search.as_deref().map(plain).unwrap_or_default();
        let mut found: Vec<_> = Cx::of(ctx)?
            .platform
            .directory()
            .all()
            .into_iter()
            .filter(|entry| plain(&entry.name).contains(wanted.trim()))
            .filter(|entry| department.as_ref().is_none_or(|code| entry.department_code == *code))
            .filter_map(|entry| Municipality::of_entry(&entry).map(|town| (plain(&entry.name), entry.code.clone(), town)))
            .collect();
        found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let total = found.len() as i64;
        let page = found.into_iter().skip(paging.offset as usize).take(paging.limit as usize).map(|(_, _, town)| town).collect();
        Ok(MunicipalityConnection::new(paging, page, total))
    }

    /// The departments with municipalities on the platform, the most first.
    async fn department_counts(&self, ctx: &Context<'_>) -> GqlResult<Vec<DepartmentCount>> {
        let mut counts = std::collections::BTreeMap::<String, (String, i32)>::new();
        for town in Cx::of(ctx)?.platform.directory().all().iter().filter(|entry| entry.kind.audience() == Audience::Municipality) {
            counts.entry(town.department_code.clone()).or_insert_with(|| (town.department.clone(), 0)).1 += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().map(|(code, (name, towns))| (Department { code, name }, towns)).collect();
        counts.sort_by_key(|(_, towns)| -towns);
        let fifth = |place: usize| 5 - (place * 5 / counts.len().max(1)) as i32;
        let levels: Vec<i32> = (0..counts.len()).map(fifth).collect();
        Ok(counts.into_iter().zip(levels).map(|((department, towns), level)| DepartmentCount { department, towns, level }).collect())
    }

    /// The municipality of that slug, wherever it is asked.
    async fn municipality_by_slug(&self, ctx: &Context<'_>, slug: String) -> GqlResult<Option<Municipality>> {
        Ok(Cx::of(ctx)?.platform.directory().by_slug(&slug).and_then(|entry| Municipality::of_entry(&entry)))
    }
}
