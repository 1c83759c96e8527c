//! SQL of evaluations.

use kernel::{Result, Tx};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::model::{ClosingPurpose, EvaluationKind, EvaluationRow};

/// Selects whole evaluations; every query of them has the same columns.
macro_rules! evaluations {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            EvaluationRow,
            r#"select id, kind as "kind: EvaluationKind", title, closing as "closing: ClosingPurpose", held_from, held_until, method, people, result,
                      figures, public, idempotency_key, created_at, updated_at
               from committee.evaluation where tenant_id = $1 "# + $rest,
            $($argument),+
        )
    };
}

pub(crate) async fn put_evaluation(tx: &mut Tx, row: &EvaluationRow) -> Result<()> {
    let tenant = tx.tenant()?;
    sqlx::query!(
        "insert into committee.evaluation (tenant_id, id, kind, title, closing, held_from, held_until, method, people, result, figures, public,
                                           idempotency_key, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict on constraint evaluation_pkey
         do update set kind = excluded.kind, title = excluded.title, closing = excluded.closing, held_from = excluded.held_from,
                       held_until = excluded.held_until, method = excluded.method, people = excluded.people, result = excluded.result,
                       figures = excluded.figures, public = excluded.public, updated_at = excluded.updated_at",
        tenant,
        row.id,
        row.kind as EvaluationKind,
        row.title,
        row.closing as Option<ClosingPurpose>,
        row.held_from,
        row.held_until,
        row.method,
        row.people,
        row.result,
        row.figures,
        row.public,
        row.idempotency_key,
        row.created_at,
        row.updated_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) async fn evaluation(tx: &mut Tx, id: Uuid) -> Result<Option<EvaluationRow>> {
    let tenant = tx.tenant()?;
    Ok(evaluations!("and id = $2", tenant, id).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn evaluation_of_key(tx: &mut Tx, key: &str) -> Result<Option<EvaluationRow>> {
    let tenant = tx.tenant()?;
    Ok(evaluations!("and idempotency_key = $2", tenant, key).fetch_optional(&mut **tx).await?)
}

pub(crate) async fn all_evaluations(tx: &mut Tx) -> Result<Vec<EvaluationRow>> {
    let tenant = tx.tenant()?;
    Ok(evaluations!("order by created_at, id", tenant).fetch_all(&mut **tx).await?)
}

/// Those of a kind (all, if none is named) whose title, method or result holds the words, the latest first; of all, or of the public ones alone.
pub(crate) async fn evaluations(
    tx: &mut Tx,
    public: bool,
    kind: Option<EvaluationKind>,
    words: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<EvaluationRow>, i64)> {
    let tenant = tx.tenant()?;
    let rows = evaluations!(
        "and (public or not $2) and ($3::text is null or kind = $3) and strpos(lower(concat_ws(' ', title, method, result)), lower($4)) > 0
         order by held_from desc, id limit $5 offset $6",
        tenant,
        public,
        kind as Option<EvaluationKind>,
        words,
        limit,
        offset
    )
    .fetch_all(&mut **tx)
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from committee.evaluation
           where tenant_id = $1 and (public or not $2) and ($3::text is null or kind = $3)
                 and strpos(lower(concat_ws(' ', title, method, result)), lower($4)) > 0"#,
        tenant,
        public,
        kind as Option<EvaluationKind>,
        words
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((rows, total))
}

/// Those of a kind that began between two days and were recorded by then, the latest first.
pub(crate) async fn recorded(tx: &mut Tx, kind: EvaluationKind, from: Date, until: Date, at: OffsetDateTime) -> Result<Vec<EvaluationRow>> {
    let tenant = tx.tenant()?;
    Ok(evaluations!(
        "and kind = $2 and held_from between $3 and $4 and created_at <= $5 order by held_from desc, id",
        tenant,
        kind as EvaluationKind,
        from,
        until,
        at
    )
    .fetch_all(&mut **tx)
    .await?)
}
