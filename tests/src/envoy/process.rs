//! A running Envoy. In: a bootstrap. Out: its ports, its counters, its log; it ends when the value is dropped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use portcullis::tools::engine::EngineError;
use serde_json::Value;

use super::clock::Clock;
use super::fault;
use super::install::{envoy, target_folder};

/// Starting takes well under a second on an idle machine.
const START: Duration = Duration::from_secs(60);

/// One Envoy process.
#[derive(Debug)]
pub struct Envoy {
    child: Child,
    folder: PathBuf,
    admin: u16,
    port: u16,
}

/// A folder of its own for a run, under the target folder; modules to load go there too.
///
/// # Errors
/// When it cannot be created.
pub fn run_folder() -> Result<PathBuf, EngineError> {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let folder = target_folder()?.join("envoy-runs").join(format!("{}-{run}", id()));
    fs::create_dir_all(&folder).map_err(fault("creating the folder of an Envoy run"))?;
    Ok(folder)
}

impl Envoy {
    /// Starts Envoy with a bootstrap and so many worker threads, and waits until it is live. Takes over `folder`,
    /// which is removed in the end.
    ///
    /// # Errors
    /// When Envoy refuses the bootstrap or a module refuses its configuration: what the module or Envoy logged.
    pub fn start(bootstrap: &Value, workers: u32, folder: PathBuf) -> Result<Self, EngineError> {
        Self::launch(bootstrap, workers, None, folder)
    }

    /// Like `start`, with a clock that the test sets.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_with(bootstrap: &Value, workers: u32, clock: &Clock, folder: PathBuf) -> Result<Self, EngineError> {
        Self::launch(bootstrap, workers, Some(clock), folder)
    }

    fn launch(bootstrap: &Value, workers: u32, clock: Option<&Clock>, folder: PathBuf) -> Result<Self, EngineError> {
        let file = folder.join("bootstrap.json");
        fs::write(&file, bootstrap.to_string()).map_err(fault("writing the bootstrap"))?;
        let log = File::create(folder.join("log")).map_err(fault("creating the log of Envoy"))?;
        let mut command = Command::new(envoy()?);
        command
            .arg("-c")
            .arg(&file)
            .args(["--use-dynamic-base-id", "-l", "warning", "--component-log-level", "wasm:info", "--concurrency"])
            .arg(workers.to_string())
            .arg("--admin-address-path")
            .arg(folder.join("admin"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        for (name, path) in clock.iter().flat_map(|clock| clock.environment()) {
            command.env(name, path);
        }
        let child = spawn(command)?;
        let mut envoy = Self { child, folder, admin: 0, port: 0 };
        envoy.wait_until_live()?;
        Ok(envoy)
    }

    fn wait_until_live(&mut self) -> Result<(), EngineError> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            if self.child.try_wait().map_err(fault("waiting for Envoy"))?.is_some() {
                return Err(EngineError(reason(&self.log())));
            }
            if let Some(port) = port_in(&self.folder.join("admin")) {
                self.admin = port;
                if self.admin("/ready").is_ok_and(|answer| answer.starts_with("LIVE")) {
                    self.port = self.listener_port()?;
                    return Ok(());
                }
            }
            sleep(Duration::from_millis(10));
        }
        Err(EngineError(format!("Envoy was not live after {} s\n{}", START.as_secs(), self.log())))
    }

    /// The port of the first listener.
    fn listener_port(&self) -> Result<u16, EngineError> {
        let listeners: Value =
            serde_json::from_str(&self.admin("/listeners?format=json")?).map_err(fault("reading the list of listeners"))?;
        listeners
            .pointer("/listener_statuses/0/local_address/socket_address/port_value")
            .and_then(Value::as_u64)
            .and_then(|port| u16::try_from(port).ok())
            .ok_or_else(|| EngineError(format!("Envoy has no listener: {listeners}")))
    }

    /// The port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that Envoy and its modules logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.folder.join("log")).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// The body that the admin interface answers a GET with.
    ///
    /// # Errors
    /// When the interface does not answer.
    pub fn admin(&self, path: &str) -> Result<String, EngineError> {
        let doing = "asking Envoy's admin interface";
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.admin)).map_err(fault(doing))?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(fault(doing))?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(fault(doing))?;
        let mut reader = std::io::BufReader::new(stream);
        let head = super::wire::read_head(&mut reader).map_err(fault(doing))?;
        let head = head.ok_or_else(|| EngineError(format!("{doing}: no answer")))?;
        let tail = super::wire::read_tail(&mut reader, &head.headers, false);
        String::from_utf8(tail.body).map_err(fault(doing))
    }

    /// Processor time of all threads so far, in nanoseconds.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn processor_time(&self) -> Result<u64, EngineError> {
        let doing = "reading Envoy's processor time";
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).map_err(fault(doing))?;
        let mut sum = 0_u64;
        for task in tasks {
            let mut text = String::new();
            let path = task.map_err(fault(doing))?.path().join("schedstat");
            File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map_err(fault(doing))?;
            let time = text.split(' ').next().and_then(|number| number.parse::<u64>().ok());
            sum += time.ok_or_else(|| EngineError(format!("{doing}: `{text}`")))?;
        }
        Ok(sum)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
        // The log of a failed test stays.
        if !thread::panicking() {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// The port at the end of an address file, once it is written.
fn port_in(file: &Path) -> Option<u16> {
    fs::read_to_string(file).ok()?.trim().rsplit(':').next()?.parse().ok()
}

/// Why Envoy did not start: what the module said, and what Envoy called critical.
fn reason(log: &str) -> String {
    let telling: Vec<&str> = log.lines().filter(|line| line.contains("wasm log") || line.contains("[critical]")).collect();
    if telling.is_empty() { format!("Envoy did not start\n{log}") } else { telling.join("\n") }
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// Spawns from one thread that lives as long as the test process: the kernel ends an Envoy with the thread that
/// spawned it, and the test runner's threads end early.
fn spawn(command: Command) -> Result<Child, EngineError> {
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (sender, orders) = channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in orders {
                // Whoever ordered waits for the answer.
                drop(answer.send(command.spawn()));
            }
        });
        sender
    });
    let (sender, answer) = channel();
    spawner.send((command, sender)).map_err(fault("ordering an Envoy"))?;
    answer.recv().map_err(fault("ordering an Envoy"))?.map_err(fault("starting Envoy"))
}
