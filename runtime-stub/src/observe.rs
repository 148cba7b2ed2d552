//! Counters. In: numbers of metrics (`tables::metrics`). Out: increments; each counter is defined once per VM, when first counted.

use crate::host::Host;
use crate::tables::metrics;

/// Counts a metric. `ids` holds the host's id plus one for each defined metric. Failing metrics decide nothing.
pub fn count<H: Host>(host: &mut H, table: &[u8], ids: &mut [u32], metric: usize) {
    let Some(id) = ids.get_mut(metric) else { return };
    if *id == 0 {
        match host.metric_define_counter(metrics::name(table, metric)) {
            Ok(defined) => *id = defined.wrapping_add(1),
            Err(_) => return,
        }
    }
    let _ = host.metric_increment(id.wrapping_sub(1), 1);
}

#[cfg(test)]
mod tests {
    use super::count;
    use crate::tables::metrics::encode;
    use crate::testing::FakeHost;

    #[test]
    fn counters_are_defined_once() {
        let (table, mut ids, mut host) = (encode(&[("a", "r"), ("b", "s")]), [0; 2], FakeHost::default());
        for metric in [1, 1, 0, 7, 1] {
            count(&mut host, &table, &mut ids, metric);
        }
        assert_eq!(host.metrics, [(b"b".to_vec(), 3), (b"a".to_vec(), 1)]);
        assert_eq!(host.calls.iter().filter(|call| **call == "metric_define_counter").count(), 2);
    }

    #[test]
    fn refused_counters_are_tried_again_and_harm_nothing() {
        let (table, mut ids, mut host) = (encode(&[("a", "r")]), [0; 1], FakeHost::default());
        host.failing.insert("metric_define_counter", 10);
        count(&mut host, &table, &mut ids, 0);
        assert_eq!(ids, [0]);
    }
}
