//! SQL of the registry.

use kernel::directory::{Phone, TenantEntry, TenantKind};
use kernel::{Result, Tx};
use sqlx::types::Json;
use uuid::Uuid;

pub(crate) async fn upsert(tx: &mut Tx, entry: &TenantEntry) -> Result<()> {
    let now = tx.now();
    let kind = match entry.kind {
        TenantKind::Municipality => "municipality",
        TenantKind::Area => "area",
        TenantKind::Agency => "agency",
        TenantKind::Support => "support",
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    sqlx::query!(
        "insert into tenancy.tenant (id, kind, code, slug, short_slug, name, official_name, department_code, department, nit, dispatch,
                                     address, postal_code, phones, email, motto, accent, population, ranked, demonstration, calendar,
                                     created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)
         on conflict on constraint tenant_pkey do update set
             slug = excluded.slug, short_slug = excluded.short_slug, name = excluded.name, official_name = excluded.official_name,
             department_code = excluded.department_code, department = excluded.department, nit = excluded.nit,
             dispatch = excluded.dispatch, address = excluded.address, postal_code = excluded.postal_code, phones = excluded.phones,
             email = excluded.email, motto = excluded.motto, accent = excluded.accent, population = excluded.population,
             ranked = excluded.ranked, demonstration = excluded.demonstration, calendar = excluded.calendar, updated_at = excluded.updated_at",
        entry.id,
        kind,
        some(&entry.code),
        entry.slug,
        entry.short_slug,
        entry.name,
        entry.official_name,
        some(&entry.department_code),
        some(&entry.department),
        entry.nit,
        entry.dispatch,
        entry.address,
        entry.postal_code,
        Json(&entry.phones) as _,
        entry.email,
        entry.motto,
        entry.accent,
        entry.population,
        entry.ranked,
        entry.demonstration,
        entry.calendar,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Every tenant, by slug.
pub async fn list(tx: &mut Tx) -> Result<Vec<TenantEntry>> {
    let rows = sqlx::query!(
        r#"select id, kind, code, slug, short_slug, name, official_name, department_code, department, nit, dispatch, address, postal_code,
                  phones as "phones: Json<Vec<Phone>>", email, motto, accent, population, ranked, demonstration, status, calendar
           from tenancy.tenant order by slug"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(TenantEntry {
                id: row.id,
                kind: TenantKind::from_word(&row.kind)?,
                code: row.code.unwrap_or_default(),
                slug: row.slug,
                short_slug: row.short_slug,
                name: row.name,
                official_name: row.official_name,
                department_code: row.department_code.unwrap_or_default(),
                department: row.department.unwrap_or_default(),
                nit: row.nit,
                dispatch: row.dispatch,
                address: row.address,
                postal_code: row.postal_code,
                phones: row.phones.0,
                email: row.email,
                motto: row.motto,
                accent: row.accent,
                population: row.population,
                ranked: row.ranked,
                demonstration: row.demonstration,
                suspended: row.status == "suspended",
                hours_text: hours_text(row.calendar.as_ref()),
                calendar: row.calendar,
            })
        })
        .collect())
}

pub(crate) async fn custom_hosts(tx: &mut Tx) -> Result<Vec<(String, Uuid)>> {
    let rows = sqlx::query!("select host, tenant_id from tenancy.domain where verified_at is not null").fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.host, row.tenant_id)).collect())
}

/// A stamp that changes whenever a tenant or a host does.
pub(crate) async fn stamp(tx: &mut Tx) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"select concat_ws(' ', (select count(*) from tenancy.tenant), (select max(updated_at) from tenancy.tenant),
                            (select count(*) from tenancy.domain where verified_at is not null)) as "stamp!""#
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub(crate) async fn versions(tx: &mut Tx) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!("select tenant_id, version from kernel.content_version").fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.version)).collect())
}

pub(crate) async fn clock_ahead(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select extract(epoch from ahead)::bigint as "seconds!" from kernel.clock"#).fetch_one(&mut **tx).await?)
}

/// Whether an action was ever audited in the transaction's tenant.
pub(crate) async fn was_done(tx: &mut Tx, action: &str) -> Result<bool> {
    let tenant = tx.tenant()?;
    Ok(sqlx::query_scalar!(
        r#"select exists (select from kernel.audit_entry where tenant_id = $1 and action = $2) as "done!""#,
        tenant,
        action
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Moves the platform's clock ahead by this many seconds more.
pub async fn advance_clock(tx: &mut Tx, seconds: i64) -> Result<()> {
    sqlx::query!("update kernel.clock set ahead = ahead + make_interval(secs => $1)", seconds as f64).execute(&mut **tx).await?;
    Ok(())
}

/// Suspends or resumes a tenant; `NotFound` when there is none of that slug.
pub async fn set_status(tx: &mut Tx, slug: &str, status: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query_scalar!("update tenancy.tenant set status = $2, updated_at = $3 where slug = $1 returning id", slug, status, now)
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

/// Opening hours in words: days of equal hours together, in the order of the week.
fn hours_text(calendar: Option<&serde_json::Value>) -> Option<String> {
    let week = calendar?.get("week")?.as_object()?;
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let names = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
    let slots = |day: &str| -> String {
        let slots = week.get(day).and_then(|slots| slots.as_array()).map(Vec::as_slice).unwrap_or_default();
        slots.iter().filter_map(|slot| spoken_slot(slot.as_str()?)).collect::<Vec<_>>().join(" y ")
    };
    let mut spans: Vec<(usize, usize, String)> = Vec::new();
    for (index, day) in days.iter().enumerate() {
        let hours = slots(day);
        match spans.last_mut() {
            Some((_, last, same)) if *last + 1 == index && *same == hours => *last = index,
            _ if hours.is_empty() => {}
            _ => spans.push((index, index, hours)),
        }
    }
    let told: Vec<String> = spans
        .into_iter()
        .map(
            |(from, to, hours)| {
                if from == to { format!("{}, {hours}", names[from]) } else { format!("{} a {}, {hours}", names[from], names[to]) }
            },
        )
        .collect();
    let mut text = told.join("; ");
    let first = text.get(..1)?.to_uppercase();
    text.replace_range(..1, &first);
    Some(text)
}

/// `08:00-12:00` as `8:00 a. m. a 12:00 m.`
fn spoken_slot(slot: &str) -> Option<String> {
    let clock = |text: &str| -> Option<String> {
        let (hour, minute) = text.split_once(':')?;
        Some(calendar::spanish::clock_time(time::Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()?))
    };
    let (from, to) = slot.split_once('-')?;
    Some(format!("{} a {}", clock(from)?, clock(to)?))
}
