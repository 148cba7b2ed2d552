//! All path templates of a policy. Layout: header (number of nodes, edge mask, width, offset of edges), nodes (child for any
//! segment, first accept of exact ends, of rests, end; 0 is the root and no child), edges (node, child, text offset, text length;
//! child 0 is free), then accepts. Edges hash their node and text.
//!
//! Matching follows all nodes that the segments so far reach at once. `width` bounds how many these can be, so there is no
//! recursion and no backtracking: the cost is the path's length times the number of overlapping templates, not that of all.

use crate::bytes::{four_at, hash, slice_at, u32_at};
use crate::rt::arena::{Arena, Items};
use crate::tables::template::Segments;

const NODES: usize = 16;
const NODE: usize = 16;
const EDGE: usize = 16;

fn edge_hash(node: u32, text: u32) -> u32 {
    (text ^ node.wrapping_mul(0x9e37_79b1)).wrapping_mul(0x85eb_ca6b).rotate_right(15)
}

/// Child for any segment, first accept of exact ends, of rests, end.
fn node_at(table: &[u8], node: u32) -> [u32; 4] {
    four_at(table, (node as usize).saturating_mul(NODE).saturating_add(NODES))
}

fn child(table: &[u8], [mask, edges]: [u32; 2], node: u32, text: &[u8], text_hash: u32) -> u32 {
    let mut at = edge_hash(node, text_hash) & mask;
    let mut tried = 0u32;
    while tried <= mask {
        let [from, child, start, len] = four_at(table, (at as usize).saturating_mul(EDGE).saturating_add(edges as usize));
        if child == 0 {
            return 0;
        }
        if from == node && slice_at(table, start as usize, len as usize) == text {
            return child;
        }
        at = at.wrapping_add(1) & mask;
        tried = tried.wrapping_add(1);
    }
    0
}

fn accept(table: &[u8], from: u32, until: u32, accepts: &mut Items<'_, u32>) {
    let mut at = from;
    while at < until {
        accepts.push(u32_at(table, at as usize));
        at = at.saturating_add(4);
    }
}

/// Finds the templates that a decoded path matches: their accept ids, in no order. Nothing when memory is exhausted.
pub fn find<'a>(table: &[u8], path: &[u8], arena: &'a Arena) -> Option<&'a [u32]> {
    let mut accepts = Items::new(arena);
    let [nodes, mask, width, edges] = four_at(table, 0);
    if nodes == 0 {
        return Some(&[]);
    }
    let width = width as usize;
    let (mut active, mut reached) = arena.filled(width.checked_mul(2)?, 0u32)?.split_at_mut_checked(width)?;
    let mut count = 1usize;
    let mut segments = Segments::of(path);
    while count > 0 {
        let segment = segments.next();
        let text_hash = segment.map_or(0, hash);
        let mut places = reached.iter_mut();
        let mut next = 0usize;
        for &node in active.iter().take(count) {
            let [any, exact, rest, end] = node_at(table, node);
            let Some(segment) = segment else {
                accept(table, exact, end, &mut accepts);
                continue;
            };
            accept(table, rest, end, &mut accepts);
            let any = if segment.is_empty() { 0 } else { any };
            for child in [child(table, [mask, edges], node, segment, text_hash), any] {
                // INVARIANT: `width` was counted by the writer so that there is always a place.
                if child != 0
                    && let Some(place) = places.next()
                {
                    *place = child;
                    next = next.wrapping_add(1);
                }
            }
        }
        core::mem::swap(&mut active, &mut reached);
        count = next;
    }
    if accepts.is_broken() { None } else { Some(accepts.finish()) }
}

#[cfg(not(target_arch = "wasm32"))]
pub use writer::encode;

#[cfg(not(target_arch = "wasm32"))]
mod writer {
    use std::collections::BTreeMap;

    use super::{EDGE, NODE, NODES, edge_hash};
    use crate::bytes::{hash, u32_at};
    use crate::tables::template::Segment;
    use crate::tables::write::Blob;

