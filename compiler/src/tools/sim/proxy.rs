//! What all VMs of one proxy share: shared data, metric values, the clock, randomness and the log.

use std::collections::BTreeMap;

use super::metrics::Values;
use super::queues::Queues;
use super::shared_data::SharedData;
use crate::tools::message::Answer;

/// One running proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) shared: SharedData,
    pub(crate) queues: Queues,
    pub(crate) metrics: Values,
    /// Nanoseconds since 1970.
    pub(crate) now: u64,
    pub(crate) logs: Vec<(u32, String)>,
    /// What clusters answer to calls: `None` is nothing in time.
    pub(crate) services: BTreeMap<String, Option<Answer>>,
    /// Whether there is `verify_signature`.
    pub(crate) verifies_signatures: bool,
    random: u64,
    requests: u64,
}

impl Proxy {
    /// An empty proxy at this time; `seed` decides what `random_get` gives.
    pub(crate) fn new(now: u64, seed: u64) -> Self {
        Self {
            shared: SharedData::default(),
            queues: Queues::default(),
            metrics: Values::default(),
            now,
            logs: Vec::new(),
            services: BTreeMap::new(),
            verifies_signatures: false,
            random: seed,
            requests: 0,
        }
    }

    /// The next random byte (splitmix64, so that a seed gives the same run everywhere).
    pub(crate) fn random_byte(&mut self) -> u8 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [byte, ..] = (mixed ^ (mixed >> 31)).to_le_bytes();
        byte
    }

    /// The number of this request, from 1.
    pub(crate) fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }
}
