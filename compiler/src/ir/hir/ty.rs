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
            Ty::Regex => f.write_str("regex"),
            Ty::List(item) => write!(f, "list<{item}>"),
            Ty::Map(value) => write!(f, "map<string, {value}>"),
            Ty::Optional(inner) => write!(f, "{inner}?"),
            Ty::Error => f.write_str("unknown"),
        }
    }
}
