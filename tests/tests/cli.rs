//! The command line: exit codes, what goes where, outputs that appear whole or not at all; once through the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_tests::command::portcullis;
use portcullis_tests::envoy::process::run_folder;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn quickstart() -> String {
    root().join("examples/quickstart/quickstart.policy").display().to_string()
}

/// A policy file of its own folder.
fn policy(text: &str) -> (PathBuf, String) {
    let folder = run_folder().unwrap();
    let file = folder.join("test.policy");
    fs::write(&file, text).unwrap();
    (folder, file.display().to_string())
}

#[test]
fn good_is_zero() {
    for args in [&["check", &quickstart()][..], &["test", &quickstart()], &["plan", &quickstart()], &["--version"], &["--help"]] {
        let (code, out, err) = portcullis(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(!out.is_empty());
    }
}

#[test]
fn plan_tells_who_verifies_which_signatures() {
    let (folder, file) = policy(
        "policy p { default = deny 403 }\njwt corp { algorithms = [RS256, ES256, EdDSA]  keys = file \"keys.json\" }\n\
         jwt strict { algorithms = [RS256]  keys = file \"keys.json\"  crypto = host  from = [header \"x-t\"] }\n\
         scope \"/**\" { authenticate corp  permit \"a\" {} }\nscope \"/b/**\" { authenticate strict  permit \"b\" {} }\n",
    );
    fs::write(folder.join("keys.json"), portcullis_tests::tokens::key_set().to_string()).unwrap();
    let (code, out, err) = portcullis(&["plan", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().skip_while(|line| *line != "signatures").skip(1).take(3).collect();
    let expected = [
        "  corp: RS256, ES256: by the host where it has `verify_signature`, else by the module",
        "  corp: EdDSA: by the module",
        "  strict: RS256: by the host, which must have `verify_signature`",
    ];
    assert_eq!(lines, expected, "{out}");
}

#[test]
fn a_policy_at_fault_is_one_and_nothing_is_written() {
    let (folder, file) = policy("policy broken { default = deny 403 }\nforbid \"a\" { when request.header[\"x\"] == 1 }\n");
    let module = folder.join("out.wasm");
    for args in [
        &["check", &file][..],
        &["build", &file, "-o", module.to_str().unwrap()],
        &["test", &file],
        &["plan", &file],
        &["dump", "wat", &file],
    ] {
        let (code, _, err) = portcullis(args);
        assert_eq!(code, 1, "{args:?}");
        assert!(err.contains("test.policy:2") && err.contains("help"), "{args:?}: {err}");
    }
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["test.policy"]);
}

#[test]
fn a_host_that_cannot_hold_headers_is_refused_at_each_place_that_needs_it() {
    let (folder, file) = policy(
        "policy p { default = deny 403 }\nconfig { key: secret }\nhmac hook { scheme = github  secret = config.key }\n\
         scope \"/hooks/**\" { authenticate hook  permit \"signed\" {} }\n\
         permit \"body\" { on POST \"/a\" when request.body.json.a == 1 }\n\
         forbid \"leak\" { on \"/b\" when response.body.text contains \"x\" }\npermit \"headers\" { on \"/c\" }\n",
    );
    let module = folder.join("out.wasm").display().to_string();
    let istio = ["deploy", "istio", &file, "--url", "oci://registry.example.com/p:1"];
    for args in [&["build", &file, "-o", &module, "--no-header-hold"][..], &istio] {
        let (code, out, err) = portcullis(args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}: {err}");
        for (name, line) in [("hook", 3), ("body", 5), ("leak", 6)] {
            assert!(err.contains(&format!("`{name}` reads the body")) && err.contains(&format!("test.policy:{line}:")), "{args:?}: {err}");
        }
        assert!(!err.contains("`headers`") && !err.contains("`signed`"), "{err}");
    }
    assert!(!Path::new(&module).exists());
    assert_eq!(portcullis(&["build", &file, "-o", &module]).0, 0);
    let (other, file) = policy("policy p { default = deny 403 }\npermit \"headers\" { on \"/c\" }\n");
    assert_eq!(portcullis(&["build", &file, "-o", &module, "--no-header-hold"]).0, 0);
    fs::remove_dir_all(folder).unwrap();
    fs::remove_dir_all(other).unwrap();
}

#[test]
fn a_failing_test_is_one_and_names_its_place() {
    let (_, file) = policy("policy p { default = deny 403 }\ntest \"wrong\" {\n  request GET \"/\"\n  expect allow\n}\n");
    let (code, out, _) = portcullis(&["test", &file]);
    assert_eq!(code, 1);
    for part in ["wrong", "test.policy:4", "expected allow", "got", "0 passed, 1 failed"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (code, _, err) = portcullis(&["test", &file, "--filter", "no such test"]);
    assert_eq!(code, 1, "a run without tests is no success");
    assert!(err.contains("no test ran"), "{err}");
}

#[test]
fn usage_is_two() {
    for args in [
        &[][..],
        &["bild"],
        &["build"],
        &["dump", "wot", &quickstart()],
        &["plan", &quickstart(), "--without", "speed"],
        &["deploy", "envoy", &quickstart(), "--module", "m.wasm", "--upstream", "orders"],
        &["deploy", "istio", &quickstart(), "--url", "ftp://x"],
        &["deploy", "istio", &quickstart(), "--url", "oci://x", "--sha256", "abc"],
    ] {
        let (code, out, err) = portcullis(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn the_environment_is_three() {
    let folder = run_folder().unwrap();
    let missing = folder.join("missing.policy").display().to_string();
    let nowhere = folder.join("no folder").join("out.wasm").display().to_string();
    for args in [&["check", &missing][..], &["check", folder.to_str().unwrap()], &["build", &quickstart(), "-o", &nowhere]] {
        let (code, _, err) = portcullis(args);
        assert_eq!(code, 3, "{args:?}: {err}");
        assert!(err.contains("cannot "), "{err}");
    }
}

#[test]
fn every_stage_can_be_shown() {
    for (stage, part) in [("ast", "permit"), ("hir", "read orders"), ("lir", "request headers"), ("wat", "(module")] {
        let (code, out, err) = portcullis(&["dump", stage, &quickstart()]);
        assert_eq!(code, 0, "{stage}: {err}");
        assert!(out.contains(part), "{stage}: {out}");
    }
}

#[test]
fn istio_gets_either_resource() {
    let (code, out, _) = portcullis(&["deploy", "istio", &quickstart(), "--url", "oci://registry.example/quickstart:1"]);
    assert_eq!(code, 0);
    assert!(out.contains("kind: WasmPlugin") && out.contains("failStrategy: FAIL_RELOAD"), "{out}");
    let args = ["deploy", "istio", &quickstart(), "--url", "oci://registry.example/q:1", "--resource", "traffic-extension"];
    let (code, out, _) = portcullis(&args);
    assert_eq!(code, 0);
    assert!(out.contains("kind: TrafficExtension"), "{out}");
}

#[test]
fn deploy_refuses_a_module_and_a_configuration_that_do_not_fit() {
    let (folder, file) =
        policy("policy p { default = allow }\nconfig { word: string }\nforbid \"w\" { when request.host == config.word }\n");
    let module = folder.join("p.wasm");
    fs::write(&module, b"something else").unwrap();
    let module_text = module.to_str().unwrap();
    let (code, _, err) = portcullis(&["deploy", "envoy", &file, "--module", module_text]);
    assert_eq!(code, 1);
    assert!(err.contains("is not what this policy compiles to"), "{err}");
    assert_eq!(portcullis(&["build", &file, "-o", module_text]).0, 0);
    let config = folder.join("config.json");
    fs::write(&config, "{\"word\": 1}").unwrap();
    let config_text = config.to_str().unwrap();
    let (code, _, err) = portcullis(&["deploy", "envoy", &file, "--module", module_text, "--config", config_text]);
    assert_eq!(code, 1);
    assert!(err.contains("configuration key `word` must be"), "{err}");
    fs::write(&config, "{\"word\": \"a\"}").unwrap();
    let (code, out, err) = portcullis(&["deploy", "envoy", &file, "--module", module_text, "--config", config_text, "--filter-only"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("google.protobuf.StringValue") && out.contains("FAIL_RELOAD") && !out.contains("static_resources"), "{out}");
}

#[test]
fn deploy_tells_of_clusters_that_nobody_serves() {
    let args = ["deploy", "envoy", &quickstart(), "--module", "q.wasm", "--upstream", "orders=127.0.0.1:1"];
    let (code, _, err) = portcullis(&args);
    assert_eq!(
        (code, err.as_str()),
        (0, "warning: a route names the cluster `orders_canary`; give it with --upstream orders_canary=HOST:PORT\n")
    );
}

#[test]
fn the_examples_deployment_is_what_the_command_prints() {
    let mut args = vec!["deploy".to_owned(), "envoy".to_owned(), quickstart(), "--module".to_owned(), "quickstart.wasm".to_owned()];
    for (name, port) in [("default", 8080), ("orders", 8081), ("orders_canary", 8082)] {
        args.extend(["--upstream".to_owned(), format!("{name}=127.0.0.1:{port}")]);
    }
    args.extend(["--listen".to_owned(), "10000".to_owned()]);
    let (code, out, err) = portcullis(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((code, err.as_str()), (0, ""));
    let file = root().join("examples/quickstart/envoy.yaml");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &out).unwrap();
    }
    assert_eq!(out, fs::read_to_string(&file).unwrap(), "BLESS=1 rewrites examples/quickstart/envoy.yaml");
}

#[test]
fn the_binary_itself_runs() {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "-p", "portcullis", "--", "check", &quickstart()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("good"));
}

const AT_FAULT: &str = "policy p { default = deny 403 }\npermit \"ä\" { on GET \"a\" }\npermit \"ä\" { on PSOT \"/b\" }\n";

#[test]
fn findings_as_json_have_their_places() {
    let (_, file) = policy(AT_FAULT);
    let good = quickstart();
    let (code, out, err) = portcullis(&["check", "--format", "json", &file, &good]);
    assert_eq!((code, err.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!((&report["files"][1]["good"], &report["files"][1]["findings"]), (&true.into(), &serde_json::json!([])));
    let first = &report["files"][0];
    assert_eq!((&first["file"], &first["good"], &first["rules"]), (&file.as_str().into(), &false.into(), &serde_json::Value::Null));
    let codes: Vec<&str> = first["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["P0401", "P0202", "P0807"]);
    let twice = &first["findings"][1];
    assert_eq!(twice["severity"], "error");
    assert_eq!(
        twice["labels"][0]["place"],
        serde_json::json!({ "file": file, "line": 3, "column": 8, "end_line": 3, "end_column": 11, "start": 66, "end": 70 })
    );
    assert_eq!(twice["labels"][1]["place"]["line"], 2);
    assert!(twice["help"].as_str().unwrap().starts_with("choose"));
    let (code, out, _) = portcullis(&["check", "--format", "json", &good]);
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["files"][0]["rules"].as_u64().unwrap() > 0);
}

/// What the schema of SARIF 2.1.0 requires, and what code scanning reads.
#[test]
fn findings_as_sarif_are_a_valid_log() {
    let (_, file) = policy(AT_FAULT);
    let (code, out, _) = portcullis(&["check", "--format", "sarif", &file, &quickstart()]);
    assert_eq!(code, 1);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "portcullis");
    let rules = driver["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["shortDescription"]["text"].is_string() && rules[index]["help"]["text"].is_string());
        assert!(["error", "warning", "note", "none"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let related = result.get("relatedLocations").and_then(|list| list.as_array()).cloned().unwrap_or_default();
        for location in result["locations"].as_array().unwrap().iter().chain(&related) {
            let physical = &location["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.is_ascii() && !uri.contains([' ', '\\', '"']), "{uri}");
            let region = &physical["region"];
            assert!(region["startLine"].as_u64().unwrap() >= 1 && region["startColumn"].as_u64().unwrap() >= 1);
            assert!(region.get("endLine").is_none_or(|end| end.as_u64() >= region["startLine"].as_u64()));
        }
    }
}

#[test]
fn codes_are_explained() {
    let (code, out, err) = portcullis(&["explain", "p0301"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("# P0301: ") && out.contains("## Wrong") && out.contains("## Right"), "{out}");
    let (code, out, _) = portcullis(&["explain"]);
    assert_eq!(code, 0);
    assert_eq!(out.lines().count(), portcullis::base::Code::ALL.len());
    let (code, _, err) = portcullis(&["explain", "P9999"]);
    assert_eq!(code, 2);
    assert!(err.contains("P9999"));
}

const TESTED: &str = "policy p { default = deny 403 }
permit \"read\" { on GET \"/a\"  when request.headers[\"x\"] == \"1\" }
permit \"never\" { on GET \"/never\" }
test \"good <one>\" { request GET \"/a\" { header \"x\" = \"1\" }  expect allow }
test \"bad\" {
  request GET \"/a\"
  expect allow
}
test \"other\" { request GET \"/b\"  expect deny 403 }
";

#[test]
fn results_as_json_and_junit_name_place_expected_and_got() {
    let (_, file) = policy(TESTED);
    let (code, out, _) = portcullis(&["test", "--format", "json", "--coverage", &file]);
    assert_eq!(code, 1);
    let run: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&run["passed"], &run["failed"]), (&2.into(), &1.into()));
    let tests = run["files"][0]["tests"].as_array().unwrap();
    let names: Vec<&str> = tests.iter().map(|test| test["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["good <one>", "bad", "other"]);
    assert_eq!(
        tests[1]["failure"],
        serde_json::json!({ "file": file, "line": 7, "column": 3, "expected": "allow", "got": "deny 403 by `default`" })
    );
    let coverage = &run["files"][0]["coverage"];
    assert_eq!(coverage["total"], 3);
    let gaps = coverage["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((&gaps[0]["rule"], &gaps[0]["line"], &gaps[0]["was_true"]), (&"never".into(), &3.into(), &false.into()));

    let (code, out, _) = portcullis(&["test", "--format", "junit", &file]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"portcullis\" tests=\"3\" failures=\"1\">"),
        "{out}"
    );
    assert!(out.contains("testcase name=\"good &lt;one&gt;\""), "{out}");
    assert!(out.contains("line=\"7\"") && out.contains("message=\"expected allow, got deny 403 by `default`\""), "{out}");
    assert!(out.trim_end().ends_with("</testsuites>"), "{out}");
}

#[test]
fn a_filter_picks_tests_and_one_that_fits_none_is_a_failure() {
    let (_, file) = policy(TESTED);
    for (pattern, expected, passed) in [("good", 0, 1), ("*e*", 0, 2), ("b*", 1, 0), ("no such", 1, 0), ("o*d", 1, 0)] {
        let (code, out, err) = portcullis(&["test", "--filter", pattern, &file]);
        assert_eq!(code, expected, "{pattern}: {out}{err}");
        assert!(out.contains(&format!("{passed} passed")), "{pattern}: {out}");
    }
    let (_, _, err) = portcullis(&["test", "--filter", "no such", &file]);
    assert!(err.contains("no test ran"), "{err}");
}

#[test]
fn coverage_tells_what_the_tests_leave_open() {
    let (_, file) = policy(TESTED);
    let (_, out, _) = portcullis(&["test", "--coverage", "--filter", "good", &file]);
    for open in ["3:8: rule `never` never matched", "2:35: condition of `read` never false", "2:8: rule `read` matched every request"] {
        assert!(out.contains(open), "{out}");
    }
    assert!(out.contains("coverage: 0 of 3"), "{out}");
}

/// A policy with an import, in whose folders `text` stands behind everything else.
fn importing(text: &str) -> (PathBuf, String) {
    let (folder, file) = policy("policy p { default = deny 403 }\nimport \"shared/rules.policy\"\npermit \"own\" { on GET \"/own\" }\n");
    fs::create_dir_all(folder.join("shared/lists")).unwrap();
    let rules = "list hosts: string = file \"lists/hosts.txt\"\npermit \"shared\" { on GET \"/shared\"  when request.host in hosts }\n";
    fs::write(folder.join("shared/rules.policy"), format!("{rules}{text}")).unwrap();
    fs::write(folder.join("shared/lists/hosts.txt"), "localhost\n").unwrap();
    (folder, file)
}

#[test]
fn every_command_takes_a_policy_with_imports() {
    let test = "test \"shared\" {\n  request GET \"/shared\"\n  expect allow\n  request GET \"/own\"\n  expect allow\n}\n";
    let (folder, file) = importing(test);
    let module = folder.join("out.wasm");
    let module = module.to_str().unwrap();
    for (args, part) in [
        (&["check", &file][..], "good, 2 rules"),
        (&["build", &file, "-o", module], "out.wasm"),
        (&["test", &file], "1 passed, 0 failed"),
        (&["plan", &file], "shared"),
        (&["dump", "ast", &file], "shared/rules.policy\nlist hosts: string = file \"lists/hosts.txt\""),
        (&["dump", "hir", &file], "list hosts = [\"localhost\"]"),
        (&["dump", "lir", &file], "localhost"),
        (&["dump", "wat", &file], "localhost"),
        (&["deploy", "envoy", &file, "--module", module], "out.wasm"),
        (&["deploy", "istio", &file, "--url", "file:///out.wasm"], "WasmPlugin"),
    ] {
        let (code, out, err) = portcullis(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains(part), "{args:?}: {out}");
    }
}

#[test]
fn a_failing_test_of_an_imported_file_names_that_file() {
    let (_, file) = importing("test \"wrong\" {\n  request GET \"/own\"\n  expect deny 403\n}\n");
    let (code, out, _) = portcullis(&["test", &file]);
    assert_eq!(code, 1);
    assert!(out.contains("shared/rules.policy:5:3"), "{out}");
}

#[test]
fn what_is_wrong_in_an_imported_file_or_its_data_is_told_there() {
    let (folder, file) = importing("permit \"x\" { on GET \"/x\"  when request.hst == \"a\" }\n");
    fs::write(folder.join("shared/lists/hosts.txt"), "localhost\n\"quoted\"\n").unwrap();
    let (code, _, err) = portcullis(&["check", &file]);
    assert_eq!(code, 1);
    assert!(err.contains("shared/rules.policy:3:32") && err.contains("shared/lists/hosts.txt:2:1"), "{err}");
    let (_, out, _) = portcullis(&["check", "--format", "json", &file]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let findings = report["files"][0]["findings"].as_array().unwrap();
    let places: Vec<&str> = findings.iter().map(|finding| finding["labels"][0]["place"]["file"].as_str().unwrap()).collect();
    let within = |name: &str| folder.join(name).display().to_string();
    assert_eq!(places, [within("shared/rules.policy"), within("shared/lists/hosts.txt")]);
    let (_, out, _) = portcullis(&["check", "--format", "sarif", &file]);
    let log: serde_json::Value = serde_json::from_str(&out).unwrap();
    for (index, name) in ["shared/rules.policy", "shared/lists/hosts.txt"].into_iter().enumerate() {
        let location = &log["runs"][0]["results"][index]["locations"][0]["physicalLocation"];
        assert!(location["artifactLocation"]["uri"].as_str().unwrap().ends_with(name), "{location}");
    }
}

#[test]
fn the_digest_covers_every_file_and_its_data() {
    let build = |folder: &Path, file: &str| {
        let module = folder.join("out.wasm");
        assert_eq!(portcullis(&["build", file, "-o", module.to_str().unwrap()]).0, 0);
        fs::read(module).unwrap()
    };
    let (folder, file) = importing("");
    let (elsewhere, other) = importing("");
    let first = build(&folder, &file);
    assert_eq!(first, build(&elsewhere, &other), "the same policy in another folder");
    // Neither changes what the policy does.
    fs::write(folder.join("shared/lists/hosts.txt"), "# hosts\nlocalhost\n").unwrap();
    let second = build(&folder, &file);
    assert_ne!(first, second, "other data");
    let (commented, commented_file) = importing("// a comment\n");
    assert_ne!(first, build(&commented, &commented_file), "another imported file");
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder_of_the_policy() {
    use std::os::unix::fs::symlink;
    let (outside, _) = policy("");
    fs::write(outside.join("hosts.txt"), "outside\n").unwrap();
    let (folder, file) = importing("");
    let hosts = folder.join("shared/lists/hosts.txt");
    fs::remove_file(&hosts).unwrap();
    symlink(outside.join("hosts.txt"), &hosts).unwrap();
    let (code, _, err) = portcullis(&["check", &file]);
    assert!(code == 1 && err.contains("a symbolic link leads out of the policy's folder"), "{err}");
    fs::remove_dir_all(folder.join("shared/lists")).unwrap();
    symlink(&outside, folder.join("shared/lists")).unwrap();
    let (code, _, err) = portcullis(&["check", &file]);
    assert!(code == 1 && err.contains("a symbolic link leads out of the policy's folder"), "{err}");
    // As Kubernetes mounts a ConfigMap: every file is a link into a folder beside it.
    fs::remove_file(folder.join("shared/lists")).unwrap();
    fs::create_dir_all(folder.join("..data/lists")).unwrap();
    fs::write(folder.join("..data/lists/hosts.txt"), "localhost\n").unwrap();
    symlink("../..data/lists", folder.join("shared/lists")).unwrap();
    let (code, _, err) = portcullis(&["check", &file]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file() {
    let (folder, file) = importing("");
    let hosts = folder.join("shared/lists/hosts.txt");
    fs::remove_file(&hosts).unwrap();
    assert!(Command::new("mkfifo").arg(&hosts).status().unwrap().success());
    let (code, _, err) = portcullis(&["check", &file]);
    assert!(code == 1 && err.contains("no file"), "{err}");
}
