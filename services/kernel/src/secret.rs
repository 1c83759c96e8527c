//! Keyed hashes under the platform's secret: codes told once, tokens stored as hashes, daily salts. And the platform's signature, which
//! anybody can check.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
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

/// The platform's Ed25519 key (RFC 8032). Its private half never leaves this type; its public half is published.
#[derive(Clone)]
pub struct Signer(Arc<Ed25519KeyPair>);

impl Signer {
    /// Takes the key's seed as configured: 64 hexadecimal digits. `None` for anything else.
    pub fn from_seed(seed: &str) -> Option<Self> {
        let seed = hex::decode(seed.trim()).ok().filter(|seed| seed.len() == 32)?;
        Ed25519KeyPair::from_seed_unchecked(&seed).ok().map(|pair| Self(Arc::new(pair)))
    }

    /// The public half.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The signature of these bytes; the same every time.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

/// Whether the holder of that key signed these bytes.
pub fn signed_by(public_key: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(bytes, signature).is_ok()
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

#[cfg(test)]
mod tests {
    use super::{Signer, signed_by};

    #[test]
    fn a_signature_is_the_one_of_rfc_8032_and_holds_for_its_bytes_alone() {
        // Section 7.1, test 2.
        let signer = Signer::from_seed("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").expect("is a seed");
        assert_eq!(hex::encode(signer.public_key()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signature = signer.sign(&[0x72]);
        assert_eq!(
            hex::encode(&signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(signed_by(signer.public_key(), &[0x72], &signature));
        assert!(!signed_by(signer.public_key(), &[0x73], &signature) && !signed_by(&[1; 32], &[0x72], &signature));
        assert!(["", "12", "zz", &"a".repeat(63)].iter().all(|wrong| Signer::from_seed(wrong).is_none()));
    }
}
