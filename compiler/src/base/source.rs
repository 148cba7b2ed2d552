//! Source texts and places in them. In: file names and texts. Out: ids and byte spans.

/// Characters that turn the direction of text around on a screen: embeddings, overrides, isolates. No report shows them.
pub const TURNING: [char; 9] = ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];

/// Index of a file in [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open byte range of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file that the range lies in.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of bytes `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that covers both; `self`'s file counts.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One file as read: a policy, or data that one names.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name that diagnostics show, as the user wrote it.
    pub name: String,
    /// Where it lies, with `/`, relative to the folder of the policy that is compiled.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Reads a file that a policy names, by its path relative to the folder of the policy that is compiled: no `..` in it, never
/// absolute. The error is a sentence for the user.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<String, String> + 'a;

/// All files of one compilation, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds the policy that is compiled and returns its id: the others lie in its folder or below.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let name = name.into();
        let path = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        self.push(Source { name, path, text: text.into() })
    }

    /// Adds a file that a policy names, by its path; its name is shown as the first file's is.
    pub fn add_beside(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let path = path.into();
        let first = self.files.first().map_or("", |first| first.name.strip_suffix(&first.path).unwrap_or_default());
        self.push(Source { name: format!("{first}{path}"), path, text: text.into() })
    }

    fn push(&mut self, source: Source) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(source);
        id
    }

    /// The file with this path, if it was added.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.files.iter().position(|source| source.path == path).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// All files in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The file with this id, if there is one.
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// The text that a span covers; empty where the span is not in the file.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).and_then(|source| source.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// Line and column of a span's start, both counted from 1; columns count characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let Some(source) = self.get(span.file) else { return (1, 1) };
        let before = source.text.get(..span.start as usize).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}
