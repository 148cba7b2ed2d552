//! JSON Web Tokens (RFC 7519, 8725). In: what a request presents, demands (`tables::jwt`), keys (`tables::jwks`). Out: a state
//! (`contract::credential`), the reason of a refusal, claims.
//!
//! A check has two halves, because the signature is verified by generated code, which names the algorithms that are linked:
//! [`begin`] finds what is to be verified, [`finish`] looks at what the token says. What a token says is looked at anew in each
//! request unless it is remembered (`remembered`): that its signature holds (`auth::verified`), its claims, and while they hold.

mod claims;
#[cfg(test)]
mod corpora;
pub mod fetch;
mod header;
mod json;
pub mod keys;
pub mod reasons;
pub mod remembered;
#[cfg(test)]
mod tests;

use super::api_key::{self, Found};
use super::verified::{Tag, Verified};
use crate::bytes;
use crate::contract::credential;
use crate::frame::Frame;
use crate::host::Host;
use crate::rt::arena::{Arena, Exhausted};
use crate::rt::heap::Heap;
use crate::tables::jwks;
use crate::tables::jwt::Reader;
use crate::values::encoding::{Alphabet, from_base64};

pub use claims::Claim;
use remembered::Remembered;

/// What a VM knows of tokens that came before.
pub struct Known<'v> {
    /// Whose signature holds.
    pub verified: &'v mut Verified,
    /// What they say.
    pub remembered: &'v mut Remembered,
}

/// Longest token. Those of identity providers have 1 to 4 KiB, and header lines of proxies end at 8.
pub const LONGEST: usize = 8192;
/// Most keys that one token is tried with: each costs a verification that the sender chooses.
pub const TRIES: usize = 4;

/// Why a token is refused: its place in `contract::REASONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// More than [`LONGEST`].
    TooLong = 1,
    /// Not three parts of canonical base64url, JSON without ambiguity and of the types that RFC 7519 demands.
    Malformed,
    /// None, none that the policy lists.
    Algorithm,
    /// `crit`: there is no extension that we understand.
    Critical,
    /// A key in the token, or where to get one.
    EmbeddedKey,
    /// No key of this id can have this algorithm.
    UnknownKey,
    /// The signature is of another key or another token.
    Signature,
    /// Another issuer's.
    Issuer,
    /// For somebody else.
    Audience,
    /// Not valid any more, or for ever.
    Expired,
    /// Not valid yet.
    NotYetValid,
    /// Valid for too long.
    Lifetime,
    /// A claim is missing or of another type.
    Claim,
}

/// Why a check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The token is refused.
    Refused(Reason),
    /// Memory is exhausted, or the host does not tell the time.
    Fault,
}

impl Signed<'_> {
    /// The key id that the token names.
    pub fn key_id(&self) -> Option<&[u8]> {
        self.key_id
    }
}

impl From<Exhausted> for Stop {
    fn from(_: Exhausted) -> Stop {
        Stop::Fault
    }
}

/// What is known of a token in this request; its state is with the other credentials.
#[derive(Debug)]
pub struct Token<'a> {
    /// Number of the credential.
    id: u32,
    /// Why it is refused (`contract::REASONS`).
    reason: u8,
    /// What a valid one says.
    claims: &'a [Claim<'a>],
    /// The one before it.
    before: Option<&'a Token<'a>>,
}

/// What is to be verified.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// Bits of one algorithm of `contract::algorithm`, by its number.
    pub algorithm: u32,
    /// What was signed: header and payload as they came.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
    payload: &'a [u8],
    key_id: Option<&'a [u8]>,
    tag: Option<Tag>,
    /// Whether the signature is known to hold.
    pub is_known: bool,
}

/// Where a check is after its first half.
pub enum Step<'a> {
    /// Decided.
    Done(i32),
    /// A signature is to be verified.
    Verify(Signed<'a>),
}

/// The first half. `recall`: what is remembered of the token decides, without another look at its keys.
pub fn begin<'a, H: Host>(
    frame: &mut Frame<'a>,
    known: Known<'_>,
    host: &mut H,
    id: u32,
    (from, demands): (&[u8], &'a [u8]),
    recall: bool,
) -> Step<'a> {
    if let Some(found) = api_key::find(frame, id) {
        return Step::Done(found.state);
    }
    let token = match api_key::presented(frame, from) {
        None => return Step::Done(note(frame, id, credential::FAULT)),
        Some((0, _)) => return Step::Done(note(frame, id, credential::ABSENT)),
        Some((1, token)) => token,
        Some(_) => return Step::Done(note(frame, id, credential::DOUBLED)),
    };
    let tag = known.verified.tag(host, frame.root, id, token, LONGEST);
    let slot = tag.and_then(|tag| known.verified.find(tag)).map(|kept| kept.slot);
    if let (Some(slot), true) = (slot, recall)
        && let Ok(now) = clock(frame, host)
        && let Some(claims) = known.remembered.find(slot, now, Reader(demands).claims().count(), frame.arena)
    {
        return Step::Done(valid(frame, id, claims));
    }
    match read(token, Reader(demands), frame.arena) {
        Ok(signed) => Step::Verify(Signed { tag, is_known: slot.is_some(), ..signed }),
        Err(stop) => Step::Done(stopped(frame, id, stop)),
    }
}

