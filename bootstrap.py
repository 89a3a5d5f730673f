"""Makes or mends the checkout's .venv; needs nothing but Python 3.11 and pip.

Called by ./truetape when the stamp in .venv does not match. One process works
at a time (a lock file), the stamp is written last, and an environment without
a stamp is made anew: whatever interrupts a run, the next one mends it.
"""

import fcntl
import os
import shutil
import ssl
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
TARGETS = {"base": ".", "dev": ".[dev]"}


def main() -> int:
    wanted = sys.argv[1]
    try:
        with (HERE / ".venv.lock").open("w") as lock:
            take_turn(lock)
            if not is_current(wanted):
                make(wanted)
    except PermissionError as error:
        say(f"cannot write {error.filename}: run as the user who owns {HERE}.")
        return 1
    except OSError as error:
        say(f"cannot make {VENV}: {error.strerror or error}.")
        return 1
    except subprocess.CalledProcessError as error:
        say(f"installing the dependencies failed (exit code {error.returncode}).")
        say("If the messages above speak of the network, try again once it is back.")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def take_turn(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another start is making the environment; waiting for it ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def is_current(wanted: str) -> bool:
    stamp = VENV / f"stamp.{wanted}"
    return os.access(PYTHON, os.X_OK) and stamp.is_file() and stamp.read_text() == expected_stamp()


def expected_stamp() -> str:
    """What ./truetape compares: the checkout's path, then both files."""
    files = (HERE / "pyproject.toml", HERE / "constraints.txt")
    return f"{HERE}\n" + "".join(file.read_text() for file in files)


def make(wanted: str) -> None:
    stamp = expected_stamp()
    stamps = sorted(VENV.glob("stamp.*"))
    if "dev" in {stamp.suffix.lstrip(".") for stamp in stamps}:
        # Who has the tools for development once keeps them in step.
        wanted = "dev"
    if not usable(stamps):
        say(f"making {VENV} (first start: about a minute) ...")
        create()
    else:
        say(f"bringing {VENV} up to date ...")
    if not is_current("base"):
        for outdated in stamps:
            outdated.unlink(missing_ok=True)
    install(wanted)
    for name in {"base", wanted}:
        write_stamp(name, stamp)
    say("ready.")


def usable(stamps: list[Path]) -> bool:
    """Whether the environment was once finished, and for this very folder."""
    made_for = {stamp.read_text().partition("\n")[0] for stamp in stamps}
    return os.access(PYTHON, os.X_OK) and made_for == {str(HERE)}


def create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    if find_spec("pip") is not None:
        # The pip that is here can install into the new environment, which
        # spares two seconds and Debian's separate package for venv.
        run([sys.executable, "-m", "venv", "--without-pip", VENV])
    else:
        run([sys.executable, "-m", "venv", VENV])


def install(wanted: str) -> None:
    constraints: list[str | Path] = ["--constraint", HERE / "constraints.txt"]
    target: list[str | Path] = ["--editable", TARGETS[wanted]]
    loudness: list[str | Path] = [] if sys.stderr.isatty() else ["--quiet"]
    uv = shutil.which("uv") or VENV / "bin" / "uv"
    try:
        if not Path(uv).exists():
            run([*pip(), "install", "--quiet", *constraints, "uv"])
        run([uv, "pip", "install", "--python", PYTHON, *loudness, *constraints, *target])
    except (OSError, subprocess.CalledProcessError):
        say("uv could not do it; trying with pip, which takes longer ...")
        run([*pip(), "install", *loudness, *constraints, *target])


def pip() -> list[str | Path]:
    if (VENV / "bin" / "pip").exists() or find_spec("pip") is None:
        return [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    return [sys.executable, "-m", "pip", "--python", PYTHON, "--disable-pip-version-check"]


def run(command: list[str | Path]) -> None:
    """Runs in the checkout, with its output on stderr: stdout is the program's."""
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    if trusts_own_authorities():
        # Behind a proxy that signs for itself, uv's own list of authorities will not do.
        environment |= {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
    subprocess.run(command, cwd=HERE, env=environment, stdout=sys.stderr, check=True)


def trusts_own_authorities() -> bool:
    """Whether the system has a list of certificate authorities, as small containers have not."""
    paths = ssl.get_default_verify_paths()
    lists = [Path(path) for path in (paths.cafile, paths.capath) if path]
    return any(path.is_file() or any(path.glob("*")) for path in lists)


def write_stamp(name: str, text: str) -> None:
    half_written = VENV / f"part.{name}"
    half_written.write_text(text)
    half_written.replace(VENV / f"stamp.{name}")


def say(text: str) -> None:
    print(f"truetape: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
