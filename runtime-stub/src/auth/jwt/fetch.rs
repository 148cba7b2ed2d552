//! Key sets that are fetched. In: descriptions (`tables::fetch`), answers, the time. Out: keys (`tables::jwks`), and which requests
//! have to wait for them.
//!
//! All threads of a proxy share what one of them fetched: the set lies in shared data with the time it came, and who wants to fetch
//! takes a lease first. A lease ends by itself, so that a thread that goes away stops nobody. The set that is in force stays until
//! another comes, at most for `stale`. Docs: docs/decisions/0008-fetched-keys.md.

use super::keys;
use crate::bytes::{put_u64, u64_at};
use crate::contract::VERIFIED;
use crate::host::{Host, Status, level};
use crate::http::pairs::Pairs;
use crate::rt::arena::{Arena, Text};
use crate::rt::heap::{Block, Heap, List};
use crate::tables::fetch::Reader;
use crate::tables::jwks;
use crate::values::siphash;

const SECOND: u64 = 1_000_000_000;
/// How long a lease lasts beyond the timeout of the call.
const GRACE: u64 = SECOND;
/// How long nobody tries again after a call that brought no keys: without keys, and with keys that still hold.
const BACKOFF: (u64, u64) = (SECOND, 5 * SECOND);
/// An unknown key id leads to one more call in this time.
const ASKING: u64 = 30 * SECOND;
/// A key id that was not there is not asked for again in this time.
const UNKNOWN: u64 = 300 * SECOND;
/// Largest set that is taken.
pub const LARGEST: usize = 256 << 10;
/// Most requests of a worker that wait.
const WAITING: usize = 1024;
/// Most root contexts times credentials.
const SOURCES: usize = 64;
/// How many key ids are remembered that no set had.
const MISSING: usize = 16;

/// A declaration that fetches its keys, in one root context.
struct Source {
    root: u32,
    id: u32,
    table: &'static [u8],
    keys: Block,
    /// When the keys came; 0: there are none.
    fetched: u64,
    /// Which set this is: each that is shared has the next number.
    number: u64,
    /// The call under way.
    call: Option<u32>,
}

/// A request that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its stream.
    pub context: u32,
    /// Its root context.
    pub root: u32,
    /// Whether its headers end it.
    pub eos: bool,
    /// How much came of its body.
    pub size: usize,
    /// Whether that is all.
    pub ended: bool,
}

/// What is fetched, and who waits for it.
pub struct Fetches {
    sources: List<Source>,
    waiting: List<Waiting>,
}

/// What becomes of a wish to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// A call is under way, ours or another's.
    Pending,
    /// Not now.
    Refused,
}

/// What a token can be verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// The keys that there are, with the one that it names or without.
    Keys,
    /// Others than there were: look again.
    Others,
    /// A set that is being fetched.
    Wait,
    /// There are none.
    None,
}

impl Fetches {
    /// None.
    pub const fn new() -> Fetches {
        Fetches { sources: List::new(), waiting: List::new() }
    }

    fn at(&mut self, root: u32, id: u32) -> Option<&mut Source> {
        let place = self.sources.iter().position(|source| source.root == root && source.id == id)?;
        self.sources.get_mut(place)
    }

    /// Enters a declaration of a root context that is configured; false without memory. The first call is made by the first tick:
    /// some hosts configure a VM once on trial and throw it away.
    pub fn add<H: Host>(&mut self, host: &mut H, (heap, arena): (&mut Heap, &Arena), (root, id): (u32, u32), table: &'static [u8]) -> bool {
        host.set_tick_period(1);
        // The lease is there before anybody takes it: hosts let the first writer win only where there is something.
        if let Err(Status::NOT_FOUND) = host.shared_get(arena, Reader(table).lease()) {
            let _ = host.shared_set(Reader(table).lease(), &Lease::default().bytes(), 0);
        }
        let source = Source { root, id, table, keys: Block::EMPTY, fetched: 0, number: 0, call: None };
        if let Some(place) = self.at(root, id) {
            heap.free(core::mem::replace(place, source).keys);
            return true;
        }
        if self.sources.len() >= SOURCES
            && let Some(place) = self.sources.get_mut(0)
        {
            heap.free(core::mem::replace(place, source).keys);
            return true;
        }
        self.sources.push(heap, source).is_ok()
    }

