//! The words with a meaning in the grammar. In: a word. Out: the keyword that it is, reserved or not.
//! A reserved word can never be a name; every other keyword is one only where the grammar expects it.

/// Declares the keywords: variant and text, the reserved ones first.
macro_rules! keywords {
    (reserved { $($reserved:ident $reserved_text:literal)+ } contextual { $($name:ident $text:literal)+ }) => {
        /// A word that the grammar knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Keyword {
            $(#[doc = concat!("`", $reserved_text, "`, reserved")] $reserved,)+
            $(#[doc = concat!("`", $text, "`")] $name,)+
        }

        impl Keyword {
            /// The words that can never be names.
            pub const RESERVED: &'static [Keyword] = &[$(Keyword::$reserved,)+];
            /// The words that are names wherever the grammar does not expect them.
            pub const CONTEXTUAL: &'static [Keyword] = &[$(Keyword::$name,)+];

            /// The keyword that `word` is, if it is one.
            pub fn from_text(word: &str) -> Option<Keyword> {
                match word {
                    $($reserved_text => Some(Keyword::$reserved),)+
                    $($text => Some(Keyword::$name),)+
                    _ => None,
                }
            }

            /// As written.
            pub fn text(self) -> &'static str {
                match self {
                    $(Keyword::$reserved => $reserved_text,)+
                    $(Keyword::$name => $text,)+
                }
            }

            /// Whether the word can never be a name.
            pub fn is_reserved(self) -> bool {
                match self {
                    $(Keyword::$reserved => true,)+
                    $(Keyword::$name => false,)+
                }
            }
        }
    };
}

keywords! {
    reserved {
        And "and" Or "or" Not "not" In "in" Is "is" Contains "contains" StartsWith "starts_with" EndsWith "ends_with"
        Matches "matches" If "if" Then "then" Else "else" Match "match" Some "some" Every "every" Satisfies "satisfies"
        True "true" False "false" Null "null" When "when" Unless "unless" Otherwise "otherwise" Per "per"
        Distinct "distinct"
    }
    contextual {
        Policy "policy" Import "import" Config "config" Let "let" Fn "fn" List "list" Map "map" Enum "enum"
        Jwt "jwt" Claims "claims" ApiKey "api_key" Basic "basic" Hmac "hmac" Token "token" Mtls "mtls"
        Service "service" Detector "detector" Limit "limit" Lookup "lookup"
        Scope "scope" Authenticate "authenticate" Optional "optional" Apply "apply"
        Permit "permit" Forbid "forbid" Rewrite "rewrite" Redact "redact" Route "route"
        Request "request" Response "response" On "on" Reply "reply"
        Set "set" Append "append" Remove "remove"
        Any "any" Json "json" Header "header" Query "query" Form "form" Block "block" Deny "deny" With "with"
        Location "location" For "for" Fetch "fetch"
        Cluster "cluster" Keep "keep" Split "split" By "by"
        Test "test" At "at" Wait "wait" Repeat "repeat" As "as" Expect "expect" From "from" Upstream "upstream"
        Timeout "timeout" Text "text" Allow "allow" Count "count" Path "path" Body "body"
        Absent "absent" Present "present"
    }
}
