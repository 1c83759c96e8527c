//! The accounts of `up` mode: one of each role, with random passwords, told in `accounts.json` alone.

use std::path::Path;

use anyhow::anyhow;
use kernel::{Platform, Role, Scope};
use serde::Serialize;

use crate::up::{spoken, write_private};

#[derive(Serialize)]
struct Account {
    audience: &'static str,
    host: String,
    email: String,
    password: String,
    role: &'static str,
}

/// Audience, tenant, role and the part of the e-mail before the at sign.
const SEEDS: &[(&str, &str, Role, &str)] = &[
    ("committee", "chipaque-cundinamarca", Role::Coordinator, "coordinacion"),
    ("committee", "chipaque-cundinamarca", Role::Editor, "edicion"),
    ("committee", "chipaque-cundinamarca", Role::Official, "funcionario"),
    ("committee", "filandia-quindio", Role::Coordinator, "coordinacion"),
    ("committee", "zapatoca-santander", Role::Coordinator, "coordinacion"),
    ("support", "soporte", Role::Agent, "agente"),
    ("support", "soporte", Role::Supervisor, "supervision"),
    ("support", "soporte", Role::MailAdministrator, "correo"),
    ("agency", "agencia", Role::Analyst, "analisis"),
    ("agency", "agencia", Role::Administrator, "administracion"),
];

/// What to call the person of a role, in Spanish.
fn name_of(role: Role) -> &'static str {
    match role {
        Role::Coordinator => "Coordinación GEL-T",
        Role::Editor => "Edición del sitio",
        Role::Official => "Funcionario de atención",
        Role::Observer => "Observación",
        Role::Agent => "Agente de soporte",
        Role::Supervisor => "Supervisión de soporte",
        Role::MailAdministrator => "Administración de correo",
        Role::Analyst => "Analista de la agencia",
        Role::Administrator => "Administración de la agencia",
    }
}

/// Makes the accounts at first start and writes `accounts.json`; later starts change nothing.
pub(crate) async fn accounts(platform: &Platform, data: &Path, port: u16) -> anyhow::Result<()> {
    let file = data.join("accounts.json");
    if file.exists() {
        return Ok(());
    }
    let mut told = Vec::new();
    for (audience, slug, role, local) in SEEDS {
        let Some(entry) = platform.directory().by_slug(slug) else { continue };
        let email = format!("{local}@{slug}.example");
        let password = hex::encode(&platform.ids().secret()[..12]);
        let mut tx = Scope::Worker(Some(entry.id)).write(platform.db()).await.map_err(|error| anyhow!("{error}"))?;
        let seeded = identity::seed_account(&mut tx, &email, name_of(*role), *role, &password).await;
        tx.settle(seeded).await.map_err(|error| anyhow!("{}", spoken(&error)))?;
        told.push(Account {
            audience,
            host: format!("{}:{port}", platform.directory().host_of(&entry)),
            email,
            password,
            role: role.word(),
        });
    }
    write_private(&file, &(serde_json::to_string_pretty(&told)? + "\n"))
}
