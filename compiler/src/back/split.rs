//! Splits large switches into functions of their own. In: LIR, perhaps with a switch of thousands of arms. Out: LIR in which
//! such a switch chooses among chunk functions. Hosts compile function by function with an optimising compiler, and one of
//! 670 KiB takes V8 nearly a second and 100 MB; chunks keep functions near [`WEIGHT`] bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use portcullis_runtime::contract::Val;

use crate::ir::lir::{self, verify::always_returns, walk};

/// Arms of one chunk at most.
const ARMS: usize = 256;
/// Estimated bytes of one chunk at most, unless one arm alone is larger.
const WEIGHT: usize = 48 * 1024;
/// Bytes of an average node: an opcode and an index, sometimes a packed address of nine bytes.
const NODE: usize = 4;

/// Splits what is too large; borrows the module when nothing is.
pub fn split(module: &lir::Module) -> Cow<'_, lir::Module> {
    let large = |function: &&lir::Function| has_large_switch(&function.body);
    if module.functions.iter().find(large).is_none() {
        return Cow::Borrowed(module);
    }
    let mut module = module.clone();
    let mut index = 0;
    // Chunks are appended and looked at in turn: their arms may hold switches themselves.
    while let Some(function) = module.functions.get_mut(index) {
        let mut function = std::mem::replace(function, empty());
        let mut splitter = Splitter { chunks: Vec::new(), next: module.functions.len(), outer: Outer::of(&mut function) };
        let body = std::mem::take(&mut function.body);
        function.body = splitter.stmts(body, true, &mut function.locals);
        let chunks = splitter.chunks;
        if let Some(slot) = module.functions.get_mut(index) {
            *slot = function;
        }
        module.functions.extend(chunks);
        index += 1;
    }
    Cow::Owned(module)
}

fn empty() -> lir::Function {
    lir::Function { name: String::new(), params: Vec::new(), locals: Vec::new(), result: None, body: Vec::new() }
}

fn weight(stmts: &[lir::Stmt]) -> usize {
    let mut nodes = 0usize;
    walk::stmts(stmts, &mut |_| nodes += 1);
    nodes * NODE
}

fn is_large(arms: &[Vec<lir::Stmt>]) -> bool {
    arms.len() > 1 && (arms.len() > ARMS || arms.iter().map(|arm| weight(arm)).sum::<usize>() > WEIGHT)
}

fn has_large_switch(stmts: &[lir::Stmt]) -> bool {
    let mut found = false;
    walk::stmts(stmts, &mut |node| {
        if let walk::Node::Stmt(lir::Stmt::Switch(_, arms, _)) = node {
            found |= is_large(arms);
        }
    });
    found
}

/// The function that is being split.
struct Outer {
    name: String,
    params: Vec<Val>,
    locals: Vec<Val>,
    result: Option<Val>,
    /// How often each local is read in the whole function.
    reads: Vec<usize>,
    /// How often each local is read or set in the whole function.
    mentions: Vec<usize>,
}

impl Outer {
    fn of(function: &mut lir::Function) -> Outer {
        let mut reads = vec![0; function.params.len() + function.locals.len()];
        let mut mentions = reads.clone();
        count_reads(&function.body, &mut reads);
        count_mentions(&mut function.body, &mut mentions);
        Outer {
            name: function.name.clone(),
            params: function.params.clone(),
            locals: function.locals.clone(),
            result: function.result,
            reads,
            mentions,
        }
    }

    fn ty(&self, local: usize) -> Val {
        self.params.iter().chain(&self.locals).nth(local).copied().unwrap_or(Val::I32)
    }
}

fn count_mentions(stmts: &mut [lir::Stmt], mentions: &mut [usize]) {
    walk::locals(stmts, &mut |local| {
        if let Some(count) = mentions.get_mut(local.0 as usize) {
            *count += 1;
        }
    });
}

fn count_reads(stmts: &[lir::Stmt], reads: &mut [usize]) {
    walk::stmts(stmts, &mut |node| {
        let local = match node {
            walk::Node::Expr(lir::Expr::Local(local)) => local,
            walk::Node::Expr(_) | walk::Node::Stmt(_) => return,
        };
        if let Some(count) = reads.get_mut(local.0 as usize) {
            *count += 1;
        }
    });
}

/// How control goes on behind a chunk.
enum After {
    /// The chunk returned for the function.
    Return,
    /// What follows the switch.
    Next,
}

