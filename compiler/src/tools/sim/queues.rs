//! Shared queues: named, without a bound, the same for all VMs.

use std::collections::{BTreeMap, VecDeque};

use super::abi::Status;

/// The queues of one proxy; a token is the number of a queue, from 1.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    tokens: BTreeMap<Vec<u8>, u32>,
    items: BTreeMap<u32, VecDeque<Vec<u8>>>,
}

impl Queues {
    /// The token of this name; a new queue when there is none.
    pub(crate) fn register(&mut self, name: Vec<u8>) -> u32 {
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX).saturating_add(1);
        let token = *self.tokens.entry(name).or_insert(next);
        self.items.entry(token).or_default();
        token
    }

    /// The token of a name that is registered.
    pub(crate) fn resolve(&self, name: &[u8]) -> Result<u32, Status> {
        self.tokens.get(name).copied().ok_or(Status::NotFound)
    }

    /// Appends.
    pub(crate) fn enqueue(&mut self, token: u32, item: Vec<u8>) -> Result<(), Status> {
        self.items.get_mut(&token).ok_or(Status::NotFound)?.push_back(item);
        Ok(())
    }

    /// Takes the oldest.
    pub(crate) fn dequeue(&mut self, token: u32) -> Result<Vec<u8>, Status> {
        self.items.get_mut(&token).ok_or(Status::NotFound)?.pop_front().ok_or(Status::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::{Queues, Status};

    #[test]
    fn first_in_first_out() {
        let mut queues = Queues::default();
        assert_eq!(queues.resolve(b"a"), Err(Status::NotFound));
        let token = queues.register(b"a".to_vec());
        assert_eq!(queues.register(b"a".to_vec()), token);
        assert_ne!(queues.register(b"b".to_vec()), token);
        assert_eq!(queues.enqueue(token, b"1".to_vec()), Ok(()));
        assert_eq!(queues.enqueue(token, b"2".to_vec()), Ok(()));
        assert_eq!(queues.dequeue(token), Ok(b"1".to_vec()));
        assert_eq!(queues.dequeue(token), Ok(b"2".to_vec()));
        assert_eq!(queues.dequeue(token), Err(Status::Empty));
        assert_eq!(queues.enqueue(9, Vec::new()), Err(Status::NotFound));
    }
}
