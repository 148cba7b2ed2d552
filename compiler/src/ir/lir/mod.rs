//! The Wasm-shaped tree: functions over i32, i64, f64 and constant data, calls to mechanisms by name.
//! Lowering makes it, codegen writes it. Every loop is counted, so termination can be seen in the shape.

pub mod print;
pub mod verify;
pub mod walk;

use portcullis_runtime::contract::{Mechanism, Policy};

pub use portcullis_runtime::contract::Val;

/// Index into [`Module::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// Index into [`Module::data`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataId(pub u32);

/// A parameter or local: parameters first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Local(pub u32);

/// Everything that a policy adds to the stub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// Generated functions. Names appear in the name section.
    pub functions: Vec<Function>,
    /// Constant tables and zeroed regions.
    pub data: Vec<Data>,
    /// Which function implements each policy function. All of `Policy::ALL` are there except `HeapStart`, which linking writes.
    pub implements: Vec<(Policy, FunctionId)>,
    /// Callbacks that the module exports, such as `proxy_on_request_headers`; sorted.
    pub callbacks: Vec<&'static str>,
    /// Name and content of custom sections, in order.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// A region of linear memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// For dumps, such as `set offices`.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// Content of a region; regions are 16-byte aligned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Cells of a constant list: address and length of a part of another region (offset, length) as one i64 each.
    Parts(Vec<(DataId, u32, u32)>),
    /// So many zero bytes, which the module does not carry.
    Zero(u32),
    /// The automata of several regexes that are searched together (`tables::dfa_set`), built by the back end: pattern with `\/`
    /// undone, letters of `imsx`, place.
    Automata(Vec<(String, String, crate::base::Span)>),
    /// The automaton of a regex (`tables::dfa`), built by the back end; the place is for its diagnostics.
    Automaton {
        /// The pattern with `\/` undone.
        pattern: String,
        /// Letters of `imsx`.
        flags: String,
        /// Where it stands in the policy.
        span: crate::base::Span,
    },
}

/// A generated function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Names the rule or declaration, such as `permit "health": when`.
    pub name: String,
    /// Types of parameters.
    pub params: Vec<Val>,
    /// Types of further locals, zero at entry.
    pub locals: Vec<Val>,
    /// Type of the result.
    pub result: Option<Val>,
    /// The body; a function with a result ends in `Return` on every path.
    pub body: Vec<Stmt>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// Sets a local.
    Set(Local, Expr),
    /// Evaluates and drops a result if there is one.
    Do(Expr),
    /// Branches on an i32.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// Runs the arm that an i32 counts to, or the last part when it is out of range.
    Switch(Expr, Vec<Vec<Stmt>>, Vec<Stmt>),
    /// Runs the body with the local counting from 0 below an i32 that is evaluated once.
    Count(Local, Expr, Vec<Stmt>),
    /// Leaves the function.
    Return(Option<Expr>),
}

/// An expression; its type follows from its form.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// An i32 constant.
    I32(i32),
    /// An i64 constant.
    I64(i64),
    /// An f64 constant.
    F64(f64),
    /// Address and length of a region as one i64.
    Data(DataId),
    /// Address and length of a part of a region (offset, length) as one i64.
    DataPart(DataId, u32, u32),
    /// Address of a region, i32.
    Address(DataId),
    /// A local.
    Local(Local),
    /// A call of the stub.
    Call(Mechanism, Vec<Expr>),
    /// A call of a generated function.
    Apply(FunctionId, Vec<Expr>),
    /// An operation on one operand.
    Unary(UnaryOp, Box<Expr>),
    /// An operation on two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `condition`, then, else; both of this type.
    If(Val, Box<Expr>, Box<Expr>, Box<Expr>),
    /// Statements, then a value.
    Block(Vec<Stmt>, Box<Expr>),
    /// The i64 at an i32 address (a cell).
    Load(Box<Expr>),
}

/// Operations on one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// i32 → i32: 1 for 0, else 0.
    Not,
    /// i64 → i32: 1 for 0, else 0.
    IsZero64,
    /// i64 → i32: the low half.
    Wrap,
    /// i32 → i64, unsigned.
    Extend,
    /// i64 → f64.
    ToFloat,
    /// f64 bits as i64.
    FloatBits,
    /// i64 bits as f64.
    BitsFloat,
}

/// Operations on two operands; comparisons give an i32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// i32
    And32,
    /// i32
    Or32,
    /// i32, wrapping
    Add32,
    /// i32, wrapping
    Multiply32,
    /// i32
    Equal32,
    /// i32, signed
    Less32,
    /// i64
    Or64,
    /// i64
    Equal64,
    /// i64, signed
    Less64,
    /// i64, signed
    LessEqual64,
    /// f64
    AddFloat,
    /// f64
    SubtractFloat,
    /// f64
    MultiplyFloat,
    /// f64: the lesser
    LeastFloat,
    /// f64: the greater
    GreatestFloat,
    /// f64
    EqualFloat,
    /// f64
    LessFloat,
    /// f64
    LessEqualFloat,
}
