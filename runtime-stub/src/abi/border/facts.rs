//! Subjects of guards, and conditions that many rules share.

use crate::abi::{Policy, frame};
use crate::facts::{self, Known, Value};
use crate::rt::pack;

/// What is known about a subject; the policy tells its value when it is first asked for.
pub(super) fn known(subjects: &[u8], subject: u32) -> Known<'static> {
    if let Some(known) = facts::known(frame(), subject) {
        return known;
    }
    let value = Policy::subject(subject);
    let value = if facts::is_address(subjects, subject) {
        super::ip(value as i32).map_or(Value::Absent, Value::Address)
    } else {
        pack::string(value).map_or(Value::Absent, Value::Text)
    };
    facts::keep(frame(), subjects, subject, value)
}

#[unsafe(export_name = "rt.subject_search")]
extern "C" fn subject_search(set: i64, value: i64) -> i64 {
    if let Some(text) = pack::string(value) {
        facts::search(frame(), pack::bytes(set), text);
    }
    value
}

#[unsafe(export_name = "rt.pattern_holds")]
extern "C" fn pattern_holds(subjects: i64, subject: i32, pattern: i32) -> i32 {
    i32::from(known(pack::bytes(subjects), subject as u32).patterns.contains(&(pattern as u32)))
}

#[unsafe(export_name = "rt.remembered")]
extern "C" fn remembered(bit: i32) -> i32 {
    facts::remembered(frame(), bit as u32)
}

#[unsafe(export_name = "rt.remember")]
extern "C" fn remember(bit: i32, value: i32) -> i32 {
    i32::from(facts::remember(frame(), bit as u32, value != 0))
}
