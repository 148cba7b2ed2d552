//! Generates the parser from `grammar/policy.lalrpop` into the build folder.

fn main() {}
