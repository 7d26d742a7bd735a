//! Stands between the server and the C library (`LD_PRELOAD`): calls fail, or tell another time, as the files in the folder
//! `HARK_FAULTS` say. Compiled by [`machine`](crate::machine) at the start of a test, not part of any crate.
//!
//! * `sync`: `fsync` and `fdatasync` of files whose name ends as its content says fail with `EIO`.
//! * `write`: so do writes to them.
//! * `clock`: so many seconds are added to the time of day.

use std::{
    ffi::{CStr, c_char, c_int, c_long, c_void},
    fs,
    path::PathBuf,
    sync::OnceLock,
};

const EIO: c_int = 5;
const CLOCK_REALTIME: c_int = 0;
/// The next library that has the symbol.
const RTLD_NEXT: *mut c_void = -1_isize as *mut c_void;

#[repr(C)]
pub struct Timespec {
    seconds: i64,
    nanoseconds: c_long,
}

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
}

/// What the C library itself has under a name.
fn real(cell: &OnceLock<usize>, name: &CStr) -> usize {
    *cell.get_or_init(|| unsafe { dlsym(RTLD_NEXT, name.as_ptr()) } as usize)
}

fn told(name: &str) -> Option<String> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| std::env::var_os("HARK_FAULTS").map(PathBuf::from));
    fs::read_to_string(folder.as_ref()?.join(name)).ok()
}

fn fails(what: &str, file: c_int) -> bool {
    told(what).is_some_and(|end| {
        let path = fs::read_link(format!("/proc/self/fd/{file}")).unwrap_or_default();
        path.to_string_lossy().ends_with(end.trim())
    })
}

fn failed() -> c_int {
    unsafe { *__errno_location() = EIO };
    -1
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(file: c_int) -> c_int {
    static REAL: OnceLock<usize> = OnceLock::new();
    if fails("sync", file) {
        return failed();
    }
    let real: extern "C" fn(c_int) -> c_int = unsafe { std::mem::transmute(real(&REAL, c"fsync")) };
    real(file)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    static REAL: OnceLock<usize> = OnceLock::new();
    if fails("sync", file) {
        return failed();
    }
    let real: extern "C" fn(c_int) -> c_int = unsafe { std::mem::transmute(real(&REAL, c"fdatasync")) };
    real(file)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, bytes: *const c_void, length: usize) -> isize {
    static REAL: OnceLock<usize> = OnceLock::new();
    // Reading what is told writes nothing, so this ends.
    if file > 2 && fails("write", file) {
        return failed() as isize;
    }
    let real: extern "C" fn(c_int, *const c_void, usize) -> isize =
        unsafe { std::mem::transmute(real(&REAL, c"write")) };
    real(file, bytes, length)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, length: usize, at: i64) -> isize {
    static REAL: OnceLock<usize> = OnceLock::new();
    if fails("write", file) {
        return failed() as isize;
    }
    let real: extern "C" fn(c_int, *const c_void, usize, i64) -> isize =
        unsafe { std::mem::transmute(real(&REAL, c"pwrite64")) };
    real(file, bytes, length, at)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, length: usize, at: i64) -> isize {
    unsafe { pwrite64(file, bytes, length, at) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    static REAL: OnceLock<usize> = OnceLock::new();
    let real: extern "C" fn(c_int, *mut Timespec) -> c_int =
        unsafe { std::mem::transmute(real(&REAL, c"clock_gettime")) };
    let answer = real(clock, time);
    if clock == CLOCK_REALTIME && answer == 0 {
        let later = told("clock").and_then(|seconds| seconds.trim().parse::<i64>().ok());
        unsafe { (*time).seconds += later.unwrap_or(0) };
    }
    answer
}
