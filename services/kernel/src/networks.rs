//! Sets of addresses, written as networks: proxies of ours, data centres, the agency's own machines.

use std::net::IpAddr;

use crate::{Error, Result};

/// Networks of both versions, in order and without overlap, so that a look-up is a search by halves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<(u128, u128)>);

impl Networks {
    /// Reads networks as `190.0.2.0/24`, `2800:e2::/32` or a single address, one a line; what follows a `#` is a remark.
    pub fn parse(text: &str) -> Result<Self> {
        let mut ranges = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            let written = line.split('#').next().unwrap_or_default().trim();
            if !written.is_empty() {
                ranges.push(range(written).ok_or_else(|| Error::fault(format!("line {number} is not a network: {written}")))?);
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Ok(Self(merged))
    }

    /// Whether the address lies in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let number = number(address);
        let at = self.0.partition_point(|(first, _)| *first <= number);
        at.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Version 4 lies within version 6, where it is mapped.
fn number(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn range(written: &str) -> Option<(u128, u128)> {
    let (address, bits) = match written.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (written, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let (width, mapped) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
    let bits = bits.unwrap_or(width);
    if bits > width {
        return None;
    }
    let tail = match 128 - bits - mapped {
        128 => u128::MAX,
        free => (1 << free) - 1,
    };
    let first = number(address) & !tail;
    Some((first, first | tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(networks: &Networks, address: &str) -> bool {
        networks.contains(address.parse().expect("is an address"))
    }

    #[test]
    fn an_address_is_found_in_its_network_and_not_beside_it() {
        let networks =
            Networks::parse("# nubes\n10.0.0.0/8\n190.0.2.0/25 # una\n10.1.0.0/16\n2800:e2::/32\n\n198.51.100.9").expect("are networks");
        for inside in ["10.0.0.0", "10.255.255.255", "190.0.2.127", "2800:e2:ffff::1", "198.51.100.9", "::ffff:10.1.2.3"] {
            assert!(holds(&networks, inside), "{inside}");
        }
        for outside in ["9.255.255.255", "11.0.0.0", "190.0.2.128", "2800:e3::", "198.51.100.8", "::1"] {
            assert!(!holds(&networks, outside), "{outside}");
        }
        assert!(Networks::parse(" \n# nada").expect("is empty").is_empty());
        assert!(holds(&Networks::parse("0.0.0.0/0").expect("is all of version 4"), "203.0.113.7"));
        assert!(holds(&Networks::parse("::/0").expect("is everything"), "203.0.113.7"));
    }

    #[test]
    fn a_line_that_is_no_network_is_told_by_its_number() {
        for wrong in ["10.0.0.0/33", "nube", "10.0.0/8", "2800::/129", "10.0.0.0/-1"] {
            let told = Networks::parse(&format!("10.0.0.0/8\n{wrong}")).expect_err("is not a network").to_string();
            assert!(told.contains("line 2"), "{told}");
        }
    }
}
