//! Generates the parser from `grammar/policy.lalrpop` into the build folder.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    lalrpop::Configuration::new().emit_rerun_directives(true).process_dir("../grammar")
}
