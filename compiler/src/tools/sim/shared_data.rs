//! Shared data: one map for all VMs, each value with its compare-and-swap number.

use std::collections::BTreeMap;

use super::abi::Status;

/// The map of one `vm_id`.
#[derive(Debug, Default)]
pub(crate) struct SharedData {
    entries: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last_cas: u32,
}

impl SharedData {
    /// Value and its number.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&(Vec<u8>, u32)> {
        self.entries.get(key)
    }

    /// Writes when `cas` is 0, the number of the entry, or the key is absent (then any number passes).
    pub(crate) fn set(&mut self, key: Vec<u8>, value: Vec<u8>, cas: u32) -> Result<(), Status> {
        if let Some((_, present)) = self.entries.get(&key)
            && cas != 0
            && cas != *present
        {
            return Err(Status::CasMismatch);
        }
        // 0 means unconditional, so it is never a number.
        self.last_cas = self.last_cas.checked_add(1).unwrap_or(1);
        self.entries.insert(key, (value, self.last_cas));
        Ok(())
    }

    /// All keys, sorted.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.keys().map(Vec::as_slice)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{SharedData, Status};

    #[test]
    fn absent_key_accepts_any_cas_and_zero_is_unconditional() {
        let mut data = SharedData::default();
        data.set(b"k".to_vec(), b"1".to_vec(), 77).unwrap();
        let cas = data.get(b"k").unwrap().1;
        assert_ne!(cas, 77);
        assert_eq!(data.set(b"k".to_vec(), b"2".to_vec(), cas + 1), Err(Status::CasMismatch));
        data.set(b"k".to_vec(), b"3".to_vec(), cas).unwrap();
        data.set(b"k".to_vec(), Vec::new(), 0).unwrap();
        let (value, last) = data.get(b"k").unwrap();
        assert!(value.is_empty() && *last > cas);
    }
}
