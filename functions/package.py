#!/usr/bin/env python3
"""Builds the functions for Lambda and packages them: functions/package.py [OPTION...] [FUNCTION...].

    functions/package.py                   all functions, into target/lambda
    functions/package.py write-brief       one of them, as while working on its size
    functions/package.py --output /tmp/a   elsewhere
    functions/package.py --check           builds nothing: is there what building needs?

DIR/<function>/bootstrap.zip is the package and DIR/<function>/bootstrap the program in it. DIR/manifest.json names
every package by its SHA-256; Terraform deploys what it names. The same source and tools give the same bytes, wherever
the repository lies: paths of this machine stay out of the programs, and archives hold no times.

Builds with cargo-lambda, which brings zig as linker and C compiler; both are installed into .cache/lambda, pinned.
Exit codes: 0 packaged, 1 something is missing or failed (the last line says what).
"""

import argparse
import base64
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "functions/requirements.txt"
NO_UNWINDING = ROOT / "functions/no-unwinding.ld"
TOOLS = ROOT / ".cache/lambda"
PROFILE = "lambda-release"
# What Rust's compiler is told for the processors of Lambda: every arm64 one is a Neoverse N1 or newer.
PROCESSORS = {"aarch64": ["-Ctarget-cpu=neoverse-n1"], "x86_64": []}
# What a cold start downloads, and what every version that is kept takes: ARCHITECTURE.md promises it for arm64.
MAX_ZIP_BYTES = {"aarch64": 3_000_000}


class Failure(Exception):
    """What the user is told in one line."""


def say(text):
    print(f"build: {text}", file=sys.stderr, flush=True)


def call(command, **options):
    try:
        return subprocess.run(command, check=True, **options)
    except FileNotFoundError:
        raise Failure(f"{command[0]} is missing: run `make setup`, then run this again") from None
    except subprocess.CalledProcessError as error:
        raise Failure(f"`{shlex.join(map(str, command))}` failed ({error.returncode}), see above") from None


def output_of(*command):
    return call(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout.strip()


def target_of(arch):
    return f"{arch}-unknown-linux-gnu"


def need_target(target):
    """cargo-lambda would install the target by itself, and fail without a word where rustup cannot."""
    libraries = Path(output_of("rustc", "--print", "target-libdir", "--target", target))
    if not any(libraries.glob("libstd-*.rlib")):
        raise Failure(f"Rust's target {target} is missing: run `rustup target add {target}`, then run this again")


def need_tools():
    """Installs cargo-lambda and zig; a second run finds its work done."""
    call([ROOT / "local/venv.sh", TOOLS.name, REQUIREMENTS])
    return TOOLS / "bin"


def environment(tools, arch, target):
    """What the compilers are told: every path that differs between machines or clones is written as a fixed one."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    sysroot = output_of("rustc", "--print", "sysroot")
    paths = {str(ROOT): "/videoflow", str(home): "/cargo", sysroot: "/rust"}
    # The profile aborts on a panic: tables for unwinding serve nobody.
    rust_flags = [*PROCESSORS[arch], "-Cforce-unwind-tables=no", "-Clink-arg=-T", f"-Clink-arg={NO_UNWINDING}"]
    rust_flags += [f"--remap-path-prefix={path}={name}" for path, name in paths.items()]
    c_flags = [f"-ffile-prefix-map={path}={name}" for path, name in paths.items()]
    return os.environ | {
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(rust_flags),
        # Paths may have spaces.
        "CC_SHELL_ESCAPED_FLAGS": "1",
        f"CFLAGS_{target.replace('-', '_')}": shlex.join(c_flags),
    }


def build(functions, deployed, arch, folder):
    """All packages are named whatever is built: the features of what they share, and so the bytes, depend on them."""
    target = target_of(arch)
    command = ["cargo", "lambda", "build", "--locked", "--profile", PROFILE, "--target", target, "--skip-target-check"]
    command += ["--output-format", "binary", "--lambda-dir", folder]
    command += [option for function in deployed for option in ("--package", function)]
    command += [option for function in functions for option in ("--bin", function)]
    call(command, cwd=ROOT, env=environment(need_tools(), arch, target))


def package(program, archive):
    """An archive of one executable, with neither times nor owners in it."""
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3  # Unix, whose permissions follow: a regular file that all may run.
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, program.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def entry_of(archive, folder):
    digest = hashlib.sha256(archive.read_bytes()).digest()
    return {"path": str(archive.relative_to(folder)), "sha256": base64.b64encode(digest).decode()}


def package_all(functions, deployed, arch, folder):
    """Packages what was built, and lists whatever is packaged there."""
    limit = MAX_ZIP_BYTES.get(arch)
    too_large = []
    for function in functions:
        archive = folder / function / "bootstrap.zip"
        package(folder / function / "bootstrap", archive)
        size = archive.stat().st_size
        too_large += [function] if limit and size > limit else []
        print(f"{function:20} {size / 1e6:5.2f} MB")
    if too_large:
        raise Failure(f"more than {limit / 1e6:.0f} MB: {', '.join(too_large)}")
    archives = {function: folder / function / "bootstrap.zip" for function in deployed}
    manifest = {function: entry_of(archive, folder) for function, archive in archives.items() if archive.exists()}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog=__doc__.partition("\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="functions to build [default: all]")
    parser.add_argument("--output", metavar="DIR", type=Path, default=ROOT / "target/lambda", help="where to [default: target/lambda]")
    parser.add_argument("--arch", choices=PROCESSORS, default="aarch64", help="processors [default: aarch64, Lambda's arm64]")
    parser.add_argument("--check", action="store_true", help="only see whether there is what building needs")
    arguments = parser.parse_args()
    deployed = sorted(json.loads((ROOT / "functions/functions.json").read_text()))
    functions = arguments.functions or deployed
    try:
        unknown = sorted(set(functions) - set(deployed))
        if unknown:
            raise Failure(f"no such function: {', '.join(unknown)}; there are {', '.join(deployed)}")
        need_target(target_of(arguments.arch))
        if arguments.check:
            return
        started = time.monotonic()
        say(f"building {len(functions)} functions for {arguments.arch}; from cold, all of them take some twenty minutes")
        folder = arguments.output.resolve()
        build(functions, deployed, arguments.arch, folder)
        package_all(functions, deployed, arguments.arch, folder)
        say(f"{len(functions)} packages in {arguments.output} ({time.monotonic() - started:.0f} s)")
    except Failure as failure:
        say(failure)
        sys.exit(1)


if __name__ == "__main__":
    main()
