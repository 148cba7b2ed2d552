//! Counts and bursts of limits that the configuration decides: a start refuses those below one.

use super::{ConfigId, Expr, ExprKind, Policy};

/// An amount that is known when the configuration is.
#[derive(Clone, Debug)]
pub struct Amount<'a> {
    /// An `int` of constants and configuration.
    pub value: &'a Expr,
    /// Why a configuration is refused that makes it less than one.
    pub refusal: String,
}

impl Policy {
    /// The amounts of all limits that are not written as numbers, in file order.
    pub fn configured_amounts(&self) -> Vec<Amount<'_>> {
        let mut found = Vec::new();
        for limit in &self.limits {
            let parts = [(Some(&limit.count), "rate"), (limit.burst.as_ref(), "burst")];
            for (value, what) in parts.into_iter().filter_map(|(value, what)| value.map(|value| (value, what))) {
                let of = format!("the {what} of limit `{}`", limit.name.text);
                self.amounts(value, &of, &mut found);
            }
        }
        found
    }

    fn amounts<'a>(&'a self, value: &'a Expr, of: &str, found: &mut Vec<Amount<'a>>) {
        if let ExprKind::Match(_, arms, otherwise) = &value.kind {
            arms.iter().map(|(_, value)| value).chain([&**otherwise]).for_each(|value| self.amounts(value, of, found));
            return;
        }
        let mut asks = false;
        value.reads(self, &mut |_| asks = true);
        if let (ExprKind::If(_, then, otherwise), true) = (&value.kind, asks) {
            [then, otherwise].into_iter().for_each(|value| self.amounts(value, of, found));
            return;
        }
        let mut fields = Vec::new();
        self.configured_in(value, &mut fields);
        if fields.is_empty() {
            return;
        }
        let key = |id: ConfigId| self.config.get(id.index()).map(|field| format!("`{}`", field.name.text));
        let keys: Vec<String> = fields.into_iter().filter_map(key).collect();
        let (noun, verb) = if keys.len() == 1 { ("key", "makes") } else { ("keys", "make") };
        let refusal = format!("configuration {noun} {} {verb} {of} less than 1", keys.join(", "));
        if !found.iter().any(|amount| amount.refusal == refusal && amount.value.without_places() == value.without_places()) {
            found.push(Amount { value, refusal });
        }
    }

    /// The configuration fields that a value reads, in the order in which it names them, by way of `let`s.
    pub(super) fn configured_in(&self, value: &Expr, found: &mut Vec<ConfigId>) {
        match &value.kind {
            ExprKind::Config(id) if !found.contains(id) => found.push(*id),
            // INVARIANT: a let reads only lets before it, so this ends.
            ExprKind::Let(id) => {
                if let Some(item) = self.lets.get(id.index()) {
                    self.configured_in(&item.value, found);
                }
            }
            _ => value.operands().into_iter().for_each(|operand| self.configured_in(operand, found)),
        }
    }
}