    /// The keys of a declaration.
    pub fn keys(&self, root: u32, id: u32) -> &[u8] {
        self.sources.iter().find(|source| source.root == root && source.id == id).map_or(&[], |source| &source.keys)
    }

    /// Whether the keys of a declaration can be used now. Which keys there are does not matter: who asks has verified with these.
    pub fn holds<H: Host>(&mut self, host: &mut H, (root, id): (u32, u32)) -> bool {
        let (Ok(now), Some(source)) = (host.time(), self.at(root, id)) else { return false };
        source.settle(now);
        source.holds(now)
    }

    /// The bit of a declaration in `contract::VERIFIED`; none beyond the last.
    pub fn bit(&self, root: u32, id: u32) -> u64 {
        let of_root = self.sources.iter().filter(|source| source.root == root);
        let place = of_root.take_while(|source| source.id != id).count();
        1u64.checked_shl(32u32.saturating_add(place as u32)).unwrap_or(0) & VERIFIED
    }

    /// What there is for a token; `known`: whether the keys have one for it.
    pub fn supply<H: Host>(
        &mut self,
        host: &mut H,
        (heap, arena): (&mut Heap, &Arena),
        (root, id): (u32, u32),
        known: bool,
        key_id: Option<&[u8]>,
    ) -> Supply {
        let (Ok(now), Some(source)) = (host.time(), self.at(root, id)) else { return Supply::None };
        source.settle(now);
        let holds = source.holds(now);
        let Some(digest) = key_id.filter(|_| !known).map(|id| siphash::hash(id) | 1).or((!holds).then_some(0)) else { return Supply::Keys };
        if holds && source.lease(host, arena).0.is_missing(digest, now) {
            return Supply::Keys;
        }
        // Another thread may have fetched meanwhile.
        if source.look(host, heap, arena) && source.holds(now) {
            return Supply::Others;
        }
        if source.wish(host, arena, now, holds.then_some(digest)) == Wish::Pending {
            return Supply::Wait;
        }
        if !holds {
            return Supply::None;
        }
        // A set that came after it was asked for has it neither. For another key id nobody has asked yet.
        let (mut lease, cas) = source.lease(host, arena);
        if source.fetched >= lease.asked && lease.wanted == digest {
            lease.put_missing(digest, now);
            let _ = host.shared_set(Reader(source.table).lease(), &lease.bytes(), cas);
        }
        Supply::Keys
    }

    /// Lets a request wait; false when too many do.
    pub fn wait<H: Host>(&mut self, host: &mut H, heap: &mut Heap, waiting: Waiting) -> bool {
        host.set_tick_period(20);
        self.waiting.len() < WAITING && self.waiting.push(heap, waiting).is_ok()
    }

