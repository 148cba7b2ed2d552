//! `forward = true` that another credential undoes: what is demanded anywhere and not forwarded is taken out of every request, and two
//! may stand in one place. In: credentials and scopes. Out: a warning at the one that would be forwarded.

use super::Subject;
use crate::base::{Code, Diagnostic};
use crate::ir::hir::{Credential, CredentialSource};

pub(super) fn lint(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policy = subject.policy;
    let mut found = Vec::new();
    for kept in policy.credentials.iter().filter(|credential| credential.forward()) {
        let taken = policy.credentials.iter().enumerate().find(|(number, credential)| {
            !credential.forward() && policy.is_demanded(*number) && credential.from().iter().any(|place| kept.from().contains(place))
        });
        let Some((_, taken)) = taken else { continue };
        let (name, place) = (&taken.name().text, shared(taken, kept));
        let kept = kept.name();
        let message = format!("`{}` is not forwarded: `{name}` is taken out of the same place, {place}", kept.text);
        let help = format!("write `forward = true` in `{name}`, too, or read one of them elsewhere");
        found.push(
            Diagnostic::warning(Code::Ineffective, kept.span, message, "`forward = true` has no effect")
                .also(taken.name().span, "removed before the upstream")
                .help(help),
        );
    }
    found
}

fn shared(taken: &Credential, kept: &Credential) -> String {
    match taken.from().iter().find(|place| kept.from().contains(place)) {
        Some(CredentialSource::Bearer | CredentialSource::Basic) | None => "`authorization`".to_owned(),
        Some(CredentialSource::Header(name)) => format!("the header `{name}`"),
        Some(CredentialSource::Query(key)) => format!("the query key `{key}`"),
        Some(CredentialSource::Cookie(name)) => format!("the cookie `{name}`"),
    }
}
