//! The code of a certificate, `C-7KQM-XW3P-9HTD`: eleven random places and one that checks them. Whoever has it may read the
//! certificate, so nobody must be able to guess one: 31^11 is more than 2^54.

use kernel::secret::sha256;

/// No 0/O, no 1/I/L: what is read aloud is written down right.
const LETTERS: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const RANDOM: usize = 11;

/// The code that unguessable bytes make.
pub(crate) fn of(secret: [u8; 32]) -> String {
    let mut number = sha256(&secret)[..16].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let mut places = [0_usize; RANDOM + 1];
    for place in &mut places[..RANDOM] {
        *place = (number % 31) as usize;
        number /= 31;
    }
    // The last place makes the weighted sum a multiple of the prime 31: a changed letter or two swapped ones then break it.
    places[RANDOM] = (0..31).find(|last| (weighed(&places) + last * (RANDOM + 1)).is_multiple_of(31)).unwrap_or_default();
    spelt(&places)
}

/// A code as typed (case, spaces and hyphens do not matter), brought to the form in which it was told; none if it is no code at all.
pub(crate) fn parse(typed: &str) -> Option<String> {
    let plain: Vec<u8> = typed.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect();
    let (b'C', rest) = plain.split_first().map(|(first, rest)| (*first, rest))? else { return None };
    let places: Vec<usize> = rest.iter().map(|byte| LETTERS.iter().position(|letter| letter == byte)).collect::<Option<_>>()?;
    (places.len() == RANDOM + 1 && weighed(&places).is_multiple_of(31)).then(|| spelt(&places))
}

fn weighed(places: &[usize]) -> usize {
    places.iter().enumerate().map(|(index, place)| (index + 1) * place).sum()
}

fn spelt(places: &[usize]) -> String {
    let mut code = String::from("C");
    for (index, place) in places.iter().enumerate() {
        if index % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[*place]));
    }
    code
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LETTERS, of, parse};

    proptest! {
        #[test]
        fn a_code_is_known_however_it_is_typed(secret in any::<[u8; 32]>()) {
            let code = of(secret);
            prop_assert_eq!(code.len(), 16);
            for typed in [code.clone(), code.to_lowercase(), code.replace('-', ""), code.replace('-', " ")] {
                prop_assert_eq!(parse(&typed), Some(code.clone()));
            }
        }

        #[test]
        fn one_wrong_letter_is_noticed(secret in any::<[u8; 32]>(), place in 0..12_usize, letter in 0..31_usize) {
            let code = of(secret).replace('-', "");
            let mut wrong = code.clone().into_bytes();
            wrong[place + 1] = LETTERS[letter];
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(parse(&wrong).is_some(), wrong == code);
        }

        #[test]
        fn two_swapped_letters_are_noticed(secret in any::<[u8; 32]>(), one in 0..12_usize, two in 0..12_usize) {
            let code = of(secret).replace('-', "");
            let mut wrong = code.clone().into_bytes();
            wrong.swap(one + 1, two + 1);
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(parse(&wrong).is_some(), wrong == code);
        }

        #[test]
        fn whatever_is_typed_it_never_breaks(typed in ".*") {
            let _ = parse(&typed);
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "C", "C-", "X-7KQM-XW3P-9HTD", "C-7KQM-XW3P", "C-0000-0000-0000", "ñ"] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }
}