/// The time by which dates are looked at. A request that waited for its body was there in time: what follows must not find it changed.
fn clock<H: Host>(frame: &Frame<'_>, host: &mut H) -> Result<Option<i64>, Stop> {
    if frame.body.was_held {
        return Ok(None);
    }
    host.time().map(|now| Some(i64::try_from(now).unwrap_or(i64::MAX))).map_err(|_| Stop::Fault)
}

/// Header and signature of a token.
fn read<'a>(token: &'a [u8], demands: Reader<'_>, arena: &'a Arena) -> Result<Signed<'a>, Stop> {
    const MALFORMED: Stop = Stop::Refused(Reason::Malformed);
    if token.len() > LONGEST {
        return Err(Stop::Refused(Reason::TooLong));
    }
    let (header, rest) = bytes::split_once(token, b'.').ok_or(MALFORMED)?;
    let (payload, signature) = bytes::split_once(rest, b'.').ok_or(MALFORMED)?;
    let decode = |part: &[u8]| from_base64(part, Alphabet::Url, arena)?.ok_or(MALFORMED);
    let header = header::read(decode(header)?, demands.algorithms(), arena)?;
    let message = bytes::until(token, token.len().saturating_sub(signature.len()).saturating_sub(1));
    Ok(Signed {
        algorithm: header.algorithm,
        message,
        signature: decode(signature)?,
        payload: decode(payload)?,
        key_id: header.key_id,
        tag: None,
        is_known: false,
    })
}

/// The keys that a token may be signed with, best first: those of its key id, else those without one.
/// A secret is one key for all.
pub fn candidates<'t>(signed: &Signed<'_>, demands: &[u8], table: &'t [u8]) -> [Option<&'t [u8]>; TRIES] {
    let mut found = [None; TRIES];
    if Reader(demands).is_secret() {
        found[0] = Some(table);
        return found;
    }
    let fitting = jwks::entries(table).filter(|entry| entry.algorithms >> signed.algorithm & 1 == 1);
    let named = fitting.clone().filter(|entry| signed.key_id.is_some() && entry.id == signed.key_id);
    let rest = fitting.filter(|entry| signed.key_id.is_none() || entry.id.is_none());
    for (place, entry) in found.iter_mut().zip(named.chain(rest)) {
        *place = Some(entry.key);
    }
    found
}

/// What came of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds under a key.
    Holds,
    /// It holds under none of the keys.
    Broken,
    /// There is no key for it.
    NoKey,
    /// It holds under none that was tried, and the host, which alone could tell, did not answer: this check comes to nothing.
    Unanswered,
}

/// The second half.
pub fn finish<'a, H: Host>(
    frame: &mut Frame<'a>,
    (known, heap): (Known<'_>, &mut Heap),
    host: &mut H,
    id: u32,
    demands: &'a [u8],
    signed: &Signed<'a>,
    verdict: Verdict,
) -> i32 {
    match verdict {
        Verdict::NoKey => return stopped(frame, id, Stop::Refused(Reason::UnknownKey)),
        Verdict::Broken => return stopped(frame, id, Stop::Refused(Reason::Signature)),
        Verdict::Unanswered => return stopped(frame, id, Stop::Fault),
        Verdict::Holds => {}
    }
    if let (Some(tag), false) = (signed.tag, signed.is_known) {
        known.verified.keep(heap, tag, 0);
    }
    let read = clock(frame, host).and_then(|now| claims::read(signed.payload, Reader(demands), now, frame.arena));
    match read {
        Ok((claims, span)) => {
            // The slot may be another token's by now: then its claims stay.
            if let Some(kept) = signed.tag.and_then(|tag| known.verified.find(tag)) {
                known.remembered.keep(heap, kept.slot, span, claims, frame.arena);
            }
            valid(frame, id, claims)
        }
        Err(stop) => stopped(frame, id, stop),
    }
}

fn valid<'a>(frame: &mut Frame<'a>, id: u32, claims: &'a [Claim<'a>]) -> i32 {
    frame.tokens = frame.arena.one(Token { id, reason: 0, claims, before: frame.tokens });
    note(frame, id, if frame.tokens.is_some() { credential::VALID } else { credential::FAULT })
}

/// Keeps that a check came to nothing.
pub fn faulted(frame: &mut Frame<'_>, id: u32) -> i32 {
    note(frame, id, credential::FAULT)
}

fn note(frame: &mut Frame<'_>, id: u32, state: i32) -> i32 {
    api_key::settle(frame, Found { id, state, name: &[] })
}

fn stopped(frame: &mut Frame<'_>, id: u32, stop: Stop) -> i32 {
    match stop {
        Stop::Fault => note(frame, id, credential::FAULT),
        Stop::Refused(reason) => {
            frame.tokens = frame.arena.one(Token { id, reason: reason as u8, claims: &[], before: frame.tokens });
            note(frame, id, if frame.tokens.is_some() { credential::INVALID } else { credential::FAULT })
        }
    }
}

/// Why a credential that was checked is refused.
pub fn reason(frame: &Frame<'_>, id: u32) -> u8 {
    token(frame, id).map_or(0, |token| token.reason)
}

/// A claim of a valid credential that was checked.
pub fn claim<'a>(frame: &Frame<'a>, id: u32, number: usize) -> Claim<'a> {
    token(frame, id).and_then(|token| token.claims.get(number).copied()).unwrap_or(Claim::Absent)
}

fn token<'a>(frame: &Frame<'a>, id: u32) -> Option<&'a Token<'a>> {
    core::iter::successors(frame.tokens, |token| token.before).find(|token| token.id == id)
}
