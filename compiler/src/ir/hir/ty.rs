//! Types of expressions.

/// A type of `language.md`, section Types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ty {
    /// `bool`
    Bool,
    /// `int`, 64 bits, saturating
    Int,
    /// `float`
    Float,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `ip`
    Ip,
    /// `cidr`
    Cidr,
    /// `duration`, nanoseconds
    Duration,
    /// `time`, nanoseconds since the epoch
    Time,
    /// `rate`
    Rate,
    /// `secret`
    Secret,
    /// `json`
    Json,
    /// `enum(a, b)`: a string that is one of these
    Enum(Vec<String>),
    /// A regular expression: only on the right of `matches`.
    Regex,
    /// `list<T>`
    List(Box<Ty>),
    /// `map<string, T>`
    Map(Box<Ty>),
    /// `T?`; never nested.
    Optional(Box<Ty>),
    /// The type of an expression that was already reported: fits everywhere, so that nothing follows from it.
    Error,
}

impl Ty {
    /// The type without its `?`.
    pub fn present(&self) -> &Ty {
        match self {
            Ty::Optional(inner) => inner,
            Ty::Bool
            | Ty::Int
            | Ty::Float
            | Ty::String
            | Ty::Bytes
            | Ty::Ip
            | Ty::Cidr
            | Ty::Duration
            | Ty::Time
            | Ty::Rate
            | Ty::Secret
            | Ty::Json
            | Ty::Enum(_)
            | Ty::Regex
            | Ty::List(_)
            | Ty::Map(_)
            | Ty::Error => self,
        }
    }

    /// Whether a value may be absent.
    pub fn is_optional(&self) -> bool {
        matches!(self, Ty::Optional(_))
    }

    /// The type with strings for enums: what an enum is where none is expected.
    #[must_use]
    pub fn without_enums(&self) -> Ty {
        match self {
            Ty::Enum(_) => Ty::String,
            Ty::List(item) => Ty::List(Box::new(item.without_enums())),
            Ty::Map(item) => Ty::Map(Box::new(item.without_enums())),
            Ty::Optional(inner) => Ty::Optional(Box::new(inner.without_enums())),
            Ty::Bool
            | Ty::Int
            | Ty::Float
            | Ty::String
            | Ty::Bytes
            | Ty::Ip
            | Ty::Cidr
            | Ty::Duration
            | Ty::Time
            | Ty::Rate
            | Ty::Secret
            | Ty::Json
            | Ty::Regex
            | Ty::Error => self.clone(),
        }
    }

    /// `T?` of this type.
    #[must_use]
    pub fn optional(self) -> Ty {
        match self {
            Ty::Optional(_) | Ty::Error => self,
            Ty::Bool
            | Ty::Int
            | Ty::Float
            | Ty::String
            | Ty::Bytes
            | Ty::Ip
            | Ty::Cidr
            | Ty::Duration
            | Ty::Time
            | Ty::Rate
            | Ty::Secret
            | Ty::Json
            | Ty::Enum(_)
            | Ty::Regex
            | Ty::List(_)
            | Ty::Map(_) => Ty::Optional(Box::new(self)),
        }
    }
}

impl std::fmt::Display for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ty::Bool => f.write_str("bool"),
            Ty::Int => f.write_str("int"),
            Ty::Float => f.write_str("float"),
            Ty::String => f.write_str("string"),
            Ty::Bytes => f.write_str("bytes"),
            Ty::Ip => f.write_str("ip"),
            Ty::Cidr => f.write_str("cidr"),
            Ty::Duration => f.write_str("duration"),
            Ty::Time => f.write_str("time"),
            Ty::Rate => f.write_str("rate"),
            Ty::Secret => f.write_str("secret"),
            Ty::Json => f.write_str("json"),
            Ty::Enum(values) => write!(f, "enum({})", values.iter().map(|value| enum_value(value)).collect::<Vec<_>>().join(", ")),
            Ty::Regex => f.write_str("regex"),
            Ty::List(item) => write!(f, "list<{item}>"),
            Ty::Map(value) => write!(f, "map<string, {value}>"),
            Ty::Optional(inner) => write!(f, "{inner}?"),
            Ty::Error => f.write_str("unknown"),
        }
    }
}

/// A value of an enum as it is written in a type: a name, or a string where it is none.
fn enum_value(value: &str) -> String {
    let mut letters = value.chars();
    let begins = letters.next().is_some_and(|first| first == '_' || first.is_ascii_lowercase());
    let name = begins && letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric());
    if name { value.to_owned() } else { format!("{value:?}") }
}
