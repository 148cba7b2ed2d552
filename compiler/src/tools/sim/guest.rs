//! A host call's way into the guest: checked memory access and allocation of what is returned.

use wasmi::{AsContext, AsContextMut, Caller, Val};

use super::abi::Status;
use super::host::{Host, Mode};

/// The calling guest during one host call.
pub(crate) struct Guest<'call, 'store> {
    caller: &'call mut Caller<'store, Host>,
}

/// The arguments of a host call.
pub(crate) struct Args<'call>(pub(crate) &'call [Val]);

impl Args<'_> {
    /// An i32 argument.
    pub(crate) fn word(&self, index: usize) -> u32 {
        self.0.get(index).and_then(Val::i32).unwrap_or(0).cast_unsigned()
    }

    /// An i64 argument.
    pub(crate) fn long(&self, index: usize) -> i64 {
        self.0.get(index).and_then(Val::i64).unwrap_or(0)
    }
}

impl<'call, 'store> Guest<'call, 'store> {
    /// Wraps the caller.
    pub(crate) fn new(caller: &'call mut Caller<'store, Host>) -> Self {
        Self { caller }
    }

    /// The host state.
    pub(crate) fn host(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// Bytes of guest memory; 6 when out of bounds, also for no bytes past the end.
    pub(crate) fn read(&mut self, at: u32, size: u32) -> Result<Vec<u8>, Status> {
        let memory = self.caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
        let data = memory.data(self.caller.as_context());
        let start = usize::try_from(at).map_err(|_| Status::InvalidMemoryAccess)?;
        let size = usize::try_from(size).map_err(|_| Status::InvalidMemoryAccess)?;
        let end = start.checked_add(size).ok_or(Status::InvalidMemoryAccess)?;
        let bytes = data.get(start..end).map(<[u8]>::to_vec).ok_or(Status::InvalidMemoryAccess)?;
        self.caller.data_mut().account.host_bytes += bytes.len() as u64;
        Ok(bytes)
    }

    /// Writes to guest memory; 6 when out of bounds.
    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Status> {
        let memory = self.caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
        let start = usize::try_from(at).map_err(|_| Status::InvalidMemoryAccess)?;
        memory.write(self.caller.as_context_mut(), start, bytes).map_err(|_| Status::InvalidMemoryAccess)
    }

    /// Writes a u32.
    pub(crate) fn write_word(&mut self, at: u32, value: u32) -> Result<(), Status> {
        self.write(at, &value.to_le_bytes())
    }

    /// Writes a u64.
    pub(crate) fn write_long(&mut self, at: u32, value: u64) -> Result<(), Status> {
        self.write(at, &value.to_le_bytes())
    }

    /// Hands bytes to the guest in memory that its own allocator gives. Nothing is allocated for no bytes.
    pub(crate) fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Result<(), Status> {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let pointer = if size == 0 { 0 } else { self.allocate(size)? };
        if size != 0 {
            self.write(pointer, bytes)?;
            self.caller.data_mut().account.host_bytes += u64::from(size);
        }
        self.write_word(pointer_at, pointer)?;
        self.write_word(size_at, size)
    }

    /// Asks the guest for memory. A trap in there kills the VM, yet the interrupted callback runs on and sees 6.
    fn allocate(&mut self, size: u32) -> Result<u32, Status> {
        let host = self.caller.data_mut();
        let function = host.allocate.ok_or(Status::InvalidMemoryAccess)?;
        let outer = std::mem::replace(&mut host.mode, Mode::Allocating);
        let mut result = [Val::I32(0)];
        let called = function.call(self.caller.as_context_mut(), &[Val::I32(size.cast_signed())], &mut result);
        let host = self.caller.data_mut();
        host.mode = outer;
        if let Err(error) = called {
            host.failed.get_or_insert(format!("the allocation export failed: {error}"));
            return Err(Status::InvalidMemoryAccess);
        }
        match result.first().and_then(Val::i32).unwrap_or(0).cast_unsigned() {
            0 => Err(Status::InvalidMemoryAccess),
            pointer => Ok(pointer),
        }
    }
}
