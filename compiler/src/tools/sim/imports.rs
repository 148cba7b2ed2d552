//! Every function that the host offers: name, type, when it may be called, what it does.

use wasmi::{Caller, Engine, Error, FuncType, Linker, Val, ValType};

use super::abi::Status;
use super::calls::{buffers, foreign, headers, logging, metrics, outbound, properties, queues, shared, streams, wasi};
use super::guest::{Args, Guest};
use super::host::{Host, Mode};

/// A host call's outcome: an error is its status.
pub(crate) type Outcome = Result<(), Status>;

/// What runs for an import.
#[derive(Clone, Copy)]
enum Run {
    /// A call of the Proxy-Wasm ABI.
    Proxy(fn(&mut Guest<'_, '_>, &Args<'_>) -> Outcome),
    /// A WASI call: gives an errno.
    Wasi(fn(&mut Guest<'_, '_>, &Args<'_>) -> i32),
    /// `proc_exit`: ends the VM.
    Exit,
}

/// When an import may be called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// In callbacks.
    Callback,
    /// Also while starting.
    Start,
    /// Also while allocating.
    Allocation,
}

/// One import.
struct Import {
    name: &'static str,
    /// `i` for i32, `I` for i64; the result is one i32 except for `proc_exit`.
    parameters: &'static str,
    when: When,
    run: Run,
}

const fn proxy(name: &'static str, parameters: &'static str, run: fn(&mut Guest<'_, '_>, &Args<'_>) -> Outcome) -> Import {
    Import { name, parameters, when: When::Callback, run: Run::Proxy(run) }
}

const fn wasi(name: &'static str, parameters: &'static str, when: When, run: fn(&mut Guest<'_, '_>, &Args<'_>) -> i32) -> Import {
    Import { name, parameters, when, run: Run::Wasi(run) }
}

const ENV: &[Import] = &[
    Import { name: "proxy_log", parameters: "iii", when: When::Allocation, run: Run::Proxy(logging::log) },
    proxy("proxy_get_log_level", "i", logging::get_log_level),
    proxy("proxy_get_current_time_nanoseconds", "i", logging::get_current_time),
    proxy("proxy_set_tick_period_milliseconds", "i", streams::set_tick_period),
    proxy("proxy_set_effective_context", "i", streams::set_effective_context),
    proxy("proxy_done", "", streams::done),
    proxy("proxy_get_property", "iiii", properties::get),
    proxy("proxy_set_property", "iiii", properties::set),
    proxy("proxy_get_header_map_size", "ii", headers::size),
    proxy("proxy_get_header_map_pairs", "iii", headers::get_pairs),
    proxy("proxy_set_header_map_pairs", "iii", headers::set_pairs),
    proxy("proxy_get_header_map_value", "iiiii", headers::get_value),
    proxy("proxy_add_header_map_value", "iiiii", headers::add),
    proxy("proxy_replace_header_map_value", "iiiii", headers::replace),
    proxy("proxy_remove_header_map_value", "iii", headers::remove),
    proxy("proxy_get_buffer_bytes", "iiiii", buffers::get_bytes),
    proxy("proxy_get_buffer_status", "iii", buffers::get_status),
    proxy("proxy_set_buffer_bytes", "iiiii", buffers::set_bytes),
    proxy("proxy_continue_stream", "i", streams::continue_stream),
    proxy("proxy_close_stream", "i", streams::close_stream),
    proxy("proxy_send_local_response", "iiiiiiii", streams::send_local_response),
    proxy("proxy_get_status", "iii", outbound::get_status),
    proxy("proxy_http_call", "iiiiiiiiii", outbound::http_call),
    proxy("proxy_grpc_call", "iiiiiiiiiiii", outbound::grpc_call),
    proxy("proxy_grpc_stream", "iiiiiiiii", outbound::grpc_call),
    proxy("proxy_grpc_send", "iiii", outbound::grpc_token),
    proxy("proxy_grpc_cancel", "i", outbound::grpc_token),
    proxy("proxy_grpc_close", "i", outbound::grpc_token),
    proxy("proxy_get_shared_data", "iiiii", shared::get),
    proxy("proxy_set_shared_data", "iiiii", shared::set),
    proxy("proxy_register_shared_queue", "iii", queues::register),
    proxy("proxy_resolve_shared_queue", "iiiii", queues::resolve),
    proxy("proxy_enqueue_shared_queue", "iii", queues::enqueue),
    proxy("proxy_dequeue_shared_queue", "iii", queues::dequeue),
    proxy("proxy_define_metric", "iiii", metrics::define),
    proxy("proxy_increment_metric", "iI", metrics::increment),
    proxy("proxy_record_metric", "iI", metrics::record),
    proxy("proxy_get_metric", "ii", metrics::get),
    proxy("proxy_call_foreign_function", "iiiiii", foreign::call),
];

const WASI: &[Import] = &[
    wasi("fd_write", "iiii", When::Allocation, wasi::fd_write),
    wasi("fd_read", "iiii", When::Start, wasi::no_files),
    wasi("fd_seek", "iIii", When::Start, wasi::no_files),
    wasi("fd_close", "i", When::Start, wasi::no_files),
    wasi("fd_fdstat_get", "ii", When::Start, wasi::fd_fdstat_get),
    wasi("environ_get", "ii", When::Start, wasi::nothing),
    wasi("environ_sizes_get", "ii", When::Start, wasi::sizes),
    wasi("args_get", "ii", When::Start, wasi::nothing),
    wasi("args_sizes_get", "ii", When::Start, wasi::sizes),
    wasi("clock_time_get", "iIi", When::Allocation, wasi::clock_time_get),
    wasi("random_get", "ii", When::Start, wasi::random_get),
    wasi("sched_yield", "", When::Start, wasi::nothing),
    Import { name: "proc_exit", parameters: "i", when: When::Start, run: Run::Exit },
];

/// The module names with what each offers.
const MODULES: &[(&str, &[Import])] = &[("env", ENV), ("wasi_snapshot_preview1", WASI), ("wasi_unstable", WASI)];

/// The type of an import as `(parameters, results)` in the letters of this table; `None` when there is none.
pub(crate) fn signature(module: &str, name: &str) -> Option<(&'static str, &'static str)> {
    let (_, imports) = MODULES.iter().find(|(other, _)| *other == module)?;
    let import = imports.iter().find(|import| import.name == name)?;
    Some((import.parameters, import.results()))
}

impl Import {
    fn results(&self) -> &'static str {
        match self.run {
            Run::Proxy(_) | Run::Wasi(_) => "i",
            Run::Exit => "",
        }
    }

    fn allowed(&self, mode: Mode) -> bool {
        match mode {
            Mode::Callback => true,
            Mode::Starting => self.when != When::Callback,
            Mode::Allocating => self.when == When::Allocation,
        }
    }

    fn call(&self, caller: &mut Caller<'_, Host>, args: &[Val], results: &mut [Val]) -> Result<(), Error> {
        let host = caller.data_mut();
        host.account.host_call(self.name);
        if !self.allowed(host.mode) {
            return Err(Error::new(format!("restricted_callback: `{}` is not allowed here", self.name)));
        }
        let mut guest = Guest::new(caller);
        let args = Args(args);
        let result = match self.run {
            Run::Proxy(run) => run(&mut guest, &args).err().unwrap_or(Status::Ok) as i32,
            Run::Wasi(run) => run(&mut guest, &args),
            Run::Exit => return Err(Error::new(format!("proc_exit({})", args.word(0)))),
        };
        if let Some(slot) = results.first_mut() {
            *slot = Val::I32(result);
        }
        Ok(())
    }
}

fn types(letters: &str) -> Vec<ValType> {
    letters.chars().map(|letter| if letter == 'I' { ValType::I64 } else { ValType::I32 }).collect()
}

/// A linker that offers everything.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>, Error> {
    let mut linker = Linker::new(engine);
    for (module, imports) in MODULES {
        for import in *imports {
            let ty = FuncType::new(types(import.parameters), types(import.results()));
            linker
                .func_new(module, import.name, ty, move |mut caller, args, results| import.call(&mut caller, args, results))
                .map_err(|error| Error::new(error.to_string()))?;
        }
    }
    Ok(linker)
}
