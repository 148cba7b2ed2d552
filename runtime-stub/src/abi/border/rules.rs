//! Choosing and counting rules.

use super::index;
use crate::abi::{Policy, Wasm, frame};
use crate::http::request::or_fault;
use crate::observe;
use crate::rt::arena::Items;
use crate::rt::pack;
use crate::rules;
use crate::tables::entries::{self, Entry};
use crate::tables::metrics;

/// Evaluates a condition; the policy comes back to the border for it.
fn holds(condition: u32) -> bool {
    Policy::condition(condition as i32)
}

#[unsafe(export_name = "rt.paths_match")]
extern "C" fn paths_match(trie: i64) {
    rules::match_paths(frame(), pack::bytes(trie));
}

#[unsafe(export_name = "rt.rules_select")]
extern "C" fn rules_select(table: i64, kind: i32) -> i32 {
    let candidates = rules::candidates(frame(), pack::bytes(table), kind);
    let ids = rules::holding(candidates, Items::new(crate::abi::arena()), holds);
    rules::keep(frame(), kind, ids) as i32
}

#[unsafe(export_name = "rt.rules_selected")]
extern "C" fn rules_selected(kind: i32, n: i32) -> i32 {
    rules::selected(frame(), kind).get(index(n)).map_or(-1, |&id| id as i32)
}

#[unsafe(export_name = "rt.rules_first")]
extern "C" fn rules_first(table: i64, kind: i32) -> i32 {
    let candidates = rules::candidates(frame(), pack::bytes(table), kind);
    rules::first(candidates, holds).map_or(-1, |id| id as i32)
}

/// Candidates with the guarded ones. INVARIANT: what is taken from the frame is copied, for subjects come back to the border.
fn guarded(table: i64, subjects: i64, kind: i32) -> &'static [Entry] {
    let (accepts, method) = rules::asked(frame());
    let atoms = |subject| super::facts::known(pack::bytes(subjects), subject).atoms;
    let found = entries::guarded(pack::bytes(table), kind, accepts, method, crate::abi::arena(), atoms);
    or_fault(found, &mut frame().fault)
}

#[unsafe(export_name = "rt.rules_select_guarded")]
extern "C" fn rules_select_guarded(table: i64, subjects: i64, kind: i32) -> i32 {
    let candidates = guarded(table, subjects, kind);
    let ids = rules::holding(candidates, Items::new(crate::abi::arena()), holds);
    rules::keep(frame(), kind, ids) as i32
}

#[unsafe(export_name = "rt.rules_first_guarded")]
extern "C" fn rules_first_guarded(table: i64, subjects: i64, kind: i32) -> i32 {
    rules::first(guarded(table, subjects, kind), holds).map_or(-1, |id| id as i32)
}

#[unsafe(export_name = "rt.selected_any")]
extern "C" fn selected_any(kind: i32, ids: i64) -> i32 {
    i32::from(rules::selected_any(frame(), kind, pack::bytes(ids)))
}

/// Counts one metric.
#[unsafe(export_name = "rt.count")]
pub(super) extern "C" fn count(metric: i32) {
    let table = Policy::metrics();
    let ids = pack::cells(Policy::metric_ids(), metrics::count(table));
    observe::count(&mut Wasm, crate::abi::arena(), table, ids, index(metric));
}
