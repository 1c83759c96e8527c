//! The salt of a day: random, the same on every replica, in no log of the database, and destroyed when the day is over.

use std::collections::HashMap;
use std::net::IpAddr;

use kernel::clock::BOGOTA;
use kernel::secret::{Secret, sha256};
use kernel::{Database, Result, Scope};
use time::Date;
use uuid::Uuid;

use super::store;
use crate::rules;

/// How many days may be open at once: today, the one before at midnight, and that of a clock that is ahead.
const OPEN_DAYS: usize = 3;

/// The salts that this process knows, mixed with the platform's secret: neither alone makes a hash.
#[derive(Default)]
pub(super) struct Salts(HashMap<Date, ([u8; 32], [u8; 32])>);

impl Salts {
    /// What hashes the visitors of a day, if it is known already.
    pub(super) fn known(&self, day: Date) -> Option<Hasher> {
        self.0.get(&day).map(|(_, key)| Hasher(*key))
    }

    /// Learns the salt of a day, or puts back the one that the database has lost. Where a new one is needed although hits of the day were
    /// judged before, whoever was seen counts again: that is declared.
    pub(super) async fn learn(&mut self, db: &Database, secret: &Secret, day: Date) -> Result<()> {
        let mut tx = Scope::Worker(None).write(db).await?;
        let own = self.0.get(&day).map(|(salt, _)| *salt);
        let offered = own.unwrap_or_else(|| tx.secret());
        let is_new = store::offer_salt(&mut tx, day, &offered).await? && own.is_none();
        if is_new && store::judged_since(&mut tx, day.midnight().assume_offset(BOGOTA)).await? {
            tracing::warn!(%day, "the salt of the day was lost; visitors of before count again");
            let now = tx.now();
            store::declare(&mut tx, now, "SALT", 0, false, None).await?;
        }
        let salt = store::salt(&mut tx, day).await?;
        tx.commit().await?;
        let key = secret.keyed("visits.visitor", &[day.to_string().as_bytes(), &salt]);
        self.0.insert(day, (salt, key));
        Ok(())
    }

    /// Forgets the days that can no longer come.
    pub(super) fn forget_old(&mut self) {
        let mut days: Vec<Date> = self.0.keys().copied().collect();
        days.sort_unstable();
        for day in days.iter().rev().skip(OPEN_DAYS) {
            self.0.remove(day);
        }
    }
}

/// Hashes the visitors of one day.
pub(super) struct Hasher([u8; 32]);

impl Hasher {
    /// A visitor of a town: tomorrow, or next door, the same one is somebody else.
    pub(super) fn visitor(&self, tenant: Uuid, client: IpAddr, user_agent: &str) -> u64 {
        self.of(b'v', tenant, rules::household(client), user_agent.as_bytes())
    }

    /// A network, as seen by a town.
    pub(super) fn network(&self, tenant: Uuid, client: IpAddr) -> u64 {
        self.of(b'n', tenant, rules::network(client), b"")
    }

    fn of(&self, what: u8, tenant: Uuid, address: IpAddr, more: &[u8]) -> u64 {
        let mut bytes = Vec::with_capacity(66 + more.len());
        bytes.extend_from_slice(&self.0);
        bytes.push(what);
        bytes.extend_from_slice(tenant.as_bytes());
        match address {
            IpAddr::V4(address) => bytes.extend_from_slice(&address.to_ipv6_mapped().octets()),
            IpAddr::V6(address) => bytes.extend_from_slice(&address.octets()),
        }
        bytes.extend_from_slice(more);
        short(&bytes)
    }
}

/// The first 64 bits of SHA-256.
pub(super) fn short(bytes: &[u8]) -> u64 {
    let whole = sha256(bytes);
    u64::from_le_bytes([whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], whole[6], whole[7]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_a_household_with_a_browser_in_a_town_on_a_day() {
        let address = |text: &str| text.parse::<IpAddr>().expect("is an address");
        let (today, tomorrow) = (Hasher([1; 32]), Hasher([2; 32]));
        let (town, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let it = today.visitor(town, address("2800:e2:1:2::7"), "Firefox");
        assert_eq!(it, today.visitor(town, address("2800:e2:1:2:9::1"), "Firefox"), "a household has many addresses");
        for another in [
            today.visitor(town, address("2800:e2:1:3::7"), "Firefox"),
            today.visitor(town, address("2800:e2:1:2::7"), "Chrome"),
            today.visitor(other, address("2800:e2:1:2::7"), "Firefox"),
            tomorrow.visitor(town, address("2800:e2:1:2::7"), "Firefox"),
            today.network(town, address("2800:e2:1:2::7")),
        ] {
            assert_ne!(it, another);
        }
        assert_eq!(today.network(town, address("190.0.2.7")), today.network(town, address("::ffff:190.0.2.250")));
    }
}
