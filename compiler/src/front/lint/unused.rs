//! Declarations that nothing uses. In: files as written. Out: a warning for each, in the policy's own file: what an imported
//! file declares is for others, too. Limits are not among them: the checker itself knows where they are applied.

use super::{Subject, names};
use crate::base::{Code, Diagnostic};
use crate::ir::ast;

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let used = names::Used::of(subject.files);
    let mut found = Vec::new();
    let own = subject.files.first().map(|(id, _)| *id);
    for item in subject.files.iter().filter(|(id, _)| Some(*id) == own).flat_map(|(_, file)| &file.items) {
        match item {
            ast::Item::Config(config) => {
                for field in config.fields.iter().filter(|field| !used.config.contains(field.name.text.as_str())) {
                    let message = format!("nothing reads `config.{}`", field.name.text);
                    found.push(warning(&field.name, message, "drop it, or read it: a configuration with unknown keys is refused"));
                }
            }
            ast::Item::Let(item) => name(&used, &item.name, "let", "drop it", &mut found),
            ast::Item::Function(item) => name(&used, &item.name, "fn", "drop it", &mut found),
            ast::Item::List(item) => name(&used, &item.name, "list", "drop it", &mut found),
            ast::Item::Map(item) => name(&used, &item.name, "map", "drop it", &mut found),
            ast::Item::Jwt(item) => name(&used, &item.name, "jwt", &authenticate(&item.name), &mut found),
            ast::Item::Lookup(item) => name(&used, &item.name, "lookup", "drop it", &mut found),
            ast::Item::Declaration(item) => match item.kind {
                ast::DeclarationKind::Limit => {}
                ast::DeclarationKind::ApiKey
                | ast::DeclarationKind::Basic
                | ast::DeclarationKind::Hmac
                | ast::DeclarationKind::Token
                | ast::DeclarationKind::Mtls => name(&used, &item.name, item.kind.keyword(), &authenticate(&item.name), &mut found),
                ast::DeclarationKind::Service => name(&used, &item.name, "service", "drop it", &mut found),
                ast::DeclarationKind::Detector => {
                    let help = format!("write `any {} -> mask()` in a `redact`, or drop it", item.name.text);
                    name(&used, &item.name, "detector", &help, &mut found);
                }
            },
            ast::Item::Policy(_) | ast::Item::Import(_) | ast::Item::Scope(_) | ast::Item::Rule(_) | ast::Item::Test(_) => {}
        }
    }
    found
}

fn authenticate(name: &ast::Name) -> String {
    format!("write `authenticate {}` in a `scope`, or drop it", name.text)
}

fn name(used: &names::Used<'_>, name: &ast::Name, keyword: &str, help: &str, found: &mut Vec<Diagnostic>) {
    if !used.names.contains(name.text.as_str()) {
        found.push(warning(name, format!("nothing uses the {keyword} `{}`", name.text), help));
    }
}

fn warning(name: &ast::Name, message: String, help: &str) -> Diagnostic {
    Diagnostic::warning(Code::Unused, name.span, message, "declared and not used").help(help)
}
