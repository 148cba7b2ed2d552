//! Before times are taken: a variant that decides otherwise than the rest would win by not doing the job. In: a
//! variant. Out: nothing, or what it did wrong.

use std::time::Duration;

use portcullis::ir::hir::JwtAlgorithm;
use portcullis::tools::engine::EngineError;
use portcullis::tools::message::{Answer, Headers, Request, header};

use super::rules::{SCANT, client, key, path};
use super::tokens;
use super::variants::{Job, Variant};
use crate::envoy::bootstrap::{Routes, gateway};
use crate::envoy::process::{Envoy, run_folder};
use crate::envoy::{client as http, upstream::Upstream};

/// A request and what has to come of it.
struct Sample {
    path: String,
    key: Option<String>,
    token: Option<String>,
    status: u16,
    /// What the upstream has to receive as `x-client`.
    client: Option<String>,
}

/// Sends the samples of the variant's job through an Envoy with a real upstream.
pub(super) fn decides_as_told(variant: &Variant) -> Result<(), EngineError> {
    let cluster = "upstream".to_owned();
    let upstream = Upstream::start(std::slice::from_ref(&cluster))?;
    let routes = Routes::Clusters { default: &cluster, ports: upstream.ports() };
    let envoy = Envoy::start(&gateway(&(variant.filters)(SCANT), routes, 0, None), 1, run_folder()?)?;
    let answer = Answer::ok();
    for (number, sample) in samples(variant.job).iter().enumerate() {
        let wrong = |what: String| {
            let Variant { name, job, .. } = variant;
            EngineError(format!("{name} ({job:?}): sample {number}, `{}`: {what}\n{}", sample.path, envoy.log()))
        };
        upstream.expect(&answer);
        let response = http::send(envoy.port(), &request(sample))?;
        if response.status != sample.status {
            return Err(wrong(format!("status {} instead of {}", response.status, sample.status)));
        }
        let wait = Duration::from_millis(if sample.status == 200 { 1_000 } else { 5 });
        match upstream.received(wait) {
            Some(forwarded) if sample.status == 200 => {
                edited(variant.job, sample, &forwarded.headers).map_err(wrong)?;
            }
            None if sample.status != 200 => {}
            Some(_) => return Err(wrong("denied but forwarded".to_owned())),
            None => return Err(wrong("allowed but not forwarded".to_owned())),
        }
    }
    Ok(())
}

/// Whether the upstream got the headers that the job sets, and no key.
fn edited(job: Job, sample: &Sample, headers: &Headers) -> Result<(), String> {
    let edits = match job {
        Job::Pass | Job::Decide(_) | Job::Keys(_) | Job::Token(..) => false,
        Job::DecideAndEdit(_) | Job::Gateway => true,
    };
    if edits && header(headers, "x-gateway") != Some(b"portcullis") {
        return Err("`x-gateway` was not set".to_owned());
    }
    if matches!(job, Job::Pass | Job::Decide(_) | Job::DecideAndEdit(_)) {
        return Ok(());
    }
    if header(headers, "x-api-key").is_some() || header(headers, "authorization").is_some() {
        return Err("the credential was forwarded".to_owned());
    }
    if header(headers, "x-client") != sample.client.as_deref().map(str::as_bytes) {
        return Err("`x-client` is wrong".to_owned());
    }
    Ok(())
}

fn samples(job: Job) -> Vec<Sample> {
    match job {
        Job::Pass => vec![sample("/any", None, 200)],
        Job::Decide(count) | Job::DecideAndEdit(count) => {
            let mut samples: Vec<Sample> = [0, count / 2, count - 1].iter().map(|rule| sample(&path(*rule), None, 200)).collect();
            samples.push(sample(&path(count), None, 403));
            samples.extend(denied_paths().map(|path| sample(path, None, 403)));
            samples
        }
        Job::Keys(count) => vec![
            sample(&path(7), None, 401),
            sample(&path(7), Some(0), 200),
            sample(&path(7), Some(count - 1), 200),
            sample(&path(7), Some(count), 401),
        ],
        Job::Token(algorithm, _) => token_samples(algorithm),
        Job::Gateway => gateway_samples(),
    }
}

fn gateway_samples() -> Vec<Sample> {
    let mut samples = vec![
        sample(&path(7), None, 401),
        Sample { path: path(7), key: Some("pk_live_guessed".to_owned()), token: None, status: 401, client: None },
        sample(&path(job_rules()), Some(1), 403),
        sample(&path(job_rules() - 1), Some(2), 200),
    ];
    samples.extend((0..SCANT).map(|_| sample(&path(7), Some(3), 200)));
    samples.push(sample(&path(7), Some(3), 429));
    samples.push(sample(&path(8), Some(999), 200));
    samples
}

fn token_samples(algorithm: JwtAlgorithm) -> Vec<Sample> {
    let good = tokens::token(algorithm, 5, 600);
    let (message, signature) = good.rsplit_once('.').unwrap_or_default();
    let other = tokens::token(algorithm, 6, 600);
    let swapped = format!("{}.{signature}", other.rsplit_once('.').unwrap_or_default().0);
    let with = |token: String, status, client| Sample { path: path(0), key: None, token: Some(token), status, client };
    vec![
        sample(&path(0), None, 401),
        with(good.clone(), 200, Some(client(5))),
        // Once more: by now it may have been remembered.
        with(good.clone(), 200, Some(client(5))),
        with(format!("{message}."), 401, None),
        with(swapped, 401, None),
        with(tokens::token(algorithm, 5, -600), 401, None),
    ]
}

fn job_rules() -> usize {
    Job::Gateway.rules()
}

fn denied_paths() -> impl Iterator<Item = &'static str> {
    ["/", "/other", "/api/v1/resource-00000/orders/4711", "/API/v1/resource-00000/items/4711"].into_iter()
}

fn sample(path: &str, number: Option<usize>, status: u16) -> Sample {
    Sample { path: path.to_owned(), key: number.map(key), token: None, status, client: number.map(client) }
}

fn request(sample: &Sample) -> Request {
    let key = sample.key.iter().map(|key| ("x-api-key".to_owned(), key.as_bytes().to_vec()));
    let token = sample.token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
    Request { authority: "api.example.com".to_owned(), headers: key.chain(token).collect(), ..Request::get(sample.path.clone()) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::decides_as_told;
    use crate::bench::native;
    use crate::bench::variants::{Job, Variant};

    #[test]
    fn a_variant_that_lacks_a_rule_or_an_edit_is_refused() {
        let tree = |job| Variant { name: "tree", job, filters: Box::new(|_| vec![native::rbac_tree(10)]) };
        decides_as_told(&tree(Job::Decide(10))).unwrap();
        let lacking = decides_as_told(&tree(Job::Decide(12))).unwrap_err();
        assert!(lacking.0.contains("status 403 instead of 200"), "{lacking}");
        let unedited = decides_as_told(&tree(Job::DecideAndEdit(10))).unwrap_err();
        assert!(unedited.0.contains("`x-gateway` was not set"), "{unedited}");
    }
}
