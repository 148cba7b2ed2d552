//! Names of files in policies. In: the file that says it and what it says. Out: the path from the policy's folder, or why it
//! may not be named: a policy reads what lies in its folder and below, so that it is the same wherever that folder lies.

/// Resolves `written` in the file at `from` (itself such a path). The error says what is wrong with it, and what to do.
///
/// `..` is resolved here and not by the file system: `a/../b` is `b` even where `a` is a symbolic link.
pub(super) fn resolve(from: &str, written: &str) -> Result<String, (&'static str, &'static str)> {
    const BELOW: &str = "name a file in the policy's folder or below, relative to the file that names it";
    if written.is_empty() || written.ends_with('/') {
        return Err(("names no file", BELOW));
    }
    if written.contains("://") {
        return Err(("is no file but an address of the network", "fetch it, and name the file in the policy's folder"));
    }
    if written.starts_with('/') {
        return Err(("is an absolute path", BELOW));
    }
    if written.chars().any(|c| c == '\\' || c == ':' || c.is_control()) {
        return Err(("has a character that not every system takes in a name: `\\`, `:` or a control character", "separate folders by `/`"));
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(("leads out of the policy's folder", BELOW));
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() || matches!(written.rsplit('/').next(), Some("." | "..")) {
        return Err(("names no file", BELOW));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn paths_stay_in_the_folder_of_the_policy() {
        for (from, written, expected) in [
            ("a.policy", "b.policy", Some("b.policy")),
            ("a.policy", "./x//b.policy", Some("x/b.policy")),
            ("x/y/a.policy", "b.json", Some("x/y/b.json")),
            ("x/y/a.policy", "../b.json", Some("x/b.json")),
            ("x/y/a.policy", "../../b.json", Some("b.json")),
            ("x/y/a.policy", "../../../b.json", None),
            ("x/y/a.policy", "../../../x/b.json", None),
            ("a.policy", "x/../../b.json", None),
            ("a.policy", "x/../b.json", Some("b.json")),
            ("a.policy", "..", None),
            ("a.policy", "x/..", None),
            ("a.policy", "x/.", None),
            ("a.policy", ".", None),
            ("a.policy", "", None),
            ("a.policy", "x/", None),
            ("a.policy", "/etc/passwd", None),
            ("a.policy", "//host/share", None),
            ("a.policy", "..\\b.json", None),
            ("a.policy", "C:/b.json", None),
            ("a.policy", "https://example.com/b.json", None),
            ("a.policy", "b\0.json", None),
            ("a.policy", "...", Some("...")),
            ("a.policy", "..b", Some("..b")),
        ] {
            assert_eq!(resolve(from, written).ok().as_deref(), expected, "{written} in {from}");
        }
    }
}
