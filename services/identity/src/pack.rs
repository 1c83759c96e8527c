//! Identity's part of a tenant pack: `identity.yaml`, who holds which role. Passwords never travel: an account that is new here
//! cannot sign in before a reset.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use kernel::directory::Audience;
use kernel::pack::{Pack, PackPart};
use kernel::{Error, Result, Role, Tx};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::{AccountRow, MembershipRow};
use crate::{rules, store};

pub(crate) struct IdentityPart;

const FILE: &str = "identity.yaml";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    accounts: Vec<AccountFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    email: String,
    name: String,
    roles: Vec<RoleFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleFile {
    role: Role,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    since: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    until: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    first_seen: Option<OffsetDateTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enrolled_as: Option<String>,
}

#[async_trait]
impl PackPart for IdentityPart {
    fn claims(&self) -> &'static [&'static str] {
        &[FILE]
    }

    async fn import(&self, tx: &mut Tx, pack: &Pack) -> Result<()> {
        match pack.yaml::<IdentityFile>(FILE)? {
            Some(file) => place(tx, file).await,
            None => Ok(()),
        }
    }

    async fn export(&self, tx: &mut Tx, pack: &mut Pack) -> Result<()> {
        let mut accounts: Vec<AccountFile> = Vec::new();
        for row in store::memberships(tx).await? {
            if accounts.last().is_none_or(|last| last.email != row.email) {
                accounts.push(AccountFile { email: row.email, name: row.name, roles: Vec::new() });
            }
            if let (Some(last), Some(role)) = (accounts.last_mut(), Role::from_word(&row.role)) {
                last.roles.push(RoleFile {
                    role,
                    since: Some(row.since),
                    until: row.until,
                    first_seen: row.first_seen,
                    enrolled_as: row.enrolled_as,
                });
            }
        }
        pack.put_yaml(FILE, &IdentityFile { accounts })
    }

    async fn clear(&self, tx: &mut Tx) -> Result<()> {
        store::clear(tx).await
    }
}

/// Loads the overlay's `identity` section, in the form of a pack's file: people without a password.
pub(crate) fn demo<'a>(tx: &'a mut Tx, section: &'a serde_json::Value) -> BoxFuture<'a, Result<()>> {
    async move { place(tx, serde_json::from_value(section.clone())?).await }.boxed()
}

async fn place(tx: &mut Tx, file: IdentityFile) -> Result<()> {
    let now = tx.now();
    // A tenant that is being made is not in the directory yet; only municipalities are made from packs.
    let audience = tx.entry().map_or(Audience::Municipality, |entry| entry.kind.audience());
    for person in file.accounts {
        let email = rules::email(&person.email);
        let account = AccountRow { id: rules::account_id(&email), email, name: person.name };
        let account_id = store::upsert_account(tx, &account).await?;
        for held in person.roles {
            if !rules::fits(held.role, audience) {
                return Err(Error::whole("PACK", format!("{FILE}: el rol {} no existe en esta clase de sitio", held.role.word())));
            }
            let membership = MembershipRow {
                account_id,
                email: account.email.clone(),
                name: account.name.clone(),
                role: held.role.word().to_owned(),
                since: held.since.unwrap_or(now),
                until: held.until,
                first_seen: held.first_seen,
                enrolled_as: held.enrolled_as,
            };
            store::upsert_membership(tx, &membership).await?;
        }
    }
    Ok(())
}
