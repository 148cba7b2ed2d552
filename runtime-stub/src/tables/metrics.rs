//! The counters of a policy. Layout: count, then for each (name offset, name length, rule offset, rule length).

use crate::bytes::{slice_at, u32_at};

/// How many there are.
pub fn count(table: &[u8]) -> usize {
    u32_at(table, 0) as usize
}

/// The name that the host knows a metric by.
pub fn name(table: &[u8], metric: usize) -> &[u8] {
    field(table, metric, 4)
}

/// The rule (limit, credential, `default`, …) that a metric counts for.
pub fn rule(table: &[u8], metric: usize) -> &[u8] {
    field(table, metric, 12)
}

fn field(table: &[u8], metric: usize, offset: usize) -> &[u8] {
    if metric >= count(table) {
        return &[];
    }
    let at = metric.saturating_mul(16).saturating_add(offset);
    slice_at(table, u32_at(table, at) as usize, u32_at(table, at.saturating_add(4)) as usize)
}

/// Writes them: host names and rules.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode<N: AsRef<[u8]>, R: AsRef<[u8]>>(metrics: &[(N, R)]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    blob.size(metrics.len());
    blob.bytes.resize(4 + metrics.len() * 16, 0);
    for (n, (name, rule)) in metrics.iter().enumerate() {
        let (name, rule) = (name.as_ref(), rule.as_ref());
        let name_at = blob.put(name);
        // The rule stands in the name: it is not kept twice.
        let inside = name.windows(rule.len().max(1)).position(|part| part == rule);
        let rule_at = inside.map_or_else(|| blob.put(rule), |at| name_at + at);
        for (field, value) in [name_at, name.len(), rule_at, rule.len()].into_iter().enumerate() {
            blob.patch(n * 16 + 4 + field * 4, value);
        }
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{count, encode, name, rule};

    #[test]
    fn round_trip() {
        let table = encode(&[("policy=.=a;.;rule=.=r;.;", "r"), ("x", "")]);
        assert_eq!(count(&table), 2);
        assert_eq!(name(&table, 0), b"policy=.=a;.;rule=.=r;.;");
        assert_eq!(rule(&table, 0), b"r");
        assert_eq!(name(&table, 1), b"x");
        assert_eq!(rule(&table, 1), b"");
        assert_eq!(name(&table, 2), b"");
        assert_eq!(name(&[], 0), b"");
    }
}
