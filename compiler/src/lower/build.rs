//! What lowering builds up: functions, constant data with equal content shared, metrics, replies.

use std::collections::BTreeMap;

use portcullis_runtime::contract::{Mechanism, Policy, Val};

use super::{Options, metrics::Metrics, reply::Replies};
use crate::ir::hir::{self, Ty};
use crate::ir::lir::{Content, Data, DataId, Expr, Function, FunctionId, Local, Module, Stmt};
use crate::plan::Plan;

/// Which callback an expression is evaluated in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phase {
    /// Request headers.
    Request,
    /// Response headers: facts of the request come from the stream's record.
    Response,
}

/// The module in the making.
pub(super) struct Builder<'a> {
    pub(super) policy: &'a hir::Policy,
    pub(super) plan: &'a Plan,
    pub(super) module: Module,
    pub(super) metrics: Metrics,
    pub(super) replies: Replies,
    pub(super) lets: BTreeMap<(u32, Phase), FunctionId>,
    pub(super) shared_parts: BTreeMap<u32, FunctionId>,
    pub(super) subjects: Option<DataId>,
    /// For each `mtls` what gives its state and the name that matched.
    pub(super) peers: BTreeMap<u32, (FunctionId, FunctionId)>,
    pub(super) fns: BTreeMap<(u32, Phase), FunctionId>,
    pub(super) signed: BTreeMap<u32, super::hmac::Functions>,
    /// Functions that check a `jwt`, by its number.
    pub(super) tokens: BTreeMap<u32, FunctionId>,
    strings: Vec<u8>,
    string_at: BTreeMap<Vec<u8>, (u32, u32)>,
    shared: BTreeMap<Vec<u8>, DataId>,
    shared_cells: BTreeMap<Vec<(DataId, u32, u32)>, DataId>,
}

/// All constant strings lie in the first region.
const STRINGS: DataId = DataId(0);

impl<'a> Builder<'a> {
    pub(super) fn new(policy: &'a hir::Policy, plan: &'a Plan) -> Builder<'a> {
        let mut module = Module::default();
        module.data.push(Data { name: "strings".to_owned(), content: Content::Bytes(Vec::new()) });
        Builder {
            policy,
            plan,
            module,
            metrics: Metrics::default(),
            replies: Replies::default(),
            lets: BTreeMap::new(),
            shared_parts: BTreeMap::new(),
            subjects: None,
            peers: BTreeMap::new(),
            fns: BTreeMap::new(),
            signed: BTreeMap::new(),
            shared_cells: BTreeMap::new(),
            tokens: BTreeMap::new(),
            strings: Vec::new(),
            string_at: BTreeMap::new(),
            shared: BTreeMap::new(),
        }
    }

    /// A constant string.
    pub(super) fn string(&mut self, text: &str) -> Expr {
        self.bytes(text.as_bytes())
    }

    /// Constant bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Expr {
        let (offset, length) = match self.string_at.get(bytes) {
            Some(found) => *found,
            None => {
                let place = (self.strings.len() as u32, bytes.len() as u32);
                self.strings.extend_from_slice(bytes);
                self.string_at.insert(bytes.to_vec(), place);
                place
            }
        };
        Expr::DataPart(STRINGS, offset, length)
    }

    /// A constant table; equal tables are stored once.
    pub(super) fn table(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> DataId {
        if let Some(id) = self.shared.get(&bytes) {
            return *id;
        }
        let id = self.region(name, Content::Bytes(bytes.clone()));
        self.shared.insert(bytes, id);
        id
    }

    /// The cells of a constant list; equal lists are stored once.
    pub(super) fn parts(&mut self, name: impl Into<String>, parts: Vec<(DataId, u32, u32)>) -> DataId {
        if let Some(id) = self.shared_cells.get(&parts) {
            return *id;
        }
        let id = self.region(name, Content::Parts(parts.clone()));
        self.shared_cells.insert(parts, id);
        id
    }

    /// A region of its own.
    pub(super) fn region(&mut self, name: impl Into<String>, content: Content) -> DataId {
        let id = DataId(self.module.data.len() as u32);
        self.module.data.push(Data { name: name.into(), content });
        id
    }

    /// Adds a finished function.
    pub(super) fn function(&mut self, name: impl Into<String>, context: Context, result: Option<Val>, body: Vec<Stmt>) -> FunctionId {
        let id = FunctionId(self.module.functions.len() as u32);
        let Context { params, locals, .. } = context;
        self.module.functions.push(Function { name: name.into(), params, locals, result, body });
        id
    }

    /// States which function implements a policy function.
    pub(super) fn implement(&mut self, policy: Policy, function: FunctionId) {
        self.module.implements.push((policy, function));
    }

    /// The finished module.
    pub(super) fn finish(mut self, options: &Options) -> Module {
        if let Some(strings) = self.module.data.first_mut() {
            strings.content = Content::Bytes(self.strings);
        }
        self.module.implements.sort_by_key(|(policy, _)| *policy);
        self.module.callbacks = self.plan.callbacks.clone();
        let about = serde_json::json!({
            "policy": self.policy.name.text,
            "compiler": options.compiler,
            "source_sha256": options.source_digest,
            "callbacks": self.plan.callbacks,
            "trusted_hops": self.policy.trusted_hops,
            "host_features": super::features::needed(self.policy, &self.module),
        });
        self.module.sections.push(("portcullis".to_owned(), about.to_string().into_bytes()));
        self.module
    }
}

