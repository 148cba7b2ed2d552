//! The syntax tree: the policy as written, names unresolved, types unchecked. Spans at every node.
//! Split by what the grammar calls items, rules, expressions and tests.

mod expr;
mod item;
mod print;
mod print_expr;
mod rule;
mod test;

pub use expr::{Arg, BinaryOp, CompareOp, Expr, ExprKind, MatchArm, MatchPattern, Member, Quantifier};
pub use item::{
    Attr, Config, Declaration, DeclarationKind, Field, Function, Import, Item, Jwt, Let, ListOrMap, Lookup, Outcome, Param, Policy, Reply,
    ReplyBody, Source, Type, Value,
};
pub use print::print;
pub use print_expr::object_name;
pub use rule::{
    Action, Apply, Authenticate, Combination, Detector, Edit, EditKind, On, Redaction, RedactionTarget, Rule, RuleItem, RuleKind, Scope,
    ScopeItem, SplitArm, Target, TargetKind,
};
pub use test::{BodyPart, Expected, Found, Given, Part, Step, StepKind, Test};

use crate::base::Span;

/// A word or string with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The text; of a string literal the decoded text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One parsed file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Its items in the order written.
    pub items: Vec<Item>,
}
