//! Random calls of functions over bytes and networks. In: what can be read at a place. Out: text.

use super::expr::Expressions;
use super::world::Type;

impl Expressions<'_> {
    /// `bytes` or `bytes?`.
    pub(super) fn any_bytes(&mut self, depth: usize) -> String {
        let decoder = self.pick(&["hex_decode", "base64_decode", "base64url_decode", "url_decode"]);
        let next = depth.saturating_sub(1);
        match self.random.below(6) {
            0 => format!("{decoder}({})", self.text_optional(next)),
            1 => (*self.random.pick(&["hex_decode(\"00ff\")", "url_decode(\"a+%62\")", "base64_decode(\"YWJj\")"])).to_owned(),
            _ => self.bytes(next),
        }
    }

    /// `bytes` that are there.
    pub(super) fn bytes(&mut self, depth: usize) -> String {
        let next = depth.saturating_sub(1);
        let decoder = self.pick(&["hex_decode", "base64_decode", "base64url_decode", "url_decode"]);
        let secret = self.named(Type::Secret);
        let held = self.named(Type::Bytes);
        match (self.random.below(6), secret) {
            _ if held.is_some() && self.random.chance(20) => held.unwrap_or_default(),
            (0 | 1, Some(secret)) => {
                let code = self.pick(&["hmac_sha256", "hmac_sha512", "hmac_sha1"]);
                format!("{code}({secret}, {})", self.taken(next))
            }
            (2 | 3, _) => format!("({decoder}({}) ?? {})", self.text_optional(next), self.literal()),
            (4, Some(secret)) => format!("hmac_sha1(hmac_sha256({secret}, {}), {})", self.digest(next), self.text(next)),
            _ => self.digest(next),
        }
    }

    pub(super) fn digest(&mut self, depth: usize) -> String {
        let digest = self.pick(&["sha256", "sha512", "sha1", "md5"]);
        format!("{digest}({})", self.taken(depth))
    }

    /// What is taken where bytes are expected.
    pub(super) fn taken(&mut self, depth: usize) -> String {
        if depth > 0 && self.random.chance(40) { self.bytes(depth - 1) } else { self.text(depth) }
    }

    pub(super) fn bytes_test(&mut self, depth: usize) -> String {
        match self.random.below(4) {
            0 => format!("equal_constant_time({}, {})", self.text(depth), self.taken(depth)),
            1 => format!("({}) in [{}, {}]", self.any_bytes(depth), self.bytes(depth), self.text(depth)),
            2 => format!("(len({}) > {})", self.bytes(depth), self.random.below(30)),
            _ => format!("(text({}) == {})", self.any_bytes(depth), self.text(depth)),
        }
    }

    /// A network of some address.
    pub(super) fn network(&mut self, depth: usize) -> String {
        let address =
            if self.random.chance(50) { "client.ip".to_owned() } else { format!("(ip({}) ?? client.ip)", self.text_optional(depth)) };
        if let Some(network) = self.named(Type::Network)
            && self.random.chance(30)
        {
            return network;
        }
        let v4 = self.pick(&["0", "8", "24", "31", "32", "client.port"]);
        let v6 = self.pick(&["0", "32", "63", "64", "65", "128", "(0 - 1)"]);
        format!("cidr({address}, {v4}, {v6})")
    }

    pub(super) fn network_test(&mut self, depth: usize) -> String {
        let (one, other) = (self.network(depth), self.network(depth));
        match self.random.below(4) {
            0 => format!("{one} == {other}"),
            1 => format!("({}) in {one}", self.any_ip()),
            2 => format!("({}) in [{one}, {other}]", self.any_ip()),
            _ => format!("{one} in [{other}, {one}]"),
        }
    }
}
