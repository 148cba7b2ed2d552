//! A case: a policy as a tree of lines, a configuration, requests with the time between them. The tree is what shrinking
//! takes pieces from.

use portcullis::tools::message::{Answer, Request};

/// A line, or a block with lines in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The line, or what stands before the `{`.
    pub text: String,
    /// What stands between the braces; `None` for a line.
    pub children: Option<Vec<Node>>,
}

impl Node {
    /// A line.
    pub fn line(text: impl Into<String>) -> Self {
        Self { text: text.into(), children: None }
    }

    /// A block.
    pub fn block(text: impl Into<String>, children: Vec<Node>) -> Self {
        Self { text: text.into(), children: Some(children) }
    }

    fn write(&self, depth: usize, out: &mut String) {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&self.text);
        match &self.children {
            None => out.push('\n'),
            Some(children) => {
                out.push_str(" {\n");
                children.iter().for_each(|child| child.write(depth + 1, out));
                out.push_str(&"  ".repeat(depth));
                out.push_str("}\n");
            }
        }
    }
}

/// One request of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// Nanoseconds since the request before.
    pub wait: u64,
    /// What the client sends.
    pub request: Request,
    /// What the upstream answers.
    pub answer: Answer,
}

/// All that engines are given.
#[derive(Clone, Debug)]
pub struct Case {
    /// The policy.
    pub items: Vec<Node>,
    /// The plugin configuration.
    pub configuration: String,
    /// The requests in order.
    pub steps: Vec<Step>,
}

impl Case {
    /// The policy as text.
    pub fn policy(&self) -> String {
        let mut out = String::new();
        self.items.iter().for_each(|item| item.write(0, &mut out));
        out
    }
}
