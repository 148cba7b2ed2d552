//! `import`: a policy and the files that it imports, in one order. In: the first file and a way to read others. Out: trees.
//!
//! An import stands for what its file holds, in its place, the first time the file is imported; after that it stands for
//! nothing. So a policy is a sequence of parts: a file is cut where it imports another.

use std::collections::BTreeSet;

use super::independent::Missing;
use super::{paths, syntax};
use crate::base::source::ReadFile;
use crate::base::{Code, Diagnostic, Diagnostics, FileId, Sources, Span};
use crate::ir::ast;

/// How many files one policy may import, and how deep one may lead to another.
const MOST: usize = 1_000;
const DEEPEST: usize = 64;

/// A policy as its files say it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The whole files, the first first, as far as they could be read.
    pub files: Vec<(FileId, ast::File)>,
    /// Their items in the order in which they count. The first part is of the first file, and may be empty.
    pub parts: Vec<(FileId, ast::File)>,
    /// What could not be read.
    pub missing: Missing,
    /// What is wrong with syntax and imports.
    pub diagnostics: Diagnostics,
}

struct Loader<'s, 'r, 'f> {
    sources: &'s mut Sources,
    read: &'r mut ReadFile<'f>,
    loaded: Loaded,
    /// The files that are being read, from the first to the one at hand, each with the import in it that is followed.
    chain: Vec<(FileId, Span)>,
}

/// Reads `first` and everything that it imports.
pub fn load(sources: &mut Sources, first: FileId, read: &mut ReadFile<'_>) -> Loaded {
    let mut loader = Loader { sources, read, loaded: Loaded::default(), chain: Vec::new() };
    loader.file(first);
    loader.loaded
}

impl Loader<'_, '_, '_> {
    fn file(&mut self, id: FileId) {
        let syntax::Parsed { tree, gaps, diagnostics } = syntax::read(self.sources, id);
        match gaps {
            Some(gaps) => self.loaded.missing.file(&tree, &gaps, &diagnostics, self.sources),
            None if id == FileId::default() => self.loaded.missing.all = true,
            None => self.loaded.missing.any_name = true,
        }
        self.loaded.diagnostics.extend(diagnostics);
        self.loaded.files.push((id, tree.clone()));
        let mut part = ast::File::default();
        let mut imported = BTreeSet::new();
        for item in tree.items {
            let import = if let ast::Item::Import(import) = &item { Some(import.clone()) } else { None };
            part.items.push(item);
            let Some(import) = import else { continue };
            self.loaded.parts.push((id, std::mem::take(&mut part)));
            if let Some(found) = self.import(id, &import)
                && !imported.insert(found)
            {
                self.loaded.diagnostics.push(
                    Diagnostic::warning(Code::Repeated, import.span, "a file that is imported twice", "imported before")
                        .help("drop one of them"),
                );
            }
        }
        self.loaded.parts.push((id, part));
    }

    /// Follows an import; the file, if it could be read.
    fn import(&mut self, from: FileId, import: &ast::Import) -> Option<FileId> {
        let written = &import.file;
        let base = self.sources.get(from).map_or("", |source| source.path.as_str());
        let path = match paths::resolve(base, &written.text) {
            Ok(path) => path,
            Err((reason, help)) => {
                self.error(Code::OutsidePath, written.span, format!("`{}` {reason}", written.text), "cannot be imported", help);
                return None;
            }
        };
        if let Some(known) = self.sources.find(&path) {
            let open = self.chain.iter().map(|(file, _)| *file).chain([from]).position(|file| file == known);
            if let Some(start) = open {
                self.cycle(start, import);
                return None;
            }
            return Some(known);
        }
        if self.loaded.files.len() > MOST || self.chain.len() >= DEEPEST {
            let message = format!("more than {MOST} imports, or imports deeper than {DEEPEST}");
            self.error(Code::BadFile, written.span, message, "one too many", "bring files together");
            return None;
        }
        match (self.read)(&path) {
            Ok(text) => {
                let id = self.sources.add_beside(path, text);
                self.chain.push((from, import.span));
                self.file(id);
                self.chain.pop();
                Some(id)
            }
            Err(reason) => {
                let message = format!("the file `{path}` cannot be read: {reason}");
                self.error(Code::BadFile, written.span, message, "imported here", "create the file or correct its name");
                None
            }
        }
    }

    /// Reports an import that leads back to the file at `start` of the chain, with the whole way.
    fn cycle(&mut self, start: usize, import: &ast::Import) {
        let way: Vec<(FileId, Span)> = self.chain.iter().skip(start).copied().chain([(import.span.file, import.span)]).collect();
        let name = |file: &FileId| self.sources.get(*file).map_or("", |source| source.path.as_str());
        let mut names: Vec<String> = way.iter().map(|(file, _)| format!("`{}`", name(file))).collect();
        names.extend(names.first().cloned());
        let message = if way.len() == 1 {
            "a file that imports itself".to_owned()
        } else {
            format!("files that import each other: {}", names.join(" → "))
        };
        let mut found = Diagnostic::error(Code::Cycle, import.span, message, "leads back to where it began");
        for (_, span) in way.iter().take(way.len() - 1) {
            found = found.also(*span, "by way of this import");
        }
        self.loaded.diagnostics.push(found.help("move what both need into a file that both import"));
    }

    /// Reports an import that brings nothing: whatever is not known may be in it.
    fn error(&mut self, code: Code, span: Span, message: String, label: &str, help: &str) {
        self.loaded.missing.any_name = true;
        self.loaded.diagnostics.push(Diagnostic::error(code, span, message, label).help(help));
    }
}
