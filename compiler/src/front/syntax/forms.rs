//! How every entry is written, for mistakes that have no sentence of their own. In: the place where the parser stands. Out: the
//! form of the entry that it stands in.

use super::error::Place;
use super::layout::{Entry, ends_entry};
use super::token::Token;
use crate::lang::keywords::Keyword as K;

/// What items, clauses, steps and parts look like, by the word that they begin with.
const FORMS: [(K, &str); 43] = [
    (K::Policy, "policy my_api { default = deny 403 }"),
    (K::Import, "import \"shared.policy\""),
    (K::Config, "config { quota: int = 60 }"),
    (K::Let, "let name = \"value\""),
    (K::Fn, "fn name(text: string) = …"),
    (K::List, "list name: string = [\"a\", \"b\"]"),
    (K::Map, "map name: string -> string = { \"a\": \"b\" }"),
    (K::Jwt, "jwt name { … }"),
    (K::Claims, "claims { sub: string }"),
    (K::ApiKey, "api_key name { … }"),
    (K::Basic, "basic name { … }"),
    (K::Hmac, "hmac name { … }"),
    (K::Token, "token name { … }"),
    (K::Mtls, "mtls name { … }"),
    (K::Service, "service name { … }"),
    (K::Detector, "detector name { … }"),
    (K::Limit, "limit name { … }"),
    (K::Lookup, "lookup name(key: string) -> string { … }"),
    (K::Scope, "scope \"/path/**\" { … }"),
    (K::Authenticate, "authenticate NAME"),
    (K::Apply, "apply LIMIT"),
    (K::Permit, "permit \"name\" { … }"),
    (K::Forbid, "forbid \"name\" { … }"),
    (K::Rewrite, "rewrite request \"name\" { … }` or `rewrite response \"name\" { … }"),
    (K::Redact, "redact response \"name\" { … }"),
    (K::Route, "route \"name\" { when … -> cluster \"a\"  otherwise -> keep }"),
    (K::On, "on GET \"/path\""),
    (K::When, "when request.method == \"GET\""),
    (K::Unless, "unless request.method == \"GET\""),
    (K::Reply, "reply 403 \"text\"` or `reply 403 json { … }"),
    (K::Set, "set \"x-name\" = …"),
    (K::Append, "append \"x-name\" = …"),
    (K::Remove, "remove \"x-name\""),
    (K::Any, "any builtin.card -> mask(keep_last = 4)"),
    (K::Otherwise, "otherwise -> cluster \"a\"` or `otherwise -> keep"),
    (K::Test, "test \"what it shows\" { … }"),
    (K::At, "at \"2026-01-05T10:00:00Z\""),
    (K::Wait, "wait 5m"),
    (K::Repeat, "repeat 5 as i { … }"),
    (K::Request, "request GET \"/path\" { … }"),
    (K::Expect, "expect allow` or `expect deny 403"),
    (K::From, "from \"192.0.2.1\""),
    (K::Upstream, "upstream 200 { … }"),
];

/// What redacts, and what is given in a test, by the same words.
const REDACTIONS: [(K, &str); 4] = [
    (K::Json, "json \"$.name\" -> remove"),
    (K::Header, "header \"x-name\" -> remove"),
    (K::Query, "query \"name\" -> remove"),
    (K::Form, "form \"name\" -> remove"),
];
const GIVEN: [(K, &str); 7] = [
    (K::Json, "json { name: \"value\" }"),
    (K::Text, "text \"…\""),
    (K::Form, "form { name: \"value\" }"),
    (K::Header, "header \"x-name\" = \"value\""),
    (K::Split, "split every 1"),
    (K::Token, "token NAME { sub: \"a\" }"),
    (K::Config, "config { name: \"value\" }"),
];

const ARMS: [(K, &str); 2] = [(K::When, "when … -> cluster \"a\""), (K::On, "on GET \"/path\"  otherwise -> cluster \"a\"")];

/// What may stand in an entry, by the word that stands before the place.
const PARTS: [(K, &str); 9] = [
    (K::Body, "body json { … }` or `body contains \"…\""),
    (K::Split, "split by client.ip { \"a\": 5%, \"b\": 95% }"),
    (K::Cluster, "-> cluster \"name\""),
    (K::Deny, "deny 403"),
    (K::Block, "block 5m with 429"),
    (K::Location, "302 location \"https://…\""),
    (K::Fetch, "fetch { service = NAME, path = \"/keys\" }"),
    (K::Count, "count \"rule\" == 1"),
    (K::By, "by \"rule\""),
];

