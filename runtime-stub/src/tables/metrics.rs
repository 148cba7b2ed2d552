//! The counters of a policy. Layout: count, offset of the policy's name, number of the counter of faults, then for each (offset of its
//! rule, offset of its outcome). A name is a length and bytes. The names that the host knows counters by are made of these when they
//! are defined.

use crate::bytes::{slice_at, u32_at};

/// How many there are.
pub fn count(table: &[u8]) -> usize {
    u32_at(table, 0) as usize
}

/// The pieces of the name that the host knows a metric by.
pub fn name(table: &[u8], metric: usize) -> [&[u8]; 7] {
    let (rule, outcome) = labels(table, metric);
    [b"policy=.=", field(table, 4), b";.;rule=.=", rule, b";.;outcome=.=", outcome, b";.;portcullis_rule_total"]
}

/// The rule (limit, credential, `default`, …) that a metric counts for, and what it counts: `allow`, `deny`, why a credential is
/// refused, …; both empty for a metric that is not there.
pub fn labels(table: &[u8], metric: usize) -> (&[u8], &[u8]) {
    let place = place(metric);
    if metric >= count(table) { (&[], &[]) } else { (field(table, place), field(table, place.saturating_add(4))) }
}

/// The number of the metric that counts faults; every policy has it.
pub fn fault(table: &[u8]) -> usize {
    u32_at(table, 8) as usize
}

fn place(metric: usize) -> usize {
    metric.saturating_mul(8).saturating_add(12)
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
    let fault = metrics.iter().position(|(rule, _)| rule.as_ref() == "fault").unwrap_or(usize::MAX);
    blob.bytes.resize(12 + metrics.len() * 8, 0);
    blob.patch(8, fault);
    let pairs = metrics.iter().map(|(rule, outcome)| [rule.as_ref(), outcome.as_ref()]);
    for (n, name) in std::iter::once(policy).chain(pairs.flatten()).enumerate() {
        let at = *names.entry(name.to_owned()).or_insert_with(|| {
            let at = blob.bytes.len();
            blob.size(name.len());
            blob.put(name.as_bytes());
            at
        });
        // The policy's own stands before the number of the counter of faults.
        blob.patch(if n == 0 { 4 } else { 8 + n * 4 }, at);
    }
    blob.bytes
}

#[cfg(test)]
mod tests {
    use super::{count, encode, fault, labels, name};

    #[test]
    fn round_trip() {
        let table = encode("p", &[("r", "deny"), ("", "allow"), ("r", "shadow")]);
        assert_eq!(count(&table), 3);
        assert_eq!(name(&table, 0).concat(), b"policy=.=p;.;rule=.=r;.;outcome=.=deny;.;portcullis_rule_total");
        assert_eq!(name(&table, 1).concat(), b"policy=.=p;.;rule=.=;.;outcome=.=allow;.;portcullis_rule_total");
        assert_eq!(name(&table, 2).concat(), b"policy=.=p;.;rule=.=r;.;outcome=.=shadow;.;portcullis_rule_total");
        assert_eq!((labels(&table, 0), labels(&table, 1)), ((&b"r"[..], &b"deny"[..]), (&b""[..], &b"allow"[..])));
        let with_faults = encode("p", &[("r", "deny"), ("fault", "fault")]);
        assert_eq!((fault(&with_faults), labels(&with_faults, 1)), (1, (&b"fault"[..], &b"fault"[..])));
        assert_eq!((labels(&table, 3), labels(&[], 0)), ((&b""[..], &b""[..]), (&b""[..], &b""[..])));
    }
}
