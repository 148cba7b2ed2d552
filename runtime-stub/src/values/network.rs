//! Networks that are values: an `ip` record whose host bits are zero, and the length of the prefix in one byte more.
//! In: addresses, numbers of bits. Out: records, membership, text.

use super::{number, text};
use crate::bytes;
use crate::contract::{CIDR_SIZE, IP_SIZE};
use crate::http::address;
use crate::rt::arena::Text;

/// The network of an address: so many bits of an IPv4 or IPv6 one. Numbers out of range count as the nearest that is in range.
pub fn of(ip: &[u8; IP_SIZE], v4_bits: i64, v6_bits: i64) -> [u8; CIDR_SIZE] {
    let bits = if bytes::u8_at(ip, 0) == 4 { v4_bits.clamp(0, 32) } else { v6_bits.clamp(0, 128) } as u8;
    let mut record = [0; CIDR_SIZE];
    let [address @ .., prefix] = &mut record;
    *prefix = bits;
    for (n, (to, from)) in address.iter_mut().zip(ip).enumerate() {
        *to = from & mask(n, bits);
    }
    record
}

/// Which bits of byte `n` of a record belong to the prefix; the first byte is the family.
fn mask(n: usize, bits: u8) -> u8 {
    let before = n.saturating_sub(1).wrapping_mul(8);
    match usize::from(bits).checked_sub(before) {
        _ if n == 0 => 0xff,
        Some(left) if left < 8 => !(0xffu8.wrapping_shr(left as u32)),
        Some(_) => 0xff,
        None => 0,
    }
}

/// A network and nothing else: an address, `/`, how many of its bits count; the others are zero. Of an IPv4-mapped IPv6 address at
/// least the bits before the IPv4 one count.
pub fn parse(text: &[u8]) -> Option<[u8; CIDR_SIZE]> {
    let (written, digits) = bytes::split_once(text, b'/')?;
    let ip = address::parse_ip(written)?;
    let is_v4 = bytes::u8_at(&ip, 0) == 4;
    let mapped = is_v4 && bytes::position(written, b':').is_some();
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let bits = number::parse(digits)?.saturating_sub(if mapped { 96 } else { 0 });
    let network = of(&ip, bits, bits);
    let fits = i64::from(bytes::u8_at(&network, IP_SIZE)) == bits && bytes::until(&network, IP_SIZE) == ip;
    if fits { Some(network) } else { None }
}

/// Whether an address is in a network.
pub fn contains(network: &[u8], ip: &[u8; IP_SIZE]) -> bool {
    let bits = bytes::u8_at(network, IP_SIZE);
    network.len() == CIDR_SIZE && ip.iter().zip(network).enumerate().all(|(n, (a, b))| (a ^ b) & mask(n, bits) == 0)
}

/// Adds a network: address, `/`, bits.
pub fn write(out: &mut Text<'_>, network: &[u8]) {
    if let Some(ip) = network.first_chunk::<IP_SIZE>() {
        text::ip(out, ip);
        out.push_byte(b'/');
        text::int(out, i64::from(bytes::u8_at(network, IP_SIZE)));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{contains, of, write};
    use crate::http::address::parse_ip;
    use crate::rt::arena::{Arena, Text};
    use std::net::IpAddr;

    fn written(network: &[u8]) -> String {
        let arena = Arena::new();
        let mut text = Text::new(&arena);
        write(&mut text, network);
        String::from_utf8(text.finish().unwrap().to_vec()).unwrap()
    }

    /// Beside plain arithmetic on numbers.
    #[test]
    fn networks_are_what_shifting_gives() {
        let addresses = ["255.254.253.252", "10.1.2.3", "0.0.0.0", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", "::1", "::"];
        for a in addresses {
            let ip: IpAddr = a.parse().unwrap();
            for bits in -1..=130i64 {
                let network = of(&parse_ip(a.as_bytes()).unwrap(), bits, bits);
                let (width, value) = match ip {
                    IpAddr::V4(v4) => (32u32, u128::from(v4.to_bits())),
                    IpAddr::V6(v6) => (128, v6.to_bits()),
                };
                let kept = u32::try_from(bits.clamp(0, i64::from(width))).unwrap();
                let shift = width - kept;
                let base = value.checked_shr(shift).map_or(0, |high| high << shift);
                let base: IpAddr = if width == 32 { IpAddr::V4((base as u32).into()) } else { IpAddr::V6(base.into()) };
                assert_eq!(written(&network), format!("{base}/{kept}"));
                for b in addresses {
                    let other: IpAddr = b.parse().unwrap();
                    let same = match (ip, other) {
                        (IpAddr::V4(x), IpAddr::V4(y)) => x.to_bits().checked_shr(shift) == y.to_bits().checked_shr(shift),
                        (IpAddr::V6(x), IpAddr::V6(y)) => x.to_bits().checked_shr(shift) == y.to_bits().checked_shr(shift),
                        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
                    };
                    assert_eq!(contains(&network, &parse_ip(b.as_bytes()).unwrap()), same, "{b} in {base}/{kept}");
                }
            }
        }
        assert!(!contains(&[], &parse_ip(b"::").unwrap()));
    }
}
