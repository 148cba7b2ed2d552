//! The built-in functions, by name. What they take and give: `lang/functions.rs`.

/// Declares the functions and their names.
macro_rules! functions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)+) => {
        /// Built-in functions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Function { $($(#[$doc])* $variant,)+ }

        impl Function {
            /// All of them, in order.
            pub const ALL: &'static [Function] = &[$(Function::$variant,)+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)+ }
            }

            /// Its name with parentheses.
            pub const fn call(self) -> &'static str {
                match self { $(Function::$variant => concat!($name, "()"),)+ }
            }
        }
    };
}

functions! {
    /// ASCII letters in lower case
    Lower = "lower";
    /// ASCII letters in upper case
    Upper = "upper";
    /// Without ASCII white space at both ends
    Trim = "trim";
    /// Code points of a string, bytes of bytes, elements of a list
    Len = "len";
    /// The code points from a place on, at most so many
    Substring = "substring";
    /// The pieces between separators; an empty separator is nowhere
    Split = "split";
    /// The elements with a separator between them
    Join = "join";
    /// Every occurrence, from the left; an empty one is nowhere
    Replace = "replace";
    /// Optional; decimal digits with an optional sign, nothing else, in range
    Int = "int";
    /// Optional; a JSON number, also with `+` and zeros before it
    Float = "float";
    /// Optional; a time of RFC 3339
    Time = "time";
    /// Whole seconds since 1970, rounded down
    Unix = "unix";
    /// Optional; an address and nothing else
    Ip = "ip";
    /// The network of an address
    Cidr = "cidr";
    /// Percent-decoded
    UrlDecode = "url_decode";
    /// Percent-encoded
    UrlEncode = "url_encode";
    /// Base64 with padding
    Base64Encode = "base64_encode";
    /// From it
    Base64Decode = "base64_decode";
    /// Base64 for URLs, without padding
    Base64UrlEncode = "base64url_encode";
    /// From it
    Base64UrlDecode = "base64url_decode";
    /// Hex digits in lower case
    HexEncode = "hex_encode";
    /// From hex digits of either case
    HexDecode = "hex_decode";
    /// Optional; bytes that are UTF-8
    Text = "text";
    /// SHA-256
    Sha256 = "sha256";
    /// SHA-512
    Sha512 = "sha512";
    /// SHA-1
    Sha1 = "sha1";
    /// MD5
    Md5 = "md5";
    /// HMAC with SHA-256: key, message
    HmacSha256 = "hmac_sha256";
    /// HMAC with SHA-512
    HmacSha512 = "hmac_sha512";
    /// HMAC with SHA-1
    HmacSha1 = "hmac_sha1";
    /// Equality in time that depends on the lengths only
    EqualConstantTime = "equal_constant_time";
    /// A stable, non-negative int
    Hash = "hash";
    /// The text that a JSON value is written as
    JsonText = "json_text";
}

impl Function {
    /// Whether it gives a code made with a key.
    pub const fn is_code(self) -> bool {
        matches!(self, Function::HmacSha256 | Function::HmacSha512 | Function::HmacSha1)
    }
}
