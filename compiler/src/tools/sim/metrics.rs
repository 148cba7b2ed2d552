//! Metrics: values live once per proxy and name, ids once per VM and definition.

use std::collections::BTreeMap;

use super::abi::Status;

/// The kind of a metric; its number is the low two bits of every id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// What a VM's metric id stands for.
#[derive(Clone, Debug)]
struct Definition {
    kind: Kind,
    name: String,
}

/// The ids that one VM has defined. Defining a name again gives a new id, as in Envoy 1.40.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    definitions: BTreeMap<u32, Definition>,
    counts: [u32; 3],
}

/// The values of all VMs.
#[derive(Debug, Default)]
pub(crate) struct Values {
    numbers: BTreeMap<(String, Kind), u64>,
}

impl Ids {
    /// A new id: counters 4, 8, …, gauges 5, 9, …, histograms 6, 10, ….
    pub(crate) fn define(&mut self, kind: u32, name: String, values: &mut Values) -> Result<u32, Status> {
        let (slot, kind) = match kind {
            0 => (0, Kind::Counter),
            1 => (1, Kind::Gauge),
            2 => (2, Kind::Histogram),
            _ => return Err(Status::BadArgument),
        };
        let count = self.counts.get_mut(slot).ok_or(Status::BadArgument)?;
        *count += 1;
        let id = *count * 4 + u32::try_from(slot).unwrap_or(0);
        values.numbers.entry((name.clone(), kind)).or_default();
        self.definitions.insert(id, Definition { kind, name });
        Ok(id)
    }

    fn find(&self, id: u32) -> Result<&Definition, Status> {
        self.definitions.get(&id).ok_or(Status::NotFound)
    }

    /// Adds; a counter takes no negative step, a histogram no step at all.
    pub(crate) fn increment(&self, id: u32, offset: i64, values: &mut Values) -> Result<(), Status> {
        let definition = self.find(id)?;
        let value = values.entry(definition);
        match definition.kind {
            Kind::Counter => *value = value.wrapping_add(u64::try_from(offset).map_err(|_| Status::BadArgument)?),
            Kind::Gauge => *value = value.wrapping_add_signed(offset),
            Kind::Histogram => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Sets a gauge, adds to a counter, samples a histogram.
    pub(crate) fn record(&self, id: u32, sample: u64, values: &mut Values) -> Result<(), Status> {
        let definition = self.find(id)?;
        let value = values.entry(definition);
        match definition.kind {
            Kind::Counter => *value = value.wrapping_add(sample),
            Kind::Gauge => *value = sample,
            // The number kept is how many samples there were.
            Kind::Histogram => *value = value.wrapping_add(1),
        }
        Ok(())
    }

    /// Reads a counter or a gauge.
    pub(crate) fn get(&self, id: u32, values: &Values) -> Result<u64, Status> {
        let definition = self.find(id)?;
        match definition.kind {
            Kind::Counter | Kind::Gauge => Ok(values.get(definition)),
            Kind::Histogram => Err(Status::BadArgument),
        }
    }
}

impl Values {
    fn entry(&mut self, definition: &Definition) -> &mut u64 {
        self.numbers.entry((definition.name.clone(), definition.kind)).or_default()
    }

    fn get(&self, definition: &Definition) -> u64 {
        self.numbers.get(&(definition.name.clone(), definition.kind)).copied().unwrap_or(0)
    }

    /// All counters by the name that the module gave (Envoy puts `wasmcustom.` before it), sorted.
    pub(crate) fn counters(&self) -> impl Iterator<Item = (&str, u64)> {
        self.numbers.iter().filter(|((_, kind), _)| *kind == Kind::Counter).map(|((name, _), value)| (name.as_str(), *value))
    }
}

/// Rule and outcome in the name of a `portcullis_rule_total` counter.
pub(crate) fn rule_counter(name: &str) -> Option<(&str, &str)> {
    let mut rule = None;
    let mut outcome = None;
    let mut last = "";
    for part in name.split(";.;") {
        match part.split_once("=.=") {
            Some(("rule", value)) => rule = Some(value),
            Some(("outcome", value)) => outcome = Some(value),
            Some(_) => {}
            None => last = part,
        }
    }
    (last == "portcullis_rule_total").then_some((rule?, outcome?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Ids, Status, Values, rule_counter};

    #[test]
    fn ids_are_new_and_values_shared() {
        let mut values = Values::default();
        let mut ids = Ids::default();
        let first = ids.define(0, "c".to_owned(), &mut values).unwrap();
        let gauge = ids.define(1, "g".to_owned(), &mut values).unwrap();
        let histogram = ids.define(2, "h".to_owned(), &mut values).unwrap();
        let again = ids.define(0, "c".to_owned(), &mut values).unwrap();
        assert_eq!((first, gauge, histogram, again), (4, 5, 6, 8));
        ids.increment(first, 2, &mut values).unwrap();
        ids.record(again, 50, &mut values).unwrap();
        assert_eq!(ids.get(again, &values), Ok(52));
        assert_eq!(ids.increment(first, -1, &mut values), Err(Status::BadArgument));
        assert_eq!(ids.increment(histogram, 1, &mut values), Err(Status::BadArgument));
        ids.record(gauge, 7, &mut values).unwrap();
        ids.increment(gauge, -3, &mut values).unwrap();
        assert_eq!(ids.get(gauge, &values), Ok(4));
        assert_eq!(ids.get(99, &values), Err(Status::NotFound));
    }

    #[test]
    fn rule_names() {
        let name = "policy=.=p;.;rule=.=keys;.;outcome=.=denied;.;portcullis_rule_total";
        assert_eq!(rule_counter(name), Some(("keys", "denied")));
        assert_eq!(rule_counter("other"), None);
    }
}
