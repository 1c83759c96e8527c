//! Versions in a pack: `plan/versions.yaml` says how each stands, `plan/versions/<plan>/v<n>.yaml` holds its text. The text of the plan
//! that is measured is `plan.yaml` and stands nowhere else; a plan that only came signed needs no `versions.yaml`.

use std::collections::BTreeSet;

use kernel::pack::Pack;
use kernel::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::model::{Act, Content, Done, Signature, VersionRow, VersionState};
use super::store;
use crate::text::document::Document;

const LIST: &str = "plan/versions.yaml";
const TEXTS: &str = "plan/versions/";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionFile {
    plan: String,
    number: i32,
    state: VersionState,
    reason: Option<String>,
    act: Option<Act>,
    signatures: Vec<Signature>,
    done: Vec<Done>,
    #[serde(with = "time::serde::rfc3339")]
    changed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    adopted_at: Option<OffsetDateTime>,
    adopted_by: Option<Uuid>,
}

fn path(plan: &str, number: i32) -> String {
    format!("{TEXTS}{plan}/v{number}.yaml")
}

fn refused(path: &str, why: &str) -> Error {
    Error::whole("PACK", format!("{path}: {why}"))
}

/// Takes the versions; `measured` is the text of `plan.yaml`.
pub(crate) async fn import(tx: &mut Tx, pack: &Pack, measured: Option<&Document>) -> Result<()> {
    let listed = pack.yaml::<Vec<VersionFile>>(LIST)?;
    let mut texts: BTreeSet<&str> = pack.paths(TEXTS).collect();
    let files = match (listed, measured) {
        (Some(files), _) => files,
        (None, Some(plan)) => vec![VersionFile {
            plan: plan.key.clone(),
            number: 1,
            state: VersionState::InForce,
            reason: None,
            act: None,
            signatures: Vec::new(),
            done: Vec::new(),
            changed_at: tx.now(),
            adopted_at: None,
            adopted_by: None,
        }],
        (None, None) => Vec::new(),
    };
    if let Some(plan) = measured.filter(|plan| !files.iter().any(|file| file.plan == plan.key && file.state == VersionState::InForce)) {
        return Err(refused(LIST, &format!("falta la versión vigente de «{}», que está en plan.yaml", plan.key)));
    }
    for file in files {
        let path = path(&file.plan, file.number);
        let document = match measured {
            Some(plan) if plan.key == file.plan && file.state == VersionState::InForce => plan.clone(),
            _ => {
                texts.remove(path.as_str());
                pack.required_yaml(&path)?
            }
        };
        if document.key != file.plan {
            return Err(refused(&path, &format!("su clave es «{}» y debe ser «{}»", document.key, file.plan)));
        }
        let row = VersionRow {
            plan_key: file.plan,
            number: file.number,
            state: file.state,
            reason: file.reason,
            act: file.act.map(Json),
            signatures: Json(file.signatures),
            changed_at: file.changed_at,
            adopted_at: file.adopted_at,
            adopted_by: file.adopted_by,
        };
        store::insert(tx, &row, &Content { document: Json(document), done: Json(file.done) }).await?;
    }
    match texts.first() {
        Some(path) => Err(refused(path, "ninguna versión de plan/versions.yaml lleva este texto")),
        None => Ok(()),
    }
}

/// Writes the versions; `measured` is the key of the plan in `plan.yaml`.
pub(crate) async fn export(tx: &mut Tx, pack: &mut Pack, measured: Option<&str>) -> Result<()> {
    let mut files = Vec::new();
    for row in store::all(tx).await? {
        let content = store::content(tx, &row.plan_key, row.number).await?;
        if row.state != VersionState::InForce || measured != Some(row.plan_key.as_str()) {
            pack.put_yaml(&path(&row.plan_key, row.number), &content.document.0)?;
        }
        files.push(VersionFile {
            plan: row.plan_key,
            number: row.number,
            state: row.state,
            reason: row.reason,
            act: row.act.map(|act| act.0),
            signatures: row.signatures.0,
            done: content.done.0,
            changed_at: row.changed_at,
            adopted_at: row.adopted_at,
            adopted_by: row.adopted_by,
        });
    }
    // A plan that only came signed says nothing of itself that plan.yaml does not.
    let told = |file: &VersionFile| file.act.is_some() || file.number > 1 || file.adopted_at.is_some() || !file.done.is_empty();
    if files.len() > 1 || files.iter().any(|file| told(file) || file.state != VersionState::InForce) {
        pack.put_yaml(LIST, &files)
    } else {
        Ok(())
    }
}
