//! Objects and arrays of JSON that the policy writes where no object or array can do: compared (they are equal to nothing), taken for
//! a text or a number, looked into for elements that they do not have. In: the typed tree. Out: an error where that is so in every
//! case, a warning where only one call of a `fn` comes to it. What may also be something else is left alone.

mod find;
mod shape;

use std::collections::BTreeSet;

use self::find::{Found, Use};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{ast, hir};

/// All findings, each place told once.
pub(super) fn check(policy: &hir::Policy, quote: &dyn Fn(Span) -> Option<String>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let found = find::all(policy);
    found.into_iter().filter(|found| told.insert(found.place())).map(|found| report(policy, &found, quote)).collect()
}

fn report(policy: &hir::Policy, found: &Found, quote: &dyn Fn(Span) -> Option<String>) -> Diagnostic {
    let always = format!("always {}", found.shape.article());
    let help = help(found, quote);
    let Some((id, call)) = found.call else {
        return Diagnostic::error(Code::NotComparable, found.span, message(found), always).help(help);
    };
    let name = policy.fns.get(id.index()).map_or("", |item| item.name.text.as_str());
    let message = format!("in this call of `{name}`, {}", message(found));
    Diagnostic::warning(Code::Ineffective, call, message, "hands over what cannot be compared so")
        .also(found.span, format!("then {always}"))
        .help("hand over the member that is meant, or what the request says")
}

fn message(found: &Found) -> String {
    let what = found.shape.article();
    match &found.usage {
        Use::Compared => format!("{what} is compared, and is equal to nothing"),
        Use::Elements => format!("each element is {what}, and equal to nothing"),
        Use::Null => format!("{what} is never `null`"),
        Use::LookedInto => format!("{what} has no elements that could be found"),
        Use::Converted(ty) => format!("{what} is no `{ty}`"),
        Use::ConvertedElements(ty) => format!("{what} among the elements, so this is no `{ty}`"),
    }
}

fn help(found: &Found, quote: &dyn Fn(Span) -> Option<String>) -> String {
    let member = found.shape.member();
    match (&found.usage, member, quote(found.span)) {
        (Use::LookedInto, _, Some(object)) => {
            format!("name its keys in a `map` or a list, or test `{object}[…] is present` with what is looked for")
        }
        (Use::LookedInto, _, None) => "name its keys in a `map` or a list".to_owned(),
        (Use::Elements | Use::ConvertedElements(_), Some(member), Some(list)) => {
            format!("look at their members, as in `some element in {list} satisfies element{} == \"a\"`", step(member))
        }
        (Use::Compared | Use::Null | Use::Converted(_), Some(member), Some(object)) if !object.starts_with('{') => {
            format!("look at its members, as in `{object}{}`", step(member))
        }
        _ if found.shape.items().is_some() => "look at its elements, as in `\"a\" in list` or `list[0]`".to_owned(),
        _ => "compare members, as in `request.body.json.name == \"a\"`".to_owned(),
    }
}

/// How a member is read.
fn step(name: &str) -> String {
    let name = ast::object_name(name);
    if name.starts_with('"') { format!("[{name}]") } else { format!(".{name}") }
}
