//! Counters. In: numbers of metrics (`tables::metrics`). Out: increments; each counter is defined once per VM, when first counted.

use crate::host::Host;
use crate::rt::arena::{Arena, Text};
use crate::tables::metrics;

/// Counts a metric. `ids` holds the host's id plus one for each defined metric. Failing metrics decide nothing.
pub fn count<H: Host>(host: &mut H, arena: &Arena, table: &[u8], ids: &mut [u32], metric: usize) {
    let Some(id) = ids.get_mut(metric) else { return };
    if *id == 0 {
        match Text::of(arena, &metrics::name(table, metric)).map(|name| host.metric_define_counter(name)) {
            Some(Ok(defined)) => *id = defined.wrapping_add(1),
            Some(Err(_)) | None => return,
        }
    }
    let _ = host.metric_increment(id.wrapping_sub(1), 1);
}

#[cfg(test)]
mod tests {
    use super::count;
    use crate::rt::arena::Arena;
    use crate::tables::metrics::encode;
    use crate::testing::FakeHost;

    #[test]
    fn counters_are_defined_once() {
        let (table, mut ids, mut host) = (encode("p", &[("a", "r"), ("b", "s")]), [0; 2], FakeHost::default());
        for metric in [1, 1, 0, 7, 1] {
            count(&mut host, &Arena::new(), &table, &mut ids, metric);
        }
        let name = |rule, outcome| format!("policy=.=p;.;rule=.={rule};.;outcome=.={outcome};.;portcullis_rule_total").into_bytes();
        assert_eq!(host.metrics, [(name("b", "s"), 3), (name("a", "r"), 1)]);
        assert_eq!(host.calls.iter().filter(|call| **call == "metric_define_counter").count(), 2);
    }

    #[test]
    fn refused_counters_are_tried_again_and_harm_nothing() {
        let (table, mut ids, mut host) = (encode("p", &[("a", "r")]), [0; 1], FakeHost::default());
        host.failing.insert("metric_define_counter", 10);
        count(&mut host, &Arena::new(), &table, &mut ids, 0);
        assert_eq!(ids, [0]);
    }
}
