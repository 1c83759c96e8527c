//! Argon2id off the runtime's threads, a few at a time: each takes 19 MB while it runs.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use kernel::{Error, Result};
use tokio::sync::Semaphore;

static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// A hash that no password matches, of the cost of a real one: an unknown account takes the time of a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y2FiaWxkbyBub2JvZHkgMQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _turn = AT_ONCE.acquire().await.map_err(Error::broken)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::broken)
}

/// The hash of a new password, with a salt of its own.
pub(crate) async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    let hashed: Result<PasswordHash, _> = apart(move || Argon2::default().hash_password(password.as_bytes())).await?;
    hashed.map(|hash| hash.to_string()).map_err(Error::fault)
}

/// Whether the password is that of the hash; without a hash, no, after the same work.
pub(crate) async fn matches(password: &str, hash: Option<&str>) -> Result<bool> {
    let (password, hash) = (password.to_owned(), hash.unwrap_or(NOBODY).to_owned());
    apart(move || PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())).await
}

#[cfg(test)]
mod tests {
    use argon2::Params;
    use argon2::password_hash::phc::PasswordHash;

    use super::{NOBODY, hash, matches};

    #[tokio::test]
    async fn only_the_right_password_matches() -> kernel::Result<()> {
        let hashed = hash("tres ovejas azules").await?;
        assert!(matches("tres ovejas azules", Some(&hashed)).await?);
        assert!(!matches("tres ovejas rojas", Some(&hashed)).await?);
        assert!(!matches("tres ovejas azules", None).await?);
        Ok(())
    }

    #[test]
    fn nobody_costs_as_much_as_somebody() {
        let nobody = PasswordHash::new(NOBODY).expect("is well formed");
        let params = Params::try_from(&nobody).expect("has parameters");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST)
        );
    }
}
