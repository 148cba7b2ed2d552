//! Makes a case smaller while it still shows the same kind of disagreement. Greedy: whatever can go goes.

use portcullis::tools::message::Request;

use super::case::{Case, Node};
use super::engines::{self, Disagreement};

/// The smallest case that was found, and what it shows.
pub fn shrink(case: Case, pass: Option<&'static str>, found: Disagreement) -> (Case, Disagreement) {
    let mut best = (case, found);
    // Enough for any case that the generator makes; a bound, so that a slow case ends.
    let mut tries = 1_500_usize;
    if let Some(step) = best.1.step {
        let mut smaller = best.0.clone();
        smaller.steps.truncate(step + 1);
        keep(&mut best, smaller, pass, &mut tries);
    }
    loop {
        let before = tries;
        let mut changed = false;
        let mut index = 0;
        while index < best.0.steps.len() {
            let mut smaller = best.0.clone();
            smaller.steps.remove(index);
            if keep(&mut best, smaller, pass, &mut tries) { changed = true } else { index += 1 }
        }
        let mut number = 0;
        loop {
            let mut smaller = best.0.clone();
            let mut left = number;
            if !remove(&mut smaller.items, &mut left) {
                break;
            }
            if keep(&mut best, smaller, pass, &mut tries) { changed = true } else { number += 1 }
        }
        for step in 0..best.0.steps.len() {
            changed |= shrink_step(&mut best, step, pass, &mut tries);
        }
        if !changed || tries == 0 || before == tries {
            return best;
        }
    }
}

/// Takes the smaller case if it still shows the disagreement.
fn keep(best: &mut (Case, Disagreement), smaller: Case, pass: Option<&'static str>, tries: &mut usize) -> bool {
    if *tries == 0 {
        return false;
    }
    *tries -= 1;
    match engines::run(&smaller, pass) {
        Ok(Some(found)) if found.kind == best.1.kind => {
            *best = (smaller, found);
            true
        }
        Ok(_) | Err(_) => false,
    }
}

/// Removes the node with this number, counted from the front, outer before inner.
fn remove(nodes: &mut Vec<Node>, number: &mut usize) -> bool {
    let mut index = 0;
    while index < nodes.len() {
        if *number == 0 {
            nodes.remove(index);
            return true;
        }
        *number -= 1;
        if let Some(children) = &mut nodes[index].children
            && remove(children, number)
        {
            return true;
        }
        index += 1;
    }
    false
}

fn shrink_step(best: &mut (Case, Disagreement), step: usize, pass: Option<&'static str>, tries: &mut usize) -> bool {
    let mut changed = false;
    let edits: &[fn(&mut super::case::Step) -> bool] = &[
        |step| step.request.body.take().is_some(),
        |step| step.answer.body.take().is_some(),
        |step| take_query(&mut step.request),
        |step| std::mem::take(&mut step.wait) != 0,
        |step| step.answer.body.as_mut().is_some_and(|body| body.split.take().is_some()),
        |step| step.answer.body.as_mut().is_some_and(|body| !std::mem::take(&mut body.trailers).is_empty()),
    ];
    for edit in edits {
        let mut smaller = best.0.clone();
        if edit(&mut smaller.steps[step]) {
            changed |= keep(best, smaller, pass, tries);
        }
    }
    for response in [false, true] {
        let mut index = 0;
        loop {
            let mut smaller = best.0.clone();
            let step = &mut smaller.steps[step];
            let headers = if response { &mut step.answer.headers } else { &mut step.request.headers };
            if index >= headers.len() {
                break;
            }
            headers.remove(index);
            if keep(best, smaller, pass, tries) { changed = true } else { index += 1 }
        }
    }
    changed
}

fn take_query(request: &mut Request) -> bool {
    match request.target.find('?') {
        Some(at) => {
            request.target.truncate(at);
            true
        }
        None => false,
    }
}
