//! The codes of all diagnostics. Never reused, never renumbered.
//! `P01xx` syntax, `P02xx` names, `P03xx` types, `P04xx` rules and declarations, `P05xx` files and values,
//! `P06xx` limits of the host, `P08xx` warnings, `P09xx` not supported yet and internal errors.

/// Declares the codes: variant, text, one-line meaning.
macro_rules! codes {
    ($($name:ident $text:literal $meaning:literal,)+) => {
        /// A diagnostic's stable identity.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $name,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The code as shown, such as `P0101`.
            pub fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// One line that says what the code stands for.
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => $meaning,)+ }
            }
        }
    };
}

codes! {
    BadCharacter "P0101" "a character that no token begins with",
    UnexpectedToken "P0102" "a token where the grammar expects another",
    UnexpectedEnd "P0103" "the file ends inside a construct",
    BadLiteral "P0104" "a literal that is malformed or out of range",
    TooDeep "P0105" "a nesting that is deeper than the compiler follows",
    UnknownName "P0201" "a name that nothing declares",
    DuplicateName "P0202" "a name that is declared twice",
    UnknownAttribute "P0203" "an attribute that the block does not have",
    DuplicateAttribute "P0204" "an attribute that appears twice in its block",
    MissingAttribute "P0205" "a block without an attribute that it must have",
    MissingPolicy "P0206" "a file without, or with several, `policy` blocks",
    Cycle "P0207" "a declaration that needs itself",
    TypeMismatch "P0301" "a value of one type where another is expected",
    MayBeAbsent "P0302" "a value that may be absent where one must be present",
    NotComparable "P0303" "operands that cannot be compared with this operator",
    SecretLeak "P0304" "a secret used for anything but comparison or as a key",
    BadArguments "P0305" "a function called with wrong arguments",
    BadTemplate "P0401" "a path template that is malformed",
    TemplateOutsideScope "P0402" "a template that does not lie within its scope's",
    BadCapture "P0403" "a capture that is not in every `on` of the rule",
    BadHeaderName "P0404" "a header name that is malformed or cannot be edited",
    BadStatus "P0405" "a status that no reply may have",
    BadHost "P0406" "a host pattern that is malformed",
    BadSplit "P0407" "a split whose weights do not sum to 100%",
    RouteTie "P0408" "two routes of equal rank that one request can reach",
    BadLimit "P0409" "a limit whose settings contradict each other",
    BadCredential "P0410" "a credential whose settings are malformed",
    TooEarly "P0411" "a value that is read before it is known",
    BadTest "P0412" "a test that cannot be run as written",
    BadRegex "P0501" "a regex that is malformed or outside the dialect",
    RegexTooLarge "P0502" "a regex whose automaton would be too large",
    BadAddress "P0503" "a string that is no IP address or CIDR",
    BadFile "P0504" "a file that cannot be read or has the wrong content",
    HostLimit "P0601" "a module over a limit of the host",
    Ineffective "P0801" "a rule or setting that has no effect",
    Unsupported "P0901" "a construct of the language that this version does not compile",
    Internal "P0999" "a defect of the compiler",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
