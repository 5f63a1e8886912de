//! Calls of 32-bit programs, which a 64-bit kernel runs too.
#![cfg(target_arch = "x86_64")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::lives::Lives;
use super::trace::{in_time, is_allowed, record};
use super::{has, in_both, only_child};

/// A program for i386: it forks, the child exits with status 3, the parent waits for
/// it, prints a line and exits with status 7.
fn program() -> Vec<u8> {
    const BASE: u32 = 0x0804_8000;
    const CODE: u32 = BASE + 52 + 32;
    let mut code = vec![
        0xb8, 2, 0, 0, 0, // mov eax, 2 (fork)
        0xcd, 0x80, // int 0x80
        0x85, 0xc0, // test eax, eax
        0x75, 12, // jnz to the parent's part
        0xb8, 1, 0, 0, 0, // mov eax, 1 (exit)
        0xbb, 3, 0, 0, 0, // mov ebx, 3
        0xcd, 0x80, // int 0x80
        0x89, 0xc3, // mov ebx, eax
        0xb8, 7, 0, 0, 0, // mov eax, 7 (waitpid)
        0x31, 0xc9, // xor ecx, ecx
        0x31, 0xd2, // xor edx, edx
        0xcd, 0x80, // int 0x80
        0xb8, 4, 0, 0, 0, // mov eax, 4 (write)
        0xbb, 1, 0, 0, 0,    // mov ebx, 1
        0xb9, // mov ecx, the text's address
    ];
    let behind = [
        0xba, 7, 0, 0, 0, // mov edx, 7
        0xcd, 0x80, // int 0x80
        0xb8, 1, 0, 0, 0, // mov eax, 1 (exit)
        0xbb, 7, 0, 0, 0, // mov ebx, 7
        0xcd, 0x80, // int 0x80
    ];
    let text = CODE + (code.len() + 4 + behind.len()) as u32;
    code.extend(text.to_le_bytes());
    code.extend(behind);
    code.extend(b"32 bit\n");
    let size = 52 + 32 + code.len() as u32;

    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // The ELF header: an executable for i386, its entry, one program header behind it.
    file.extend([2_u16, 3].into_iter().flat_map(u16::to_le_bytes));
    file.extend([1, CODE, 52, 0, 0].into_iter().flat_map(u32::to_le_bytes));
    file.extend([52_u16, 32, 1, 40, 0, 0].into_iter().flat_map(u16::to_le_bytes));
    // The program header: the whole file is loaded, to be read and executed.
    file.extend([1, 0, BASE, BASE, size, size, 5, 0x1000].into_iter().flat_map(u32::to_le_bytes));
    file.extend(code);
    file
}

#[test]
fn a_32_bit_program_runs_and_its_calls_have_their_own_names() {
    if !is_allowed() {
        return;
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("program-32");
    // Not written by this process: a test that forks at that time would keep it open, and
    // a file open for writing cannot be started.
    let source = path.with_extension("bytes");
    fs::write(&source, program()).unwrap();
    assert!(Command::new("cp").arg(&source).arg(&path).status().unwrap().success());
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    match in_time(&path).output().unwrap() {
        alone if alone.status.code() == Some(7) => assert_eq!(alone.stdout, b"32 bit\n"),
        alone => return eprintln!("passed over: no 32-bit programs here: {alone:?}"),
    }
    for selection in ["shown", "all"] {
        let trace = record(selection, &[path.to_str().unwrap()], "1");
        let lives = Lives::of(&trace);
        let child = only_child(&lives, lives.root);
        assert_eq!(*lives.end(child), json!({ "exited": 3 }), "{lives:#?}");
        assert_eq!(*lives.end(lives.root), json!({ "exited": 7 }), "{lives:#?}");
        let calls: Vec<&Value> = lives.events[&lives.root]
            .iter()
            .map(|event| &event["call"])
            .filter(|call| !call.is_null())
            .collect();
        assert_eq!(calls, ["execve", "fork", "wait4", "write", "exit"], "{lives:#?}");
        let own = &lives.events[&lives.root];
        for text in [
            format!("fork → pid {child}"),
            format!("wait for pid {child} → pid {child}, after "),
            "print \"32 bit\\n\"".to_owned(),
            "exit this thread, status 7".to_owned(),
        ] {
            assert!(has(own, &text), "{text}: {own:#?}");
        }
    }
}

#[test]
fn a_32_bit_call_of_a_64_bit_program_is_one() {
    in_both("32-bit-call", |lives| {
        assert_eq!(*lives.end(lives.root), json!({ "exited": 0 }), "{lives:#?}");
        let own = &lives.events[&lives.root];
        // The number alone would be writev.
        assert!(!has(own, "writev"), "{own:#?}");
        let is_all = own.iter().any(|event| event["group"] == "other");
        let told = has(own, &format!("32-bit call getpid → {}", lives.root));
        assert_eq!(told, is_all, "{own:#?}");
    });
}