/// The fix that shows how the entry is written, or what to do with what follows a whole one.
pub(super) fn help(place: &Place<'_>) -> Option<String> {
    let expected = &place.expected;
    let surplus = if place.at.is_none() || super::error::incomplete(place).is_some() {
        None
    } else if expected.has("then") || expected.has("else") {
        Some(format!("write `{}` before it", if expected.has("then") { "then" } else { "else" }))
    } else if expected.operator() {
        Some("remove it, or write an operator such as `==`, `and` or `+` before it".to_owned())
    } else if expected.item() {
        Some("remove it, or begin an item with its keyword, such as `permit`".to_owned())
    } else if place.entry().is_some_and(|entry| place.around(&entry).contains(&K::Test)) && expected.boundary() {
        Some("remove it, or begin a step with its keyword, such as `request` or `expect`".to_owned())
    } else if expected.boundary() {
        Some("remove it, or begin a clause or an attribute with its name".to_owned())
    } else {
        None
    };
    let ty = expected.has("IDENTIFIER") && expected.has("enum") && !expected.any_name();
    let small = place.found().filter(|(_, token)| **token == Token::Constant).map(|(at, _)| place.word(at).to_lowercase());
    let ty = ty.then(|| match small {
        Some(name) => format!("write `{name}`: types are written small"),
        None => "write a type, such as `string`, `int` or `list<string>`".to_owned(),
    });
    surplus.or(ty).or_else(|| form(place)).or_else(|| Some(format!("write {}", expected.words())))
}

/// The entry as it is written.
pub(super) fn form(place: &Place<'_>) -> Option<String> {
    let entry = place.entry()?;
    let form = part(place, &entry).or_else(|| whole(place, &entry))?;
    Some(format!("write `{form}`"))
}

impl Place<'_> {
    /// The entry that the parser is in: that of the token before, from its own keyword on where several share a line.
    pub(super) fn entry(&self) -> Option<Entry> {
        let last = self.before.or(self.at)?;
        let mut entry = self.layout.entries.get(*self.layout.entry_of.get(last)?)?.clone();
        let level = self.layout.bracket_of.get(entry.start);
        let begins = |index: &usize| {
            let before = index.checked_sub(1).and_then(|before| self.token(before));
            let follows = before.is_some_and(|before| !ends_entry(before) || matches!(before, Token::Keyword(_)));
            let known = |table: &[(K, &str)], keyword: K| table.iter().any(|(known, _)| *known == keyword);
            let clause = self.keyword(*index).is_some_and(|keyword| known(&FORMS, keyword) || known(&GIVEN, keyword));
            clause && !follows && self.layout.bracket_of.get(*index) == level
        };
        entry.start = (entry.start + 1..=last).rev().find(begins).unwrap_or(entry.start);
        Some(entry)
    }

    /// The keyword that an entry begins with.
    pub(super) fn keyword(&self, index: usize) -> Option<K> {
        if let Token::Keyword(keyword) = self.token(index)? { Some(*keyword) } else { None }
    }

    /// The keywords that the blocks around an entry begin with, the innermost first.
    pub(super) fn around(&self, entry: &Entry) -> Vec<K> {
        let mut found = Vec::new();
        let mut parent = entry.parent.and_then(|parent| self.layout.entries.get(parent));
        while let Some(entry) = parent {
            found.extend(self.keyword(entry.start));
            parent = entry.parent.and_then(|parent| self.layout.entries.get(parent));
        }
        found
    }
}

fn of(table: &'static [(K, &'static str)], keyword: K) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == keyword).map(|(_, form)| *form)
}

fn part(place: &Place<'_>, entry: &Entry) -> Option<&'static str> {
    let before = place.before?;
    [before, before.saturating_sub(1)].into_iter().filter(|index| *index >= entry.start).find_map(|index| of(&PARTS, place.keyword(index)?))
}

fn whole(place: &Place<'_>, entry: &Entry) -> Option<&'static str> {
    let keyword = place.keyword(entry.start)?;
    let around = place.around(entry);
    if around.contains(&K::Test)
        && let Some(form) = of(&GIVEN, keyword)
    {
        return Some(form);
    }
    match around.first() {
        Some(K::Route) => of(&ARMS, keyword).or_else(|| of(&FORMS, keyword)),
        Some(K::Redact) => of(&REDACTIONS, keyword).or_else(|| of(&FORMS, keyword)),
        Some(_) | None => of(&FORMS, keyword),
    }
}
