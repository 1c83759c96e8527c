//! Keyed hashes under the platform's secret: codes told once, tokens stored as hashes, daily salts.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The platform's secret key. It never leaves this type, and prints as redacted.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the key as configured.
    pub fn new(key: impl Into<String>) -> Self {
        Self(SecretString::from(key.into()))
    }

    /// HMAC-SHA-256 of `parts` for one `purpose`; parts are length-prefixed, so they cannot run together.
    pub fn keyed(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()) else {
            return [0; 32]; // HMAC takes keys of any length: this arm is never taken.
        };
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A code of six letters and digits that people can read aloud (no 0/O, 1/I/L), as `MK4-7TQ`.
    pub fn spoken_code(&self, purpose: &str, parts: &[&[u8]]) -> String {
        const LETTERS: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
        let mac = self.keyed(purpose, parts);
        let mut number = u64::from_be_bytes([mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]]);
        let mut code = String::with_capacity(7);
        for place in 0..6 {
            if place == 3 {
                code.push('-');
            }
            code.push(char::from(LETTERS[(number % 31) as usize]));
            number /= 31;
        }
        code
    }
}

/// SHA-256 in lower-case hexadecimal: how tokens and file contents are named.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A code as typed, brought to the form in which it was told: spaces and hyphens do not matter, nor does case.
pub fn same_code(typed: &str, told: &str) -> bool {
    let plain = |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase() };
    let (typed, told) = (plain(typed), plain(told));
    // Compared by keyed-length fold, so that the time taken tells nothing.
    typed.len() == told.len() && typed.bytes().zip(told.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b)) == 0
}
