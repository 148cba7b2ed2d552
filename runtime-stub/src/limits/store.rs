//! Where buckets live: in the host's shared data for all workers, or in this worker's memory.
//! In: a limit and a bucket's number. Out: its bytes; a write that succeeds only if nobody else wrote.

use crate::bytes::{self, u64_at};
use crate::host::{Host, Status};
use crate::rt::arena::{Arena, Text};
use crate::rt::heap::{Block, Heap, List};
use crate::tables::limit::Reader;

use super::bucket::{self, Place, SIZE};

/// A number that no shared value ever has: writing with it succeeds only when the key is not there yet. The host takes
/// any number for a key that it does not know, and counts up from 1.
const NEVER: u32 = u32::MAX;
/// The shared value that holds the seed.
const SEED: &[u8] = b"portcullis/seed";
/// Buckets of a piece of worker memory.
const PIECE: u32 = 64;

/// An arrival time for a bucket of this worker.
#[derive(Clone, Copy, Debug)]
pub struct WorkerPut {
    /// Number of the limit.
    pub id: u32,
    /// Its capacity.
    pub capacity: u32,
    /// Where its key lives.
    pub place: Place,
    /// The arrival time.
    pub arrival: u64,
    /// The clock.
    pub now: u64,
}

/// What limits keep in the VM.
pub struct Tables {
    seed: Option<[u64; 2]>,
    /// Buckets of worker limits: number of the limit, pieces that are made when first written.
    workers: List<(u32, List<Block>)>,
}

impl Tables {
    /// None yet.
    pub const fn new() -> Tables {
        Tables { seed: None, workers: List::new() }
    }

    /// The seed of the hash, the same for all workers. Whoever asks first makes it.
    // One place in most modules: as code of its own it would cost them the call and its name.
    #[inline(always)]
    pub fn seed(&mut self, host: &mut impl Host, arena: &Arena) -> Result<[u64; 2], Status> {
        if let Some(seed) = self.seed {
            return Ok(seed);
        }
        let known = match host.shared_get(arena, SEED) {
            Err(Status::NOT_FOUND) => {
                let mut random = [0; 16];
                host.random(&mut random)?;
                match host.shared_set(SEED, &random, NEVER) {
                    Ok(()) | Err(Status::CAS_MISMATCH) => host.shared_get(arena, SEED)?.0,
                    Err(status) => return Err(status),
                }
            }
            found => found?.0,
        };
        if known.len() != 16 {
            return Err(Status::EMPTY);
        }
        let seed = [u64_at(known, 0), u64_at(known, 8)];
        self.seed = Some(seed);
        Ok(seed)
    }

    /// A bucket of this worker; empty before it is first written.
    pub fn worker(&self, limit: u32, bucket: u32) -> &[u8] {
        let pieces = self.workers.iter().find(|(id, _)| *id == limit);
        let piece = pieces.and_then(|(_, pieces)| pieces.get((bucket / PIECE) as usize));
        piece.map_or(&[], |piece| bytes::slice_at(piece, offset(bucket), SIZE))
    }

    /// Writes an arrival time: false when memory is exhausted.
    pub fn put(&mut self, heap: &mut Heap, put: &WorkerPut) -> bool {
        let bucket = self.worker_mut(heap, put.id, put.place.bucket, bucket::buckets(put.capacity));
        bucket.is_some_and(|bucket| {
            bucket::put(bucket, put.place.fingerprint, put.arrival, put.now);
            true
        })
    }

    /// The same, to be written; nothing when memory is exhausted. `buckets`: how many the limit has.
    fn worker_mut(&mut self, heap: &mut Heap, limit: u32, bucket: u32, buckets: u32) -> Option<&mut [u8]> {
        if !self.workers.iter().any(|(id, _)| *id == limit) {
            let mut pieces = List::new();
            for _ in 0..buckets.div_ceil(PIECE) {
                if pieces.push(heap, Block::EMPTY).is_err() {
                    pieces.free(heap);
                    return None;
                }
            }
            if let Err((_, pieces)) = self.workers.push(heap, (limit, pieces)) {
                pieces.free(heap);
                return None;
            }
        }
        let (_, pieces) = self.workers.iter_mut().find(|(id, _)| *id == limit)?;
        let piece = pieces.get_mut((bucket / PIECE) as usize)?;
        if piece.is_empty() {
            *piece = heap.alloc((PIECE.min(buckets) as usize).saturating_mul(SIZE))?;
        }
        let start = offset(bucket);
        piece.get_mut(start..start.checked_add(SIZE)?)
    }
}

/// Where a bucket begins in its piece.
fn offset(bucket: u32) -> usize {
    (bucket & PIECE.wrapping_sub(1)) as usize * SIZE
}

/// The shared-data key of a bucket.
pub fn shared_key<'a>(limit: Reader<'_>, bucket: u32, arena: &'a Arena) -> Option<&'a [u8]> {
    let mut key = Text::new(arena);
    key.push(limit.prefix());
    crate::values::text::int(&mut key, i64::from(bucket));
    key.finish()
}

/// A shared bucket with the number to write it by.
pub fn shared<'a>(host: &mut impl Host, arena: &'a Arena, key: &[u8]) -> Result<(&'a [u8], u32), Status> {
    match host.shared_get(arena, key) {
        Err(Status::NOT_FOUND) => Ok((&[], NEVER)),
        found => found,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{SIZE, Tables};
    use crate::rt::arena::Arena;
    use crate::rt::heap::Heap;
    use crate::testing::FakeHost;

    #[test]
    fn the_seed_is_made_once_for_all_workers() {
        let (arena, mut host) = (Arena::new(), FakeHost::default());
        let (mut a, mut b) = (Tables::new(), Tables::new());
        let seed = a.seed(&mut host, &arena).unwrap();
        assert_eq!(host.calls, ["shared_get", "random", "shared_set", "shared_get"]);
        assert_eq!(b.seed(&mut host, &arena), Ok(seed));
        assert_eq!(a.seed(&mut host, &arena), Ok(seed));
        assert_eq!(host.calls.len(), 5);
        // Another worker was faster between our look and our write: its seed counts.
        let mut host = FakeHost { cas_misses: 1, ..FakeHost::default() };
        assert!(Tables::new().seed(&mut host, &arena).is_err());
        assert!(Tables::new().seed(&mut host, &arena).is_ok());
        host.shared.insert(b"portcullis/seed".to_vec(), (vec![1], 9));
        assert!(Tables::new().seed(&mut host, &arena).is_err());
        host.failing.insert("shared_get", 10);
        assert!(Tables::new().seed(&mut host, &arena).is_err());
    }

    #[test]
    fn worker_buckets_are_made_when_written() {
        let (mut heap, mut tables) = (Heap::new(), Tables::new());
        assert!(tables.worker(3, 70).is_empty());
        tables.worker_mut(&mut heap, 3, 70, 128).unwrap().fill(7);
        assert_eq!(tables.worker(3, 70), [7; SIZE]);
        assert_eq!(tables.worker(3, 71), [0; SIZE]);
        assert!(tables.worker(3, 1).is_empty() && tables.worker(4, 70).is_empty());
        assert!(tables.worker_mut(&mut heap, 3, 128, 128).is_none());
        while heap.alloc(1 << 12).is_some() {}
        assert!(tables.worker_mut(&mut heap, 3, 1, 128).is_none());
    }
}