    #[derive(Default)]
    struct Node<'t> {
        literals: BTreeMap<&'t [u8], usize>,
        any: usize,
        exact: Vec<u32>,
        rest: Vec<u32>,
        depth: usize,
    }

    /// Writes the trie: each template with the id that is found when it matches. Ids may repeat.
    pub fn encode(templates: &[(Vec<Segment>, u32)]) -> Vec<u8> {
        let nodes = build(templates);
        let edge_count: usize = nodes.iter().map(|node| node.literals.len()).sum();
        let buckets = edge_count.saturating_mul(2).next_power_of_two();
        let edges_at = NODES + nodes.len() * NODE;
        let mut blob = Blob::new();
        blob.size(nodes.len());
        blob.size(buckets - 1);
        blob.size(width(&nodes));
        blob.size(edges_at);
        blob.bytes.resize(edges_at + buckets * EDGE, 0);
        for (number, node) in nodes.iter().enumerate() {
            let at = NODES + number * NODE;
            blob.patch(at, node.any);
            for (field, accepts) in [(4, &node.exact), (8, &node.rest)] {
                let accepts_at = blob.bytes.len();
                blob.patch(at + field, accepts_at);
                accepts.iter().for_each(|id| blob.u32(*id));
            }
            let end = blob.bytes.len();
            blob.patch(at + 12, end);
        }
        let mut texts: BTreeMap<&[u8], usize> = BTreeMap::new();
        for (number, node) in nodes.iter().enumerate() {
            for (text, child) in &node.literals {
                let text_at = *texts.entry(text).or_insert_with(|| blob.put(text));
                let mut at = edge_hash(u32::try_from(number).unwrap_or(0), hash(text)) as usize & (buckets - 1);
                while u32_at(&blob.bytes, edges_at + at * EDGE + 4) != 0 {
                    at = (at + 1) & (buckets - 1);
                }
                for (field, value) in [number, *child, text_at, text.len()].into_iter().enumerate() {
                    blob.patch(edges_at + at * EDGE + field * 4, value);
                }
            }
        }
        blob.bytes
    }

    fn build(templates: &[(Vec<Segment>, u32)]) -> Vec<Node<'_>> {
        let mut nodes = vec![Node::default()];
        for (template, id) in templates {
            let mut current = 0usize;
            let mut rest = false;
            for segment in template {
                let fresh = nodes.len();
                let depth = nodes.get(current).map_or(0, |node| node.depth + 1);
                let Some(node) = nodes.get_mut(current) else { break };
                let next = match segment {
                    Segment::Literal(text) => *node.literals.entry(text.as_slice()).or_insert(fresh),
                    Segment::Any if node.any == 0 => {
                        node.any = fresh;
                        fresh
                    }
                    Segment::Any => node.any,
                    Segment::Rest => {
                        rest = true;
                        break;
                    }
                };
                if next == fresh {
                    nodes.push(Node { depth, ..Node::default() });
                }
                current = next;
            }
            if let Some(node) = nodes.get_mut(current) {
                if rest { node.rest.push(*id) } else { node.exact.push(*id) }
            }
        }
        nodes
    }

    /// How many nodes can be active at once: at each depth at most all nodes, and at most what the depth before can branch into.
    fn width(nodes: &[Node<'_>]) -> usize {
        let deepest = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let mut count = vec![0usize; deepest + 1];
        let mut branches = vec![false; deepest + 1];
        for node in nodes {
            if let (Some(count), Some(branches)) = (count.get_mut(node.depth), branches.get_mut(node.depth)) {
                *count += 1;
                *branches |= node.any != 0 && !node.literals.is_empty();
            }
        }
        let (mut bound, mut widest) = (1usize, 1usize);
        for (count, branches) in count.iter().zip(&branches) {
            bound = bound.min(*count);
            widest = widest.max(bound);
            bound = bound.saturating_mul(if *branches { 2 } else { 1 });
        }
        widest
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{encode, find};
    use crate::rt::arena::Arena;
    use crate::tables::template::{self, Segment, parse};

    fn found(table: &[u8], path: &str) -> Vec<u32> {
        let arena = Arena::new();
        let mut ids = find(table, path.as_bytes(), &arena).unwrap().to_vec();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn overlapping_templates_are_all_found() {
        let templates: Vec<_> =
            ["/a/b", "/a/*", "/*/b", "/**", "/a/**", "/a/b/", "/a/b/**", "/"].iter().zip(0u32..).map(|(t, n)| (parse(t), n)).collect();
        let table = encode(&templates);
        assert_eq!(found(&table, "/a/b"), [0, 1, 2, 3, 4, 6]);
        assert_eq!(found(&table, "/a/b/"), [3, 4, 5, 6]);
        assert_eq!(found(&table, "/a"), [3, 4]);
        assert_eq!(found(&table, "/"), [3, 7]);
        assert_eq!(found(&table, "/a/"), [3, 4]);
        assert_eq!(found(&table, "/x"), [3]);
        assert!(found(&encode(&[]), "/").is_empty());
        assert!(found(&[], "/").is_empty());
    }

    struct Random(u64);
    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }
    }

    #[test]
    fn ten_thousand_random_templates_match_as_one_by_one() {
        let mut random = Random(42);
        let mut templates: Vec<(Vec<Segment>, u32)> = Vec::new();
        for id in 0..10_000 {
            let mut template = Vec::new();
            for _ in 0..=random.below(5) {
                template.push(match random.below(10) {
                    0 | 1 => Segment::Any,
                    2 => Segment::Literal(Vec::new()),
                    n => Segment::Literal(format!("s{}", random.below(n * 3)).into_bytes()),
                });
            }
            if random.below(6) == 0 {
                template.push(Segment::Rest);
            }
            templates.push((template, id));
        }
        let table = encode(&templates);
        let singles: Vec<_> = templates.iter().map(|(template, id)| (template::encode(template), *id)).collect();
        for _ in 0..300 {
            let path: String = (0..=random.below(6))
                .map(|_| if random.below(8) == 0 { "/".to_owned() } else { format!("/s{}", random.below(20)) })
                .collect();
            let naive: Vec<u32> =
                singles.iter().filter(|(single, _)| template::matches(single, path.as_bytes())).map(|(_, id)| *id).collect();
            assert_eq!(found(&table, &path), naive, "{path}");
        }
    }

    #[test]
    fn all_mixtures_of_literals_and_wildcards_are_active_at_once() {
        let templates: Vec<_> = (0..4096u32)
            .map(|bits| ((0..12).map(|n| if bits >> n & 1 == 0 { Segment::Any } else { Segment::Literal(b"a".to_vec()) }).collect(), bits))
            .collect();
        let table = encode(&templates);
        assert_eq!(found(&table, &"/a".repeat(12)).len(), 4096);
        assert_eq!(found(&table, &format!("/b{}", "/a".repeat(11))).len(), 2048);
        assert!(found(&table, &"/a".repeat(30_000)).is_empty());
    }
}
