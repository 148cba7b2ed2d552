//! Choosing rules. In: the path, the tables of templates and entries. Out: ids of rules, by order.

use crate::contract::kind;
use crate::frame::Frame;
use crate::rt::arena::Items;
use crate::tables::entries::{self, Entry};
use crate::tables::{ids, trie};

/// What was chosen in this callback.
pub struct Chosen<'a> {
    /// Accept ids of the templates that the path matches.
    accepts: &'a [u32],
    selected: [&'a [u32]; kind::SELECTED],
}

impl Chosen<'_> {
    /// Before anything was chosen.
    pub const fn empty() -> Self {
        Chosen { accepts: &[], selected: [&[]; kind::SELECTED] }
    }
}

/// Finds the templates that the path matches.
pub fn match_paths(frame: &mut Frame<'_>, trie: &[u8]) {
    match trie::find(trie, frame.request.path.decoded, frame.arena) {
        Some(accepts) => frame.chosen.accepts = accepts,
        None => frame.fault = true,
    }
}

/// What rules are found by: the templates that match, and the method.
pub fn asked<'a>(frame: &Frame<'a>) -> (&'a [u32], &'a [u8]) {
    (frame.chosen.accepts, frame.request.method)
}

/// Rules of a kind whose template and method hold, by order; conditions are still to be tried.
pub fn candidates<'a>(frame: &mut Frame<'a>, table: &[u8], kind: i32) -> &'a [Entry] {
    let found = entries::candidates(table, kind, frame.chosen.accepts, frame.request.method, frame.arena);
    super::http::request::or_fault(found, &mut frame.fault)
}

/// The ids of candidates that hold.
///
/// `holds` evaluates a condition by its number; it works on the frame itself, so no part of the frame is borrowed here.
pub fn holding<'a>(candidates: &[Entry], mut list: Items<'a, u32>, mut holds: impl FnMut(u32) -> bool) -> Option<&'a [u32]> {
    for entry in candidates {
        if entry.condition.is_none_or(&mut holds) {
            list.push(entry.id);
        }
    }
    if list.is_broken() { None } else { Some(list.finish()) }
}

/// The first candidate that holds.
pub fn first(candidates: &[Entry], mut holds: impl FnMut(u32) -> bool) -> Option<u32> {
    candidates.iter().find(|entry| entry.condition.is_none_or(&mut holds)).map(|entry| entry.id)
}

/// Keeps the selected ids of a kind for this callback; none is a fault. How many there are.
pub fn keep<'a>(frame: &mut Frame<'a>, kind: i32, ids: Option<&'a [u32]>) -> usize {
    let ids = super::http::request::or_fault(ids, &mut frame.fault);
    if let Some(place) = usize::try_from(kind).ok().and_then(|kind| frame.chosen.selected.get_mut(kind)) {
        *place = ids;
    }
    ids.len()
}

/// The selected ids of a kind.
pub fn selected<'a>(frame: &Frame<'a>, kind: i32) -> &'a [u32] {
    usize::try_from(kind).ok().and_then(|kind| frame.chosen.selected.get(kind)).copied().unwrap_or(&[])
}

/// Whether a selected id of a kind is in a list (`tables::ids`).
pub fn selected_any(frame: &Frame<'_>, kind: i32, list: &[u8]) -> bool {
    selected(frame, kind).iter().any(|&id| ids::contains(list, id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{candidates, first, holding, keep, match_paths, selected, selected_any};
    use crate::contract::kind;
    use crate::frame::Frame;
    use crate::rt::arena::{Arena, Items};
    use crate::tables::entries::{Rule, encode};
    use crate::tables::template::parse;
    use crate::tables::{ids, trie};

    #[test]
    fn rules_are_selected_by_path_method_and_condition() {
        let arena = Arena::new();
        let rule =
            |accept, order, condition| Rule { accept, kind: kind::FORBID, order, id: order * 10, methods: vec![], condition, guard: None };
        let table = encode(2, &[rule(0, 1, Some(5)), rule(1, 2, None), rule(1, 3, Some(6))]).unwrap();
        let templates = trie::encode(&[(parse("/a"), 0), (parse("/**"), 1)]);
        let mut frame = Frame::new(&arena);
        frame.request.path.decoded = b"/a";
        match_paths(&mut frame, &templates);
        let found = candidates(&mut frame, &table, kind::FORBID);
        let ids = holding(found, Items::new(&arena), |condition| condition == 6);
        assert_eq!(keep(&mut frame, kind::FORBID, ids), 2);
        assert_eq!(selected(&frame, kind::FORBID), [20, 30]);
        assert!(selected_any(&frame, kind::FORBID, &ids::encode(&[30])) && !selected_any(&frame, kind::FORBID, &ids::encode(&[10])));
        let mut tried = Vec::new();
        assert_eq!(
            first(found, |condition| {
                tried.push(condition);
                false
            }),
            Some(20)
        );
        assert_eq!(tried, [5]);
        assert!(selected(&frame, -1).is_empty() && selected(&frame, 77).is_empty());
        assert!(!frame.fault);
    }
}
