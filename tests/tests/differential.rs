//! Random policies and requests: interpreter, module unoptimised and module optimised agree.
//!
//! `PORTCULLIS_SEED` sets the first seed, `PORTCULLIS_PAIRS` the number of (policy, request) pairs, `PORTCULLIS_REQUESTS` how many of them
//! share a policy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::fmt::Write;

use portcullis::plan;
use portcullis_tests::differential::case::{Case, Step};
use portcullis_tests::differential::engines::{self, Disagreement};
use portcullis_tests::differential::random::Random;
use portcullis_tests::differential::{constructs, policy, request, shrink, signed};

/// Requests for each policy, if nobody says how many.
const REQUESTS: u64 = 16;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn case(seed: u64, requests: usize) -> Case {
    let mut random = Random::new(seed);
    let made = policy::policy(&mut random);
    let mut steps: Vec<Step> = (0..requests).map(|_| request::step(&mut random, &made.world)).collect();
    signed::sign(&mut random, &made.world, &mut steps);
    Case { items: made.items, configuration: made.configuration, steps }
}

fn report(seed: u64, case: &Case, found: &Disagreement) -> String {
    let mut out =
        format!("seed {seed}: {} differs in {}\n\n{}\nconfiguration: {}\n", found.engine, found.kind, case.policy(), case.configuration);
    for (index, step) in case.steps.iter().enumerate() {
        let request = &step.request;
        write!(
            out,
            "\n#{index} after {} ns: {} {} host {} from {}:{}",
            step.wait, request.method, request.target, request.authority, request.client, request.client_port
        )
        .unwrap();
        for (name, value) in &request.headers {
            write!(out, "\n    {name}: {}", value.escape_ascii()).unwrap();
        }
        write!(out, "\n    body {:?}\n  answer {}", request.body, step.answer.status).unwrap();
        for (name, value) in &step.answer.headers {
            write!(out, "\n    {name}: {}", value.escape_ascii()).unwrap();
        }
        if let Some(body) = &step.answer.body {
            write!(out, "\n    body `{}` split {:?} trailers {:?}", body.bytes.escape_ascii(), body.split, body.trailers).unwrap();
        }
    }
    write!(
        out,
        "\n\ninterpreter (request {:?}): {}\n{}: {}\nlog: {:#?}",
        found.step, found.expected, found.engine, found.found, found.logs
    )
    .unwrap();
    out
}

#[test]
fn all_engines_agree_about_random_policies() {
    let first = variable("PORTCULLIS_SEED", 1);
    let pairs = usize::try_from(variable("PORTCULLIS_PAIRS", 20_000)).unwrap();
    let requests = usize::try_from(variable("PORTCULLIS_REQUESTS", REQUESTS)).unwrap();
    let policies = pairs.div_ceil(requests);
    let most = usize::try_from(variable("PORTCULLIS_FINDINGS", 1)).unwrap();
    let mut constructs: BTreeSet<&str> = BTreeSet::new();
    let (mut run, mut refused, mut seed) = (0_usize, Vec::new(), first);
    let mut findings: Vec<String> = Vec::new();
    while run < policies && findings.len() < most {
        let case = case(seed, requests);
        let pass = plan::PASSES.get(usize::try_from(seed % 16).unwrap()).map(|pass| pass.name);
        match engines::run(&case, pass) {
            Err(why) => refused.push(format!("seed {seed}: {why}")),
            Ok(found) => {
                run += 1;
                let checked = engines::checked(&case.policy()).unwrap();
                constructs.extend(constructs::of(engines::policy(&checked)));
                if let Some(found) = found {
                    let (case, found) = shrink::shrink(case, pass, found);
                    findings.push(report(seed, &case, &found));
                }
            }
        }
        seed += 1;
        // Most of what the generator makes must be fit to run, or it tests the checker's refusals instead.
        assert!(
            refused.len() <= run / 2 + 40,
            "{} of {} policies are refused, such as\n{}",
            refused.len(),
            run + refused.len(),
            refused.join("\n")
        );
    }
    assert!(findings.is_empty(), "{}", findings.join("\n\n================\n\n"));
    let never: Vec<&str> = constructs::ALL.iter().copied().filter(|name| !constructs.contains(name)).collect();
    let unlisted: Vec<&&str> = constructs.iter().filter(|name| !constructs::ALL.contains(name)).collect();
    assert!(unlisted.is_empty(), "not in `constructs::ALL`: {unlisted:?}");
    // Fewer policies than the gate runs need not hold everything.
    assert!(never.is_empty() || pairs < 2_000, "never generated: {never:?}");
    println!("{} of {} constructs were generated", constructs.len(), constructs::ALL.len());
    println!("{run} policies, {} requests, {} refused by the checker", run * requests, refused.len());
}