/// A function made of arms.
struct Chunk {
    /// The number of its first arm.
    start: u32,
    id: lir::FunctionId,
    /// Which locals of the outer function it wants, before the arm's number.
    arguments: Vec<lir::Local>,
}

struct Splitter {
    chunks: Vec<lir::Function>,
    next: usize,
    outer: Outer,
}

impl Splitter {
    /// `tail`: the function ends behind these statements.
    fn stmts(&mut self, stmts: Vec<lir::Stmt>, tail: bool, locals: &mut Vec<Val>) -> Vec<lir::Stmt> {
        let count = stmts.len();
        let mut out = Vec::with_capacity(count);
        for (index, stmt) in stmts.into_iter().enumerate() {
            let tail = tail && index + 1 == count;
            match stmt {
                lir::Stmt::Switch(selector, arms, otherwise) if is_large(&arms) => match self.after(&arms, tail) {
                    Some(after) => self.chunk(selector, arms, otherwise, &after, locals, &mut out),
                    None => out.push(lir::Stmt::Switch(selector, arms, otherwise)),
                },
                lir::Stmt::Switch(selector, arms, otherwise) => {
                    let arms = arms.into_iter().map(|arm| self.stmts(arm, tail, locals)).collect();
                    let otherwise = self.stmts(otherwise, tail, locals);
                    out.push(lir::Stmt::Switch(selector, arms, otherwise));
                }
                lir::Stmt::If(condition, then, otherwise) => {
                    let then = self.stmts(then, tail, locals);
                    let otherwise = self.stmts(otherwise, tail, locals);
                    out.push(lir::Stmt::If(condition, then, otherwise));
                }
                lir::Stmt::Count(local, limit, body) => {
                    let body = self.stmts(body, false, locals);
                    out.push(lir::Stmt::Count(local, limit, body));
                }
                other @ (lir::Stmt::Set(..) | lir::Stmt::Do(_) | lir::Stmt::Return(_)) => out.push(other),
            }
        }
        out
    }

    /// Whether arms can run in another function, and how it goes on then. Chunks get locals by value, so nothing that an
    /// arm sets may be read outside the arms if control comes back.
    fn after(&self, arms: &[Vec<lir::Stmt>], tail: bool) -> Option<After> {
        if arms.iter().all(|arm| always_returns(arm)) || (tail && self.outer.result.is_none()) {
            return Some(After::Return);
        }
        let mut written = BTreeSet::new();
        let mut inside = vec![0; self.outer.reads.len()];
        let mut returns = false;
        for arm in arms {
            count_reads(arm, &mut inside);
            walk::stmts(arm, &mut |node| match node {
                walk::Node::Stmt(lir::Stmt::Set(local, _) | lir::Stmt::Count(local, ..)) => {
                    written.insert(local.0 as usize);
                }
                walk::Node::Stmt(lir::Stmt::Return(_)) => returns = true,
                walk::Node::Stmt(_) | walk::Node::Expr(_) => {}
            });
        }
        let kept = written.iter().all(|local| self.outer.reads.get(*local) == inside.get(*local));
        (!returns && kept).then_some(After::Next)
    }

    /// Writes `if selector < end { chunk } …` with the arms moved to chunks; out of range runs `otherwise` here.
    fn chunk(
        &mut self,
        selector: lir::Expr,
        arms: Vec<Vec<lir::Stmt>>,
        otherwise: Vec<lir::Stmt>,
        after: &After,
        locals: &mut Vec<Val>,
        out: &mut Vec<lir::Stmt>,
    ) {
        let chosen = lir::Local(number(self.outer.params.len() + locals.len()));
        locals.push(Val::I32);
        out.push(lir::Stmt::Set(chosen, selector));
        let mut bounds = Vec::new();
        let mut start = 0;
        for group in groups(arms) {
            let end = start + group.len();
            let (id, arguments) = self.outline(start, group, after);
            bounds.push(Chunk { start: number(start), id, arguments });
            start = end;
        }
        let negative = less(lir::Expr::Local(chosen), 0);
        let above = lir::Expr::Unary(lir::UnaryOp::Not, Box::new(less(lir::Expr::Local(chosen), number(start))));
        let outside = lir::Expr::Binary(lir::BinaryOp::Or32, Box::new(negative), Box::new(above));
        let inside = self.choose(chosen, &bounds, after);
        out.push(lir::Stmt::If(outside, otherwise, inside));
    }