    /// Whether a request waits. `size`: what came of its body, if something did; `ended`: that is all.
    pub fn waits(&mut self, context: u32, size: Option<usize>, ended: bool) -> bool {
        let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.context == context) else { return false };
        waiting.size = size.unwrap_or(waiting.size);
        waiting.ended |= ended;
        true
    }

    /// Whether some wait.
    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// All that wait; who has to wait on comes back through [`Fetches::wait`].
    pub fn take(&mut self) -> List<Waiting> {
        core::mem::replace(&mut self.waiting, List::new())
    }

    /// Takes the answer of a call: the metric to count; nothing when the call is none of ours.
    pub fn answered<H: Host>(&mut self, host: &mut H, (heap, arena): (&mut Heap, &Arena), call: u32, size: usize) -> Option<usize> {
        let place = self.sources.iter().position(|source| source.call == Some(call))?;
        let source = self.sources.get_mut(place)?;
        source.call = None;
        let brought = source.take(host, heap, arena, size).is_some();
        let (mut lease, _) = source.lease(host, arena);
        lease.until = 0;
        if brought {
            lease.missing = [(0, 0); MISSING];
        }
        let _ = host.shared_set(Reader(source.table).lease(), &lease.bytes(), 0);
        if !brought {
            host.log(level::WARN, Reader(source.table).complaint());
        }
        Some(Reader(source.table).metric(brought))
    }

    /// What time brings: keys of other threads, and calls that are due. Gives whether keys came.
    pub fn tick<H: Host>(&mut self, host: &mut H, (heap, arena): (&mut Heap, &Arena), root: u32) -> bool {
        let Ok(now) = host.time() else { return false };
        let (mut came, mut all) = (false, true);
        for source in self.sources.iter_mut().filter(|source| source.root == root) {
            came |= source.look(host, heap, arena);
            let set_back = source.settle(now);
            let due = set_back || !source.holds(now) || now.saturating_sub(source.fetched) >= Reader(source.table).refresh();
            // Who waits for what another thread fetches looks again soon.
            let pending = due && source.wish(host, arena, now, None) == Wish::Pending;
            all &= source.holds(now) && !pending;
        }
        host.set_tick_period(if all && self.waiting.is_empty() { 1000 } else { 20 });
        came
    }

    /// Whether some call is under way that the requests of a root context could wait for.
    pub fn is_pending<H: Host>(&self, host: &mut H, arena: &Arena) -> bool {
        let Ok(now) = host.time() else { return false };
        self.sources.iter().any(|source| source.call.is_some() || source.lease(host, arena).0.is_held(now, source.table))
    }
}

impl Source {
    /// Keys that came later than now came by a clock that was set back since: they must not outlast their time by that. Tells whether it
    /// was.
    fn settle(&mut self, now: u64) -> bool {
        let set_back = now < self.fetched;
        if set_back {
            self.fetched = now.max(1);
        }
        set_back
    }

    /// Whether the keys can be used.
    fn holds(&self, now: u64) -> bool {
        self.fetched != 0 && now.saturating_sub(self.fetched) <= Reader(self.table).stale()
    }

    /// Takes what another thread has fetched: whether there was something new.
    fn look<H: Host>(&mut self, host: &mut H, heap: &mut Heap, arena: &Arena) -> bool {
        let Ok((value, _)) = host.shared_get(arena, Reader(self.table).key()) else { return false };
        let (at, number) = (u64_at(value, 0), u64_at(value, 8));
        let Some(text) = value.get(16..).filter(|_| number != self.number) else { return false };
        self.number = number;
        self.adopt(heap, arena, at, text).is_some()
    }

    /// Puts a set in force.
    fn adopt(&mut self, heap: &mut Heap, arena: &Arena, at: u64, text: &[u8]) -> Option<()> {
        let set = keys::read(text, arena).ok()?;
        let mut block = heap.alloc(jwks::size(set))?;
        jwks::write_into(&mut block, set);
        heap.free(core::mem::replace(&mut self.keys, block));
        self.fetched = at.max(1);
        Some(())
    }

    /// Takes the answer of a call, and shares it.
    fn take<H: Host>(&mut self, host: &mut H, heap: &mut Heap, arena: &Arena, size: usize) -> Option<()> {
        if size > LARGEST {
            return None;
        }
        let pairs = Pairs::new(host.header_pairs(arena, crate::host::map::CALL_HEADERS).ok()?)?;
        let mut well = false;
        for (name, value) in pairs {
            well |= name == b":status" && value == b"200";
        }
        if !well {
            return None;
        }
        let text = host.buffer(arena, crate::host::buffer::CALL_BODY, 0, size as u32).ok()?;
        let now = host.time().ok()?;
        self.adopt(heap, arena, now, text)?;
        let before = host.shared_get(arena, Reader(self.table).key()).map_or(0, |(value, _)| u64_at(value, 8));
        self.number = before.wrapping_add(1);
        let shared = Text::of(arena, &[&self.fetched.to_le_bytes(), &self.number.to_le_bytes(), text])?;
        let _ = host.shared_set(Reader(self.table).key(), shared, 0);
        Some(())
    }

