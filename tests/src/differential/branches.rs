//! Random choices: `if`, `match`, `some`, `every`, calls of declared functions. In: the type that is asked for. Out: text.

use super::expr::{Expressions, Place};
use super::world::{ADDRESSES, METHODS, TEXTS, Type, quoted};

impl Expressions<'_> {
    /// An expression of one of the types that functions and branches have.
    pub fn value(&mut self, ty: Type, depth: usize) -> String {
        match ty {
            Type::Bool => self.boolean(depth),
            Type::Text => self.text(depth),
            Type::MaybeText => self.maybe_text(depth),
            Type::Int => self.integer(depth),
            Type::MaybeInt => self.maybe_integer(depth),
            Type::Texts => self.texts(depth),
            Type::Float => self.float(depth),
            Type::Time => self.time(depth),
            Type::Duration => self.duration(depth),
            Type::Tier => self.tier(depth),
            Type::Bytes => self.bytes(depth),
            Type::MaybeFloat => self.maybe_float(depth),
            Type::MaybeTime => self.maybe_time(depth),
            Type::Network => self.network(depth),
            Type::Ip
            | Type::MaybeDuration
            | Type::MaybeBool
            | Type::MaybeBytes
            | Type::MaybeTier
            | Type::Tiers
            | Type::Secrets
            | Type::MaybeIp
            | Type::Map
            | Type::Secret
            | Type::MaybeSecret
            | Type::MaybeNetwork
            | Type::Ints
            | Type::Ips
            | Type::Networks => "client.ip".to_owned(),
        }
    }

    /// A bound name of this type.
    pub fn bound(&mut self, ty: Type) -> Option<String> {
        let known: Vec<String> = self.place.bound.iter().filter(|(_, bound)| *bound == ty).map(|(name, _)| name.clone()).collect();
        if known.is_empty() { None } else { Some(self.random.pick(&known).clone()) }
    }

    /// `if` or `match`.
    pub fn branch(&mut self, ty: Type, depth: usize) -> String {
        let first = match ty {
            Type::MaybeText if self.random.chance(50) => Type::Text,
            Type::MaybeInt if self.random.chance(50) => Type::Int,
            _ => ty,
        };
        if self.random.chance(50) {
            let condition = self.boolean(depth);
            return format!("(if ({condition}) then ({}) else ({}))", self.value(first, depth), self.value(ty, depth));
        }
        let (subject, mut patterns) = match self.random.below(6) {
            4 => (self.duration(depth), ["1s", "250ms", "0s", "1h"].map(str::to_owned).to_vec()),
            0 => (self.integer(depth), ["0", "-1", "7", "42", "9223372036854775807"].map(str::to_owned).to_vec()),
            1 => ("client.ip".to_owned(), ADDRESSES.iter().filter(|text| **text != "::ffff:10.1.2.3").map(|text| quoted(text)).collect()),
            2 => ("request.method".to_owned(), METHODS.iter().map(|text| quoted(text)).collect()),
            3 => {
                let subject = self.boolean(depth);
                return format!("(match ({subject}) {{ true: {}, false: {} }})", self.value(first, depth), self.value(ty, depth));
            }
            _ => (self.maybe_text(depth), TEXTS.iter().map(|text| quoted(text)).collect::<Vec<String>>()),
        };
        let count = self.random.between(1, 6);
        while patterns.len() > count {
            let at = self.random.below(patterns.len());
            patterns.remove(at);
        }
        let mut arms: Vec<String> = patterns.into_iter().map(|pattern| format!("{pattern}: {}", self.value(first, 0))).collect();
        arms.push(format!("otherwise: {}", self.value(ty, depth)));
        format!("(match ({subject}) {{ {} }})", arms.join(", "))
    }

    /// `some x in list satisfies …`, `every …`.
    pub fn quantified(&mut self, depth: usize) -> String {
        let word = if self.random.chance(50) { "some" } else { "every" };
        let (list, ty) = if self.random.chance(70) { (self.texts(depth), Type::Text) } else { (self.integers(depth), Type::Int) };
        let name = format!("e{}", self.place.bound.len());
        let mut place: Place = self.place.clone();
        place.bound.push((name.clone(), ty));
        let mut inner = Expressions { random: &mut *self.random, world: self.world, place: &place };
        let test = match ty {
            Type::Int => format!("{name} < ({})", inner.integer(depth)),
            _ if inner.random.chance(50) => format!("{name} == ({})", inner.maybe_text(depth)),
            _ => format!("{name} contains ({})", inner.text(depth)),
        };
        let test = if inner.random.chance(50) { format!("({test}) or ({})", inner.boolean(depth)) } else { test };
        format!("({word} {name} in ({list}) satisfies ({test}))")
    }

    /// A call of a declared function.
    pub fn invoke(&mut self, ty: Type, depth: usize) -> Option<String> {
        if !self.place.request {
            return None;
        }
        let fits = |function: &&super::world::Function| function.result == ty && (self.place.response || !function.response);
        let known: Vec<super::world::Function> = self.world.functions.iter().filter(fits).cloned().collect();
        if known.is_empty() {
            return None;
        }
        let function = self.random.pick(&known).clone();
        let args: Vec<String> = function
            .params
            .iter()
            .map(|param| match param {
                Type::MaybeText if self.random.chance(30) => self.text(depth),
                Type::MaybeInt if self.random.chance(30) => self.integer(depth),
                _ => self.value(*param, depth),
            })
            .collect();
        Some(format!("{}({})", function.name, args.join(", ")))
    }
}
