//! The LIR as text, for `portcullis dump lir`. In: a module. Out: one function after another, indented statements.

use std::fmt::Write;

use portcullis_runtime::contract::Val;

use super::{BinaryOp, Content, Data, Expr, Function, Module, Stmt, UnaryOp};

/// The whole module.
pub fn print(module: &Module) -> String {
    let mut out = String::new();
    for (index, data) in module.data.iter().enumerate() {
        region(&mut out, index, data);
    }
    for (index, function) in module.functions.iter().enumerate() {
        print_function(&mut out, module, index, function);
    }
    for (policy, id) in &module.implements {
        line(&mut out, 0, &format!("implement {} = f{} {:?}", policy.signature().name, id.0, name_of(module, id.0)));
    }
    for callback in &module.callbacks {
        line(&mut out, 0, &format!("export {callback}"));
    }
    for (name, content) in &module.sections {
        line(&mut out, 0, &format!("section {name:?} {}", content.escape_ascii()));
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    for _ in 0..depth {
        out.push_str("  ");
    }
    out.push_str(text);
    out.push('\n');
}

fn region(out: &mut String, index: usize, data: &Data) {
    let content = match &data.content {
        // Long tables are not read by eye; their beginning tells which they are.
        Content::Bytes(bytes) if bytes.len() > 64 => {
            let start = bytes.get(..64).unwrap_or(bytes);
            format!("{} bytes \"{}…\"", bytes.len(), start.escape_ascii())
        }
        Content::Bytes(bytes) => format!("{} bytes \"{}\"", bytes.len(), bytes.escape_ascii()),
        Content::Parts(parts) => format!("{} cells", parts.len()),
        Content::Zero(size) => format!("{size} zero bytes"),
        Content::Automata(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|(pattern, flags, _)| format!("/{pattern}/{flags}")).collect();
            format!("automata {}", patterns.join(" "))
        }
        Content::Automaton { pattern, flags, .. } => format!("automaton /{pattern}/{flags}"),
    };
    line(out, 0, &format!("data d{index} {:?} = {content}", data.name));
}

fn name_of(module: &Module, id: u32) -> &str {
    module.functions.get(id as usize).map_or("?", |function| &function.name)
}

fn ty(val: Val) -> &'static str {
    match val {
        Val::I32 => "i32",
        Val::I64 => "i64",
        Val::F64 => "f64",
    }
}

fn print_function(out: &mut String, module: &Module, index: usize, function: &Function) {
    let mut numbered = function.params.iter().chain(&function.locals).enumerate().map(|(number, val)| format!("l{number}: {}", ty(*val)));
    let params: Vec<String> = numbered.by_ref().take(function.params.len()).collect();
    let locals: Vec<String> = numbered.collect();
    let result = function.result.map_or(String::new(), |val| format!(" -> {}", ty(val)));
    line(out, 0, &format!("function f{index} {:?}({}){result}", function.name, params.join(", ")));
    if !locals.is_empty() {
        line(out, 1, &format!("local {}", locals.join(", ")));
    }
    stmts(out, module, 1, &function.body);
}

fn stmts(out: &mut String, module: &Module, depth: usize, list: &[Stmt]) {
    for stmt in list {
        match stmt {
            Stmt::Set(local, value) => line(out, depth, &format!("l{} = {}", local.0, expr(module, value))),
            Stmt::Do(value) => line(out, depth, &expr(module, value)),
            Stmt::If(condition, then, otherwise) => {
                line(out, depth, &format!("if {}", expr(module, condition)));
                stmts(out, module, depth + 1, then);
                if !otherwise.is_empty() {
                    line(out, depth, "else");
                    stmts(out, module, depth + 1, otherwise);
                }
            }
            Stmt::Switch(selector, arms, otherwise) => {
                line(out, depth, &format!("switch {}", expr(module, selector)));
                for (number, arm) in arms.iter().enumerate() {
                    line(out, depth, &format!("case {number}"));
                    stmts(out, module, depth + 1, arm);
                }
                line(out, depth, "otherwise");
                stmts(out, module, depth + 1, otherwise);
            }
            Stmt::Count(local, limit, body) => {
                line(out, depth, &format!("for l{} below {}", local.0, expr(module, limit)));
                stmts(out, module, depth + 1, body);
            }
            Stmt::Return(None) => line(out, depth, "return"),
            Stmt::Return(Some(value)) => line(out, depth, &format!("return {}", expr(module, value))),
        }
    }
}

fn list(module: &Module, items: &[Expr]) -> String {
    let texts: Vec<String> = items.iter().map(|item| expr(module, item)).collect();
    texts.join(", ")
}

fn expr(module: &Module, value: &Expr) -> String {
    match value {
        Expr::I32(number) => format!("{number}"),
        Expr::I64(number) => format!("{number}L"),
        Expr::F64(number) => format!("{number:?}"),
        Expr::Data(id) => format!("d{}", id.0),
        Expr::DataPart(id, offset, length) => format!("d{}[{offset}, {length}]", id.0),
        Expr::Address(id) => format!("&d{}", id.0),
        Expr::Local(local) => format!("l{}", local.0),
        Expr::Call(mechanism, arguments) => format!("{}({})", mechanism.signature().name, list(module, arguments)),
        Expr::Apply(id, arguments) => format!("f{}({})", id.0, list(module, arguments)),
        Expr::Unary(op, operand) => format!("{}({})", unary(*op), expr(module, operand)),
        Expr::Binary(op, first, second) => {
            format!("({} {} {})", expr(module, first), binary(*op), expr(module, second))
        }
        Expr::If(_, condition, then, otherwise) => {
            format!("({} ? {} : {})", expr(module, condition), expr(module, then), expr(module, otherwise))
        }
        Expr::Block(list, last) => {
            let mut inner = String::new();
            stmts(&mut inner, module, 0, list);
            let mut text = String::from("{ ");
            for part in inner.lines() {
                let _ = write!(text, "{}; ", part.trim_start());
            }
            let _ = write!(text, "{} }}", expr(module, last));
            text
        }
        Expr::Load(address) => format!("load({})", expr(module, address)),
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "not",
        UnaryOp::IsZero64 => "is_zero",
        UnaryOp::Wrap => "wrap",
        UnaryOp::Extend => "extend",
        UnaryOp::ToFloat => "to_float",
        UnaryOp::FloatBits => "float_bits",
        UnaryOp::BitsFloat => "bits_float",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And32 => "&",
        BinaryOp::Or32 | BinaryOp::Or64 => "|",
        BinaryOp::Add32 | BinaryOp::AddFloat => "+",
        BinaryOp::SubtractFloat => "-",
        BinaryOp::LeastFloat => "min",
        BinaryOp::GreatestFloat => "max",
        BinaryOp::Multiply32 | BinaryOp::MultiplyFloat => "*",
        BinaryOp::Equal32 | BinaryOp::Equal64 | BinaryOp::EqualFloat => "==",
        BinaryOp::Less32 | BinaryOp::Less64 | BinaryOp::LessFloat => "<",
        BinaryOp::LessEqual64 | BinaryOp::LessEqualFloat => "<=",
    }
}