    /// The lease, and the number to write it with.
    fn lease<H: Host>(&self, host: &mut H, arena: &Arena) -> (Lease, u32) {
        let (value, cas) = host.shared_get(arena, Reader(self.table).lease()).unwrap_or((&[], 0));
        (Lease::read(value), cas)
    }

    /// Starts a call, if it is time and nobody else does. `asked`: the digest of a key id that no key has.
    fn wish<H: Host>(&mut self, host: &mut H, arena: &Arena, now: u64, asked: Option<u64>) -> Wish {
        if self.call.is_some() {
            return Wish::Pending;
        }
        let table = Reader(self.table);
        let Ok((value, cas)) = host.shared_get(arena, table.lease()) else { return Wish::Refused };
        let lease = Lease::read(value);
        if lease.is_held(now, self.table) {
            return Wish::Pending;
        }
        let backoff = if self.holds(now) { BACKOFF.1 } else { BACKOFF.0 };
        let (last, pause) = if asked.is_some() { (lease.asked, ASKING) } else { (lease.tried, backoff) };
        // What lies ahead is of a clock that was set back.
        if last != 0 && last <= now && now.saturating_sub(last) < pause {
            return Wish::Refused;
        }
        let timeout = u64::from(table.timeout()).saturating_mul(1_000_000);
        let until = now.saturating_add(timeout).saturating_add(GRACE);
        let (asked, wanted) = asked.map_or((lease.asked, lease.wanted), |digest| (now, digest));
        let taken = Lease { until, tried: now, asked, wanted, ..lease };
        match host.shared_set(table.lease(), &taken.bytes(), cas) {
            Ok(()) => {}
            Err(Status::CAS_MISMATCH) => return Wish::Pending,
            Err(_) => return Wish::Refused,
        }
        match host.http_call(table.cluster(), table.headers(), table.timeout()) {
            Ok(call) => {
                self.call = Some(call);
                Wish::Pending
            }
            Err(_) => {
                let _ = host.shared_set(table.lease(), &Lease { until: 0, ..taken }.bytes(), 0);
                Wish::Refused
            }
        }
    }
}

/// Who may fetch, as it lies in shared data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lease {
    /// Until when one does.
    until: u64,
    /// When one began last.
    tried: u64,
    /// When one began last for an unknown key id.
    asked: u64,
    /// The digest of that key id.
    wanted: u64,
    /// Digests of key ids that a set had not although it was fetched for them, and when that was. The newest comes first.
    missing: [(u64, u64); MISSING],
}

impl Lease {
    fn read(value: &[u8]) -> Lease {
        let mut missing = [(0, 0); MISSING];
        for (place, entry) in missing.iter_mut().zip(crate::bytes::from(value, 32).chunks_exact(16)) {
            *place = (u64_at(entry, 0), u64_at(entry, 8));
        }
        Lease { until: u64_at(value, 0), tried: u64_at(value, 8), asked: u64_at(value, 16), wanted: u64_at(value, 24), missing }
    }

    fn bytes(self) -> [u8; 32 + 16 * MISSING] {
        let mut bytes = [0; 32 + 16 * MISSING];
        let numbers = [self.until, self.tried, self.asked, self.wanted]
            .into_iter()
            .chain(self.missing.into_iter().flat_map(|(digest, at)| [digest, at]));
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            put_u64(place, 0, number);
        }
        bytes
    }

    fn is_missing(&self, digest: u64, now: u64) -> bool {
        self.missing.iter().any(|(missing, at)| *missing == digest && now.saturating_sub(*at) < UNKNOWN)
    }

    fn put_missing(&mut self, digest: u64, now: u64) {
        let mut new = (digest, now);
        for place in &mut self.missing {
            new = core::mem::replace(place, new);
        }
    }

    /// A lease that lies further ahead than any lasts is of another time: clocks are set back.
    fn is_held(self, now: u64, table: &[u8]) -> bool {
        let longest = u64::from(Reader(table).timeout()).saturating_mul(1_000_000).saturating_add(GRACE);
        now < self.until && self.until.saturating_sub(now) <= longest
    }
}
