#!/usr/bin/env python3
"""Make libc.so, libm.so, libdl.so, liblog.so and GL stubs for glibc, so that Android x86_64 libraries load unmodified.

gen.py OUT SO...: reads which names the libraries want of bionic. Those that shim.c defines are its own; every other is
a jump to the glibc function of that name, resolved when the library is loaded. For tests only. Needs gcc and nm.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STUBS = ("libm", "libdl", "liblog", "libGLESv3", "libEGL", "libandroid")
"""Everything is in libc.so: these must only be found."""
CC = ("gcc", "-shared", "-fPIC", "-O1", "-fno-builtin", "-fno-stack-protector")


def output_of(*words: str) -> str:
    """Standard output of a program; ends with its complaint where it fails."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"shim: {' '.join(words[:3])} ... failed: {done.stderr.strip()}")
    return done.stdout


def wanted(library: str) -> set[str]:
    """Names that a library leaves undefined, weak ones (which may stay so) left out."""
    lines = output_of("nm", "-D", "--undefined-only", library).splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines if line.split()[-2] == "U"}


def defined(source: str) -> set[str]:
    """Names that shim.c gives with version LIBC: every `EXPORT(name)` and `AS(own, name)` in it."""
    names = set()
    for line in source.splitlines():
        for word in ("EXPORT(", "AS("):
            if line.startswith(word):
                names.add(line[len(word) : line.index(")")].split(",")[-1].strip())
    return names


def trampolines(names: list[str]) -> str:
    """Assembly: a table of addresses, a list of names for it, and one jump a name."""
    lines = [".text"]
    for index, name in enumerate(names):
        lines += [f".globl to_{name}", f".type to_{name},@function", f"to_{name}: jmp *shim_table+{8 * index}(%rip)"]
        lines += [f".symver to_{name}, {name}@LIBC"]
    lines += [".section .rodata", ".globl shim_names", ".hidden shim_names", "shim_names:"]
    lines += [f'.asciz "{name}"' for name in names] + [".byte 0"]
    lines += [".bss", ".globl shim_table", ".hidden shim_table", ".align 8", f"shim_table: .zero {8 * len(names) + 8}"]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


def main() -> None:
    """Write OUT/lib/*.so."""
    out, libraries = Path(sys.argv[1]), sys.argv[2:]
    (out / "lib").mkdir(parents=True, exist_ok=True)
    source = HERE / "shim.c"
    names = sorted(set().union(*map(wanted, libraries)) - defined(source.read_text()))
    (out / "jumps.s").write_text(trampolines(names))
    (out / "versions.map").write_text("LIBC { global: *; };\nLIBC_N { global: *; } LIBC;\n")
    script = f"-Wl,--version-script={out / 'versions.map'}"
    own = [str(source), str(out / "jumps.s"), "-Wl,-soname,libc.so", "-Wl,--no-as-needed", "-lm", "-ldl"]
    output_of(*CC, script, "-o", str(out / "lib/libc.so"), *own)
    for name in STUBS:
        stub = out / "stub.c"
        stub.write_text(f"int edgekit_shim_{name};\n")
        output_of(*CC, script, f"-Wl,-soname,{name}.so", "-o", str(out / f"lib/{name}.so"), str(stub))
    print(f"shim: {len(names)} names forwarded to glibc")


if __name__ == "__main__":
    main()
