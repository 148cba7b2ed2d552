//! States that accept the same rests of a text become one. In: an automaton and what tells its states apart at once. Out: the block
//! of each state, blocks numbered by their first state.
//!
//! Hopcroft's algorithm: a block that leads into two others by one byte class is split; of the two halves only the smaller one has
//! to be looked at again. Time is states × classes × log states, whatever the pattern.

/// An automaton as its transitions: `class_count` targets for each state.
pub(super) struct Graph<'a> {
    pub(super) class_count: usize,
    pub(super) transitions: &'a [u32],
    /// States of different kinds are never one.
    pub(super) kinds: &'a [u32],
}

/// States that lie block by block, and what was marked of each block.
struct Partition {
    states: Vec<u32>,
    place: Vec<u32>,
    block: Vec<u32>,
    begin: Vec<u32>,
    end: Vec<u32>,
    marked: Vec<u32>,
}

fn at(values: &[u32], index: u32) -> u32 {
    values.get(index as usize).copied().unwrap_or(0)
}

fn put(values: &mut [u32], index: u32, value: u32) {
    if let Some(place) = values.get_mut(index as usize) {
        *place = value;
    }
}

impl Partition {
    /// Blocks by kind; kinds are dense.
    fn new(kinds: &[u32]) -> Partition {
        let count = kinds.len() as u32;
        let mut states: Vec<u32> = (0..count).collect();
        states.sort_by_key(|state| at(kinds, *state));
        let mut place = vec![0; kinds.len()];
        let mut partition =
            Partition { states: Vec::new(), place: Vec::new(), block: vec![0; kinds.len()], begin: vec![], end: vec![], marked: vec![] };
        let mut latest = None;
        for (position, state) in states.iter().enumerate() {
            put(&mut place, *state, position as u32);
            let kind = at(kinds, *state);
            if latest != Some(kind) {
                latest = Some(kind);
                partition.begin.push(position as u32);
                partition.end.push(position as u32);
                partition.marked.push(0);
            }
            if let Some(end) = partition.end.last_mut() {
                *end += 1;
            }
            put(&mut partition.block, *state, partition.begin.len() as u32 - 1);
        }
        Partition { states, place, ..partition }
    }

    /// Moves a state to the marked front of its block, and tells the block if it is the first there.
    fn mark(&mut self, state: u32, touched: &mut Vec<u32>) {
        let block = at(&self.block, state);
        let border = at(&self.begin, block) + at(&self.marked, block);
        let here = at(&self.place, state);
        if here < border {
            return;
        }
        let other = at(&self.states, border);
        put(&mut self.states, border, state);
        put(&mut self.states, here, other);
        put(&mut self.place, state, border);
        put(&mut self.place, other, here);
        if at(&self.marked, block) == 0 {
            touched.push(block);
        }
        let marked = at(&self.marked, block) + 1;
        put(&mut self.marked, block, marked);
    }

    /// Splits the marked part off: the number of the new block, the smaller of both.
    fn split(&mut self, block: u32) -> Option<u32> {
        let (begin, end, marked) = (at(&self.begin, block), at(&self.end, block), at(&self.marked, block));
        put(&mut self.marked, block, 0);
        let border = begin + marked;
        if border == end {
            return None;
        }
        let fresh = self.begin.len() as u32;
        let (from, until) = if marked <= end - border { (begin, border) } else { (border, end) };
        if from == begin {
            put(&mut self.begin, block, border);
        } else {
            put(&mut self.end, block, border);
        }
        self.begin.push(from);
        self.end.push(until);
        self.marked.push(0);
        for position in from..until {
            let state = at(&self.states, position);
            put(&mut self.block, state, fresh);
        }
        Some(fresh)
    }
}

/// For each class and state the states that lead there.
struct Inverse {
    starts: Vec<u32>,
    sources: Vec<u32>,
    states: usize,
}

impl Inverse {
    fn new(graph: &Graph<'_>) -> Inverse {
        let states = graph.kinds.len();
        let mut starts = vec![0u32; states * graph.class_count + 1];
        let row = |class: usize, target: u32| class * states + target as usize;
        for (index, target) in graph.transitions.iter().enumerate() {
            if let Some(count) = starts.get_mut(row(index % graph.class_count, *target) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut sources = vec![0; graph.transitions.len()];
        for (index, target) in graph.transitions.iter().enumerate() {
            if let Some(place) = next.get_mut(row(index % graph.class_count, *target)) {
                put(&mut sources, *place, (index / graph.class_count) as u32);
                *place += 1;
            }
        }
        Inverse { starts, sources, states }
    }

    fn of(&self, class: usize, target: u32) -> &[u32] {
        let row = class * self.states + target as usize;
        let bound = |row: usize| self.starts.get(row).copied().unwrap_or(0) as usize;
        self.sources.get(bound(row)..bound(row + 1)).unwrap_or(&[])
    }
}

/// The block of each state, and how many there are.
pub(super) fn blocks(graph: &Graph<'_>) -> (Vec<u32>, usize) {
    let inverse = Inverse::new(graph);
    let mut partition = Partition::new(graph.kinds);
    let mut waiting: Vec<u32> = (0..partition.begin.len() as u32).collect();
    let mut touched = Vec::new();
    while let Some(splitter) = waiting.pop() {
        let range = at(&partition.begin, splitter) as usize..at(&partition.end, splitter) as usize;
        let members: Vec<u32> = partition.states.get(range).unwrap_or(&[]).to_vec();
        for class in 0..graph.class_count {
            for member in &members {
                for source in inverse.of(class, *member) {
                    partition.mark(*source, &mut touched);
                }
            }
            for block in touched.drain(..) {
                // INVARIANT: the new block is the smaller one, so looking at it alone is enough, unless the old one waits anyway,
                // and then both do.
                if let Some(fresh) = partition.split(block) {
                    waiting.push(fresh);
                }
            }
        }
    }
    let mut numbers: Vec<Option<u32>> = vec![None; partition.begin.len()];
    let mut count = 0;
    let mut of = |block: u32| {
        let number = numbers.get_mut(block as usize)?;
        if number.is_none() {
            *number = Some(count);
            count += 1;
        }
        *number
    };
    let blocks = (0..graph.kinds.len() as u32).map(|state| of(at(&partition.block, state)).unwrap_or(0)).collect();
    (blocks, count as usize)
}
