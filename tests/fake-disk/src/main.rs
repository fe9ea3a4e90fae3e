//! `fake-disk FAULT[,FAULT]... PROGRAM [ARGUMENT]...`: runs a program in which certain system calls fail, as they do on a
//! file system that cannot do them. Every thread and child of it is bound by it; nothing else is.
//!
//! A fault is `CALL:ERRNO`, with a call of `flock`, `lock` (record locks by `fcntl`), `shm` (the memory that processes
//! share by `mmap`, and its file), `sync` (`fsync` and `fdatasync`), and a number for the error: 37 is ENOLCK, 5 is EIO.
//!
//! It is a filter that the kernel runs before each system call, so it binds static and raw calls too. It needs no right.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

#[cfg(target_arch = "x86_64")]
mod numbers {
    pub const ARCH: u32 = 0xc000_003e;
    pub const FLOCK: u32 = 73;
    pub const FCNTL: u32 = 72;
    pub const FSYNC: u32 = 74;
    pub const FDATASYNC: u32 = 75;
    pub const MMAP: u32 = 9;
}
#[cfg(target_arch = "aarch64")]
mod numbers {
    pub const ARCH: u32 = 0xc000_00b7;
    pub const FLOCK: u32 = 32;
    pub const FCNTL: u32 = 25;
    pub const FSYNC: u32 = 82;
    pub const FDATASYNC: u32 = 83;
    pub const MMAP: u32 = 222;
}

/// One instruction of the filter.
#[repr(C)]
#[derive(Clone, Copy)]
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

/// A filter as the kernel takes it.
#[repr(C)]
struct Filter {
    length: u16,
    instructions: *const Instruction,
}

unsafe extern "C" {
    fn prctl(option: i32, ...) -> i32;
}

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const ALLOW: u32 = 0x7fff_0000;
const FAIL: u32 = 0x0005_0000;
/// Where the kernel puts the call's number, its architecture, and the low half of an argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const fn argument(nth: u32) -> u32 {
    16 + 8 * nth
}

const fn op(code: u16, value: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction { code, if_true, if_false, value }
}

/// A call fails if it has this number.
fn fails(number: u32, errno: u32) -> Vec<Instruction> {
    vec![op(LOAD, NUMBER, 0, 0), op(EQUAL, number, 0, 1), op(RETURN, FAIL | errno, 0, 0)]
}

/// A call fails if it has this number, and its argument is one of these.
fn fails_with(number: u32, nth: u32, values: &[u32], errno: u32) -> Vec<Instruction> {
    let mut all = Vec::new();
    for value in values {
        all.extend([
            op(LOAD, NUMBER, 0, 0),
            op(EQUAL, number, 0, 3),
            op(LOAD, argument(nth), 0, 0),
            op(EQUAL, *value, 0, 1),
            op(RETURN, FAIL | errno, 0, 0),
        ]);
    }
    all
}

/// Memory that is shared and writable, of a file: `MAP_SHARED` with `PROT_WRITE`, and not anonymous.
fn fails_to_share(errno: u32) -> Vec<Instruction> {
    vec![
        op(LOAD, NUMBER, 0, 0),
        op(EQUAL, numbers::MMAP, 0, 6),
        op(LOAD, argument(2), 0, 0),
        op(ANY_BIT, 2, 0, 4),
        op(LOAD, argument(3), 0, 0),
        op(ANY_BIT, 0x20, 2, 0),
        op(ANY_BIT, 1, 0, 1),
        op(RETURN, FAIL | errno, 0, 0),
    ]
}

fn faults(text: &str) -> Option<Vec<Instruction>> {
    let mut filter = vec![op(LOAD, ARCHITECTURE, 0, 0), op(EQUAL, numbers::ARCH, 1, 0), op(RETURN, ALLOW, 0, 0)];
    for fault in text.split(',') {
        let (call, errno) = fault.split_once(':')?;
        let errno: u32 = errno.parse().ok().filter(|errno| *errno > 0 && *errno < 4096)?;
        match call {
            "flock" => filter.extend(fails(numbers::FLOCK, errno)),
            // F_SETLK, F_SETLKW and those of open file descriptions.
            "lock" => filter.extend(fails_with(numbers::FCNTL, 1, &[6, 7, 37, 38], errno)),
            "sync" => {
                filter.extend(fails(numbers::FSYNC, errno));
                filter.extend(fails(numbers::FDATASYNC, errno));
            }
            "shm" => filter.extend(fails_to_share(errno)),
            _ => return None,
        }
    }
    filter.push(op(RETURN, ALLOW, 0, 0));
    Some(filter)
}

/// Binds this process and all that it becomes.
fn bind(instructions: &[Instruction]) -> bool {
    const NO_NEW_PRIVILEGES: i32 = 38;
    const SECCOMP: i32 = 22;
    const FILTER: u64 = 2;
    let Ok(length) = u16::try_from(instructions.len()) else { return false };
    let filter = Filter { length, instructions: instructions.as_ptr() };
    // SAFETY: the filter and its instructions live until both calls are over; the kernel copies them.
    unsafe {
        prctl(NO_NEW_PRIVILEGES, 1_u64, 0_u64, 0_u64, 0_u64) == 0
            && prctl(SECCOMP, FILTER, &raw const filter, 0_u64, 0_u64) == 0
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let filter = arguments.next().and_then(|text| faults(text.to_str()?));
    let (Some(filter), Some(program)) = (filter, arguments.next()) else {
        eprintln!("fake-disk FAULT[,FAULT]... PROGRAM [ARGUMENT]...");
        return ExitCode::from(2);
    };
    if !bind(&filter) {
        eprintln!("fake-disk: this system lets no filter be set");
        return ExitCode::from(77);
    }
    let error = Command::new(program).args(arguments).exec();
    eprintln!("fake-disk: {error}");
    ExitCode::from(126)
}