    /// A balanced choice among chunks.
    fn choose(&self, chosen: lir::Local, bounds: &[Chunk], after: &After) -> Vec<lir::Stmt> {
        match bounds {
            [] => Vec::new(),
            [chunk] => {
                let relative = lir::Expr::Binary(
                    lir::BinaryOp::Add32,
                    Box::new(lir::Expr::Local(chosen)),
                    Box::new(lir::Expr::I32(chunk.start.cast_signed().wrapping_neg())),
                );
                let arguments = chunk.arguments.iter().copied().map(lir::Expr::Local);
                let call = lir::Expr::Apply(chunk.id, arguments.chain([relative]).collect());
                match (after, self.outer.result) {
                    (After::Return, Some(_)) => vec![lir::Stmt::Return(Some(call))],
                    (After::Return, None) => vec![lir::Stmt::Do(call), lir::Stmt::Return(None)],
                    (After::Next, _) => vec![lir::Stmt::Do(call)],
                }
            }
            more => {
                let (low, high) = more.split_at(more.len() / 2);
                let middle = high.first().map_or(0, |chunk| chunk.start);
                vec![lir::Stmt::If(
                    less(lir::Expr::Local(chosen), middle),
                    self.choose(chosen, low, after),
                    self.choose(chosen, high, after),
                )]
            }
        }
    }

    /// A function that holds some arms. Its parameters are what the arms share with the rest of the function, which are
    /// returned too, then the arm's number; what only these arms mention becomes local to it.
    fn outline(&mut self, start: usize, arms: Vec<Vec<lir::Stmt>>, after: &After) -> (lir::FunctionId, Vec<lir::Local>) {
        let result = match after {
            After::Return => self.outer.result,
            After::Next => None,
        };
        let name = format!("{} {}..{}", self.outer.name, start, start + arms.len());
        // The caller checked the range; a chunk with a result must return on this path all the same.
        let otherwise = match result {
            Some(Val::I32) => vec![lir::Stmt::Return(Some(lir::Expr::I32(0)))],
            Some(Val::I64) => vec![lir::Stmt::Return(Some(lir::Expr::I64(0)))],
            Some(Val::F64) => vec![lir::Stmt::Return(Some(lir::Expr::F64(0.0)))],
            None => Vec::new(),
        };
        let mut arms = arms;
        let mut inside = vec![0; self.outer.mentions.len()];
        for arm in &mut arms {
            count_mentions(arm, &mut inside);
        }
        let is_param = |local: usize| local < self.outer.params.len();
        let is_shared = |local: &usize| is_param(*local) || self.outer.mentions.get(*local) != inside.get(*local);
        let mentioned = inside.iter().enumerate().filter(|(_, count)| **count > 0).map(|(local, _)| local);
        let (shared, own): (Vec<usize>, Vec<usize>) = mentioned.partition(is_shared);
        let places = shared.iter().copied().map(Some).chain([None]).chain(own.iter().copied().map(Some));
        let renamed: BTreeMap<usize, u32> = places.enumerate().filter_map(|(new, old)| Some((old?, number(new)))).collect();
        for arm in &mut arms {
            walk::locals(arm, &mut |local| {
                if let Some(new) = renamed.get(&(local.0 as usize)) {
                    local.0 = *new;
                }
            });
        }

        let selector = lir::Local(number(shared.len()));
        let params = shared.iter().map(|local| self.outer.ty(*local)).chain([Val::I32]).collect();
        let locals = own.iter().map(|local| self.outer.ty(*local)).collect();
        let body = vec![lir::Stmt::Switch(lir::Expr::Local(selector), arms, otherwise)];
        self.chunks.push(lir::Function { name, params, locals, result, body });
        let id = lir::FunctionId(number(self.next));
        self.next += 1;
        (id, shared.into_iter().map(|local| lir::Local(number(local))).collect())
    }
}

fn groups(arms: Vec<Vec<lir::Stmt>>) -> Vec<Vec<Vec<lir::Stmt>>> {
    let mut groups = Vec::new();
    let mut current: Vec<Vec<lir::Stmt>> = Vec::new();
    let mut total = 0;
    for arm in arms {
        let heavy = weight(&arm);
        if !current.is_empty() && (current.len() == ARMS || total + heavy > WEIGHT) {
            groups.push(std::mem::take(&mut current));
            total = 0;
        }
        total += heavy;
        current.push(arm);
    }
    groups.push(current);
    groups
}

fn less(value: lir::Expr, bound: u32) -> lir::Expr {
    lir::Expr::Binary(lir::BinaryOp::Less32, Box::new(value), Box::new(lir::Expr::I32(bound.cast_signed())))
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