/// The locals of one function in the making.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) phase: Phase,
    params: Vec<Val>,
    locals: Vec<Val>,
    /// Names that are bound around, by level: where their values are, and their types.
    pub(super) bound: Vec<(Local, Ty)>,
    /// What was evaluated before the quantifiers around began, by its text (`plan::response_key`), and where it is.
    pub(super) fixed: Vec<(String, Local)>,
}

impl Context {
    pub(super) fn new(phase: Phase, params: &[Val]) -> Context {
        Context { phase, params: params.to_vec(), locals: Vec::new(), bound: Vec::new(), fixed: Vec::new() }
    }

    /// Where the value of an expression is that was evaluated before a quantifier around began.
    pub(super) fn fixed(&self, expr: &hir::Expr) -> Option<Local> {
        if self.fixed.is_empty() {
            return None;
        }
        let key = crate::plan::response_key(expr);
        self.fixed.iter().find(|(known, _)| *known == key).map(|(_, local)| *local)
    }

    /// Binds the name of this level; gives what was bound before, to be put back. What is evaluated before the quantifiers around
    /// it begin reads none of their names, so that they need no value.
    pub(super) fn bind(&mut self, level: usize, local: Local, ty: Ty) -> Vec<(Local, Ty)> {
        let before = self.bound.clone();
        self.bound.resize(level, (local, Ty::Error));
        self.bound.push((local, ty));
        before
    }

    /// Binds the parameters.
    pub(super) fn bind_params(&mut self, types: impl Iterator<Item = Ty>) {
        self.bound = types.zip(0..).map(|(ty, number)| (Local(number), ty)).collect();
    }

    /// A new local of this type.
    pub(super) fn local(&mut self, val: Val) -> Local {
        let id = Local((self.params.len() + self.locals.len()) as u32);
        self.locals.push(val);
        id
    }
}

/// A call of a mechanism.
pub(super) fn call(mechanism: Mechanism, args: Vec<Expr>) -> Expr {
    Expr::Call(mechanism, args)
}

/// A call for its effect.
pub(super) fn act(mechanism: Mechanism, args: Vec<Expr>) -> Stmt {
    Stmt::Do(Expr::Call(mechanism, args))
}

/// `return value`
pub(super) fn give(value: Expr) -> Stmt {
    Stmt::Return(Some(value))
}

/// An i32 constant from a count or index.
pub(super) fn index(value: usize) -> Expr {
    Expr::I32(i32::try_from(value).unwrap_or(i32::MAX))
}
