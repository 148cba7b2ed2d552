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

            /// The page that explains it, in Markdown; a code without a page does not compile.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("explain/", $text, ".md")),)+ }
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
    Unclosed "P0106" "a block or bracket that is not opened or not closed",
    UnclosedText "P0107" "a string, regex or interpolation that is not closed",
    ForeignOperator "P0108" "an operator of another language",
    MixedLogic "P0109" "`or` and `and` mixed without parentheses",
    WrongAssign "P0110" "`=`, `==` and `:` in each other's place",
    ReservedWord "P0111" "a word of the language where a name is expected",
    ForeignComment "P0112" "a comment of another language",
    BadComma "P0113" "a comma that is missing or one too many",
    WrongQuotes "P0114" "quotes that are missing, of another kind, or around a name",
    UnknownClause "P0115" "a word that begins nothing in its block",
    ChainedComparison "P0116" "a comparison of a comparison",
    NeedsParentheses "P0117" "an operand that needs parentheses",
    FixedText "P0118" "an interpolation where the text must be fixed",
    Incomplete "P0119" "a construct that ends before it is complete",
    BadEscape "P0120" "a malformed escape in a string",
    MethodCase "P0121" "a method that is not written in capitals",
    MissingOtherwise "P0122" "a choice that does not say what happens otherwise",
    ForeignWord "P0123" "a construct of another language",
    UnknownName "P0201" "a name that nothing declares",
    DuplicateName "P0202" "a name that is declared twice",
    UnknownAttribute "P0203" "an attribute that the block does not have",
    DuplicateAttribute "P0204" "an attribute that appears twice in its block",
    MissingAttribute "P0205" "a block without an attribute that it must have",
    MissingPolicy "P0206" "a file without, or with several, `policy` blocks",
    Cycle "P0207" "a declaration or a file that needs itself",
    UnknownFunction "P0208" "a call of what is no function",
    UnknownMember "P0209" "a member that a value does not have",
    WrongKind "P0210" "a declaration used as what it is not",
    UnknownType "P0211" "a type that the language does not have",
    BadName "P0212" "a name that nothing may bear",
    DuplicateKey "P0213" "a key or field that appears twice",
    UnknownOption "P0214" "a word that an attribute or action does not know",
    TypeMismatch "P0301" "a value of one type where another is expected",
    MayBeAbsent "P0302" "a value that may be absent where one must be present",
    NotComparable "P0303" "operands that cannot be compared with this operator",
    SecretLeak "P0304" "a secret used for anything but comparison or as a key",
    BadArguments "P0305" "a function called with wrong arguments",
    NotValue "P0306" "something that is no value by itself",
    NotConstant "P0307" "an expression where a constant is expected",
    NotText "P0308" "a value that cannot be written as text or JSON",
    NullComparison "P0309" "a comparison with `null` that can never hold",
    MixedList "P0310" "a list whose elements do not go together",
    WrongForm "P0311" "an attribute whose value has another form",
    DefaultMismatch "P0312" "a default of another type than the value",
    NotCondition "P0313" "a condition that is no `bool`",
    BadMatch "P0314" "a `match` with a value that no arm or several arms take",
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
    NotAuthenticated "P0413" "a credential that is read where it is not verified",
    BodyForbidden "P0414" "a body with a status that has none",
    MissingAbsent "P0415" "a limit that does not say what happens without its key",
    Misplaced "P0416" "a clause in a rule that does not have it",
    BadDigest "P0417" "a known key that is no digest",
    BadRegex "P0501" "a regex that is malformed or outside the dialect",
    RegexTooLarge "P0502" "a regex whose automaton would be too large",
    BadAddress "P0503" "a string that is no IP address or CIDR",
    BadFile "P0504" "a file that cannot be read or has the wrong content",
    NoRegex "P0505" "`matches` with something that is no regex literal",
    BadContentType "P0506" "a content type that is malformed",
    OutsidePath "P0507" "a file that does not lie in the policy's folder",
    HostLimit "P0601" "a module over a limit of the host",
    Ineffective "P0801" "a rule or setting that has no effect",
    NeverTrue "P0802" "a condition that can never hold",
    AlwaysTrue "P0803" "a condition that always holds",
    DuplicateCondition "P0804" "a condition that is written twice",
    Unused "P0805" "a declaration that nothing uses",
    Spoofable "P0806" "a condition on what any client can write",
    UnusualMethod "P0807" "a method that looks like a slip",
    Shadowed "P0808" "a rule that an earlier one covers",
    Repeated "P0809" "an element that is named twice",
    Unreached "P0810" "a scope or rule that no request reaches",
    PermitWithoutEffect "P0811" "a permit where everything is allowed",
    Evadable "P0812" "a rule that one element of a body gets round",
    Unsupported "P0901" "a construct of the language that this version does not compile",
    Internal "P0999" "a defect of the compiler",
}

impl Code {
    /// The code with this text, in any case.
    pub fn from_text(text: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.text().eq_ignore_ascii_case(text))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
