//! The pages that explain codes. In: a code. Out: its page, and the examples in it.
//! The text of each page is a file of its own, `explain/CODE.md`: what it means, a wrong and a right example.

use super::Code;

/// The whole page with its heading.
pub fn page(code: Code) -> String {
    format!("# {code}: {}\n\n{}", code.meaning(), code.page())
}

/// One line for each code.
pub fn list() -> String {
    Code::ALL.iter().map(|code| format!("{code}  {}\n", code.meaning())).collect()
}

/// The policies under a heading (`Wrong`, `Right`) of a page.
pub fn examples(page: &str, heading: &str) -> Vec<String> {
    let mut section = "";
    let mut examples = Vec::new();
    let mut open: Option<String> = None;
    for line in page.lines() {
        match &mut open {
            Some(_) if line == "```" => {
                examples.extend(open.take().filter(|_| section == heading));
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```policy" => open = Some(String::new()),
            None => section = line.strip_prefix("## ").unwrap_or(section),
        }
    }
    examples
}

/// An example as a whole policy: one without a `policy` block gets one at its end, where it moves no line.
pub fn whole(example: &str) -> String {
    if example.lines().any(|line| line.starts_with("policy ")) {
        return example.to_owned();
    }
    format!("{example}\npolicy example {{ default = deny 403 }}\n")
}
