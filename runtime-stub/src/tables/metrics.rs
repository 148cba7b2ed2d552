//! The counters of a policy. Layout: count, offset of the policy's name, then for each (offset of its rule, offset of its outcome).
//! A name is a length and bytes. The names that the host knows counters by are made of these when they are defined.

use crate::bytes::{slice_at, u32_at};

/// How many there are.
pub fn count(table: &[u8]) -> usize {
    u32_at(table, 0) as usize
}

/// The pieces of the name that the host knows a metric by; none for one that is not there.
pub fn name(table: &[u8], metric: usize) -> [&[u8]; 7] {
    if metric >= count(table) {
        return [&[]; 7];
    }
    let (policy, rule, outcome) = (field(table, 4), rule(table, metric), field(table, place(metric).saturating_add(4)));
    [b"policy=.=", policy, b";.;rule=.=", rule, b";.;outcome=.=", outcome, b";.;portcullis_rule_total"]
}

/// The rule (limit, credential, `default`, …) that a metric counts for.
pub fn rule(table: &[u8], metric: usize) -> &[u8] {
    if metric >= count(table) { &[] } else { field(table, place(metric)) }
}

fn place(metric: usize) -> usize {
    metric.saturating_mul(8).saturating_add(8)
}

/// The name whose offset stands at `at`.
fn field(table: &[u8], at: usize) -> &[u8] {
    let name = u32_at(table, at) as usize;
    slice_at(table, name.saturating_add(4), u32_at(table, name) as usize)
}

/// Writes them: the policy, rules with outcomes.
#[cfg(not(target_arch = "wasm32"))]
pub fn encode<R: AsRef<str>, O: AsRef<str>>(policy: &str, metrics: &[(R, O)]) -> Vec<u8> {
    let mut blob = super::write::Blob::new();
    let mut names = std::collections::BTreeMap::new();
    blob.size(metrics.len());
    blob.bytes.resize(8 + metrics.len() * 8, 0);
    let pairs = metrics.iter().map(|(rule, outcome)| [rule.as_ref(), outcome.as_ref()]);
    for (n, name) in std::iter::once(policy).chain(pairs.flatten()).enumerate() {
        let at = *names.entry(name.to_owned()).or_insert_with(|| {
            let at = blob.bytes.len();
            blob.size(name.len());
            blob.put(name.as_bytes());
            at
        });
        blob.patch(4 + n * 4, at);
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{count, encode, name, rule};

    #[test]
    fn round_trip() {
        let table = encode("p", &[("r", "deny"), ("", "allow"), ("r", "shadow")]);
        assert_eq!(count(&table), 3);
        assert_eq!(name(&table, 0).concat(), b"policy=.=p;.;rule=.=r;.;outcome=.=deny;.;portcullis_rule_total");
        assert_eq!(name(&table, 1).concat(), b"policy=.=p;.;rule=.=;.;outcome=.=allow;.;portcullis_rule_total");
        assert_eq!(name(&table, 2).concat(), b"policy=.=p;.;rule=.=r;.;outcome=.=shadow;.;portcullis_rule_total");
        assert_eq!((rule(&table, 0), rule(&table, 1), rule(&table, 3)), (&b"r"[..], &b""[..], &b""[..]));
        assert_eq!(name(&table, 3).concat(), b"");
        assert_eq!(name(&[], 0).concat(), b"");
    }
}
