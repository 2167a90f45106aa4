#!/usr/bin/env python3
"""Times how functions start: functions/cold_start.py [--runs N] [--json] [DIR].

    functions/cold_start.py                          the packages' programs, in target/lambda
    functions/cold_start.py --runs 50 target/debug   those that cargo built

Every start is a new process; the time is from its spawning to its first question for an invocation at the Runtime API,
which is this script. What Lambda adds (fetching the package, making the sandbox) is not in it. Programs for other
processors run by QEMU, and their times say little: the table marks them.
Exit codes: 0 timed, 1 a program is missing or does not start.
"""

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEXT = b"GET /2018-06-01/runtime/invocation/next "
LIMIT_SECONDS = 30
MACHINES = {0xB7: "aarch64", 0x3E: "x86_64"}


class Failure(Exception):
    """What the user is told in one line."""


def program_of(folder, function):
    for path in (folder / function / "bootstrap", folder / function):
        if path.is_file():
            return path
    raise Failure(f"there is no program of {function} in {folder}: run `make build`, then run this again")


def command_of(program):
    """How the program is run here, and whether it is emulated."""
    machine = MACHINES.get(program.read_bytes()[18])
    if machine == platform.machine():
        return [program], False
    emulator = f"qemu-{machine}-static"
    if shutil.which(emulator) is None:
        raise Failure(f"{program} is for {machine}, and {emulator} is missing: install qemu-user-static")
    return [emulator, "-L", f"/usr/{machine}-linux-gnu", program], True


def environment_of(settings, address):
    given = {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "group",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "PATH": os.environ["PATH"],
    }
    # A setting that is a name, an ARN or a URL to whoever only reads it, or a number.
    return given | {name: "3" if name.endswith("_LIMIT") else "arn:aws:service:us-east-1:000000000000:name" for name in settings}


def accept(listener, process):
    """The first connection, unless the program ends before."""
    listener.settimeout(0.5)
    for _ in range(2 * LIMIT_SECONDS):
        try:
            return listener.accept()[0]
        except TimeoutError:
            if process.poll() is not None:
                raise Failure(f"{process.args[-1]} ended with exit code {process.returncode}, see above") from None
    raise Failure(f"{process.args[-1]} asked for nothing within {LIMIT_SECONDS} s")


def start(command, settings):
    """Milliseconds to the first question, and the memory in use at that moment in MB."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment_of(settings, f"{host}:{port}"), stdout=subprocess.DEVNULL)
        try:
            connection = accept(listener, process)
            with connection:
                connection.settimeout(LIMIT_SECONDS)
                asked = connection.recv(4096)
                took = (time.perf_counter() - began) * 1000
                # Before the connection ends, and the process with it.
                status = Path(f"/proc/{process.pid}/status").read_text()
                process.kill()
        finally:
            process.kill()
            process.wait()
    if not asked.startswith(NEXT):
        raise Failure(f"{command[-1]} asked for something else: {asked[:80]!r}")
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return took, kilobytes / 1000


def measure(folder, function, settings, runs):
    program = program_of(folder, function)
    command, is_emulated = command_of(program)
    start(command, settings)  # Reads the program from disk.
    starts = [start(command, settings) for _ in range(runs)]
    times = sorted(took for took, _ in starts)
    archive = program.with_name("bootstrap.zip")
    return {
        "function": function,
        "zipMegabytes": round(archive.stat().st_size / 1e6, 2) if archive.exists() else None,
        "programMegabytes": round(program.stat().st_size / 1e6, 2),
        "minimumMs": round(times[0], 1),
        "medianMs": round(statistics.median(times), 1),
        "maximumMs": round(times[-1], 1),
        "memoryMegabytes": round(statistics.median(memory for _, memory in starts), 1),
        "isEmulated": is_emulated,
    }


def show(row):
    zipped = f"{row['zipMegabytes']:5.2f}" if row["zipMegabytes"] else "    –"
    times = " | ".join(f"{row[name]:6.1f}" for name in ("minimumMs", "medianMs", "maximumMs"))
    mark = " | emulated" if row["isEmulated"] else ""
    return f"| {row['function']:19} | {zipped} | {row['programMegabytes']:5.2f} | {times} | {row['memoryMegabytes']:5.1f} |{mark}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog=__doc__.partition("\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    default = ROOT / "target/lambda"
    parser.add_argument("folder", nargs="?", metavar="DIR", type=Path, default=default, help="the programs [default: target/lambda]")
    parser.add_argument("--runs", metavar="N", type=int, default=20, help="starts of each function [default: 20]")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    functions = json.loads((ROOT / "functions/functions.json").read_text())
    if not arguments.json:
        print("| function | zip MB | program MB | min ms | median ms | max ms | memory MB |")
        print("|---|---:|---:|---:|---:|---:|---:|")
    try:
        for function, deployment in sorted(functions.items()):
            row = measure(arguments.folder, function, deployment["environment"], arguments.runs)
            print(json.dumps(row) if arguments.json else show(row), flush=True)
    except Failure as failure:
        print(f"cold start: {failure}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
