//! What is written twice, and scopes that hold nothing. In: files as written. Out: warnings.

use std::collections::BTreeMap;

use super::Subject;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::ast;

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut tests: BTreeMap<&str, Span> = BTreeMap::new();
    for item in subject.files.iter().flat_map(|(_, file)| &file.items) {
        match item {
            ast::Item::Rule(item) => rule(item, &mut found),
            ast::Item::Scope(item) => scope(item, &mut found),
            ast::Item::Test(test) => match tests.get(test.name.text.as_str()) {
                Some(first) => {
                    let message = format!("two tests are called `{}`", test.name.text);
                    found.push(warning(Code::Repeated, test.name.span, message, *first, "choose another name: reports tell tests by it"));
                }
                None => {
                    tests.insert(&test.name.text, test.name.span);
                }
            },
            ast::Item::Policy(_)
            | ast::Item::Import(_)
            | ast::Item::Config(_)
            | ast::Item::Let(_)
            | ast::Item::Function(_)
            | ast::Item::List(_)
            | ast::Item::Map(_)
            | ast::Item::Jwt(_)
            | ast::Item::Declaration(_)
            | ast::Item::Lookup(_) => {}
        }
    }
    found
}

fn warning(code: Code, span: Span, message: String, first: Span, help: &str) -> Diagnostic {
    Diagnostic::warning(code, span, message, "again here").also(first, "first here").help(help)
}

fn scope(item: &ast::Scope, found: &mut Vec<Diagnostic>) {
    let mut empty = true;
    for item in &item.items {
        match item {
            ast::ScopeItem::Attr(_) => continue,
            ast::ScopeItem::Authenticate(_) | ast::ScopeItem::Apply(_) => {}
            ast::ScopeItem::Rule(item) => rule(item, found),
            ast::ScopeItem::Scope(inner) => scope(inner, found),
        }
        empty = false;
    }
    if empty {
        let message = format!("the scope `{}` does nothing", item.template.text);
        let label = "no rule, no credential, no limit in it";
        found.push(Diagnostic::warning(Code::Ineffective, item.template.span, message, label).help("drop it, or write rules into it"));
    }
}

fn rule(item: &ast::Rule, found: &mut Vec<Diagnostic>) {
    let mut places: Vec<(&ast::On, &ast::Name)> = Vec::new();
    let mut seen: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    // The last edit that a later one of the same header makes void.
    let mut edits: BTreeMap<String, &ast::Edit> = BTreeMap::new();
    for item in &item.items {
        match item {
            ast::RuleItem::On(on) => {
                for template in &on.templates {
                    let earlier = seen.entry(&template.text).or_default();
                    let covers = earlier.iter().filter_map(|index| places.get(*index)).find(|(first, _)| covers(first, on));
                    if let Some((_, first)) = covers {
                        let message = format!("`{}` is named twice", template.text);
                        found.push(warning(Code::Repeated, template.span, message, first.span, "drop one of them"));
                    }
                    earlier.push(places.len());
                    places.push((on, template));
                }
            }
            ast::RuleItem::Edit(edit) => edited(edit, &mut edits, found),
            ast::RuleItem::When(_)
            | ast::RuleItem::Unless(_)
            | ast::RuleItem::Reply(_)
            | ast::RuleItem::Redaction(_)
            | ast::RuleItem::Arm(..)
            | ast::RuleItem::Otherwise(_)
            | ast::RuleItem::Attr(_) => {}
        }
    }
}

/// Whether all methods of the second are among those of the first.
fn covers(first: &ast::On, second: &ast::On) -> bool {
    let has = |method: &ast::Name| first.methods.iter().any(|known| known.text == method.text);
    first.methods.is_empty() || !second.methods.is_empty() && second.methods.iter().all(has)
}

fn edited<'t>(edit: &'t ast::Edit, edits: &mut BTreeMap<String, &'t ast::Edit>, found: &mut Vec<Diagnostic>) {
    let name = edit.header.text.to_ascii_lowercase();
    let replaces = match edit.kind {
        ast::EditKind::Set(_) => true,
        ast::EditKind::Remove => !name.ends_with('*'),
        ast::EditKind::Append(_) => false,
    };
    if let (true, Some(first)) = (replaces, edits.get(&name)) {
        let message = format!("an edit of `{}` that a later one undoes", first.header.text);
        let label = "replaced below";
        let found_here = Diagnostic::warning(Code::Ineffective, first.span, message, label).also(edit.span, "by this one");
        found.push(found_here.help("drop one of them, or write `append` for a second line"));
    }
    edits.insert(name, edit);
}
