"""./truetape in small checkouts: makes its environment once, and mends it after anything."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"

# A project without dependencies that builds itself: nothing is fetched.
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
import os, time, zipfile
HERE = os.path.dirname(os.path.abspath(__file__))

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    while os.path.exists(os.path.join(HERE, "hold")):
        time.sleep(0.01)
    name = "small-1.0-py3-none-any.whl"
    about = {
        "METADATA": "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\nProvides-Extra: dev\\n",
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.writestr("small.pth", HERE + "\\n")
        for file, text in about.items():
            wheel.writestr("small-1.0.dist-info/" + file, text)
    return name
"""
CLI = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["TRUETAPE_HOME"])
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a check out"
    (folder / "interfaces").mkdir(parents=True)
    for name in ("truetape", "bootstrap.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "small"\nversion = "1.0"\noptional-dependencies = {dev = []}\n'
        + PYPROJECT
    )
    (folder / "constraints.txt").write_text("nothing==1\n")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "interfaces" / "__init__.py").write_text("")
    (folder / "interfaces" / "cli.py").write_text(CLI)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").symlink_to(UV)
    return folder


def surroundings(checkout: Path) -> dict[str, str]:
    """A plain shell's: this very Python, uv, and no settings of whoever runs the tests."""
    path = f"{checkout.parent / 'bin'}:{os.defpath}"
    python = str(Path(sys.base_prefix) / "bin" / "python3")
    return {"PATH": path, "HOME": str(checkout.parent), "TRUETAPE_PYTHON": python}


def begin(checkout: Path, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [checkout / "truetape", *arguments],
        cwd=cwd or checkout,
        env=surroundings(checkout),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start(checkout: Path, *arguments: str, cwd: Path | None = None) -> tuple[int, str, str]:
    begun = begin(checkout, *arguments, cwd=cwd)
    out, err = begun.communicate(timeout=PATIENCE_S)
    return begun.returncode, out, err


def begun_and_held(checkout: Path) -> subprocess.Popen[str]:
    """A first start that is in the middle of installing."""
    (checkout / "hold").touch()
    begun = begin(checkout)
    wait_until((checkout / ".venv" / "bin" / "python").exists)
    return begun


def test_the_first_start_makes_the_environment_and_the_next_says_nothing(checkout: Path) -> None:
    code, out, err = start(checkout)
    assert (code, out.startswith("[]")) == (0, True)
    assert "first start" in err
    assert start(checkout) == (0, out, "")


def test_arguments_the_folder_and_the_exit_code_pass_through(checkout: Path) -> None:
    elsewhere = checkout.parent / "bin"
    code, out, _ = start(checkout, "3", "two words", cwd=elsewhere)
    assert code == 3
    assert out == f"['3', 'two words'] {elsewhere} {checkout}/.truetape\n"


def test_a_module_in_the_folder_of_the_caller_does_not_take_our_names(checkout: Path) -> None:
    elsewhere = checkout.parent / "bin"
    (elsewhere / "interfaces.py").write_text("raise SystemExit('not this one')")
    assert start(checkout, cwd=elsewhere)[0] == 0


def test_it_runs_through_a_link(checkout: Path) -> None:
    link = checkout.parent / "bin" / "truetape"
    link.symlink_to(checkout / "truetape")
    assert subprocess.run([link], env=surroundings(checkout), check=False).returncode == 0


def test_changed_constraints_bring_it_up_to_date(checkout: Path) -> None:
    start(checkout)
    (checkout / "constraints.txt").write_text("nothing==2\n")
    assert "bringing" in start(checkout)[2]
    assert start(checkout)[2] == ""


def test_an_interrupted_first_start_is_mended(checkout: Path) -> None:
    begun = begun_and_held(checkout)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.communicate()
    (checkout / "hold").unlink()
    code, _, err = start(checkout)
    assert (code, "first start" in err) == (0, True)


def test_two_first_starts_at_once_both_run(checkout: Path) -> None:
    first = begun_and_held(checkout)
    second = begin(checkout)
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    (checkout / "hold").unlink()
    for begun in (first, second):
        begun.communicate(timeout=PATIENCE_S)
        assert begun.returncode == 0


def test_a_moved_checkout_gets_a_new_environment(checkout: Path) -> None:
    start(checkout)
    moved = checkout.rename(checkout.parent / "moved")
    code, out, err = start(moved)
    assert (code, "first start" in err) == (0, True)
    assert str(moved) in out


def test_an_activated_environment_can_be_made_anew(checkout: Path) -> None:
    start(checkout)
    for stamp in (checkout / ".venv").glob("stamp.*"):
        stamp.unlink()
    activated = surroundings(checkout)
    del activated["TRUETAPE_PYTHON"]
    activated["PATH"] = f"{checkout}/.venv/bin:{Path(sys.base_prefix) / 'bin'}:{activated['PATH']}"
    done = subprocess.run([checkout / "truetape"], env=activated, check=False)
    assert done.returncode == 0


def test_the_systems_python_comes_before_another_on_the_path(checkout: Path) -> None:
    suits = "import pip, venv, sys; sys.exit(sys.version_info < (3, 11))"
    system = Path("/usr/bin/python3")
    if not system.exists() or subprocess.run([system, "-I", "-c", suits], check=False).returncode:
        pytest.skip("this system has no Python 3.11 with pip of its own")
    another = checkout.parent / "bin" / "python3"
    another.symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    unwishing = surroundings(checkout)
    del unwishing["TRUETAPE_PYTHON"]
    subprocess.run([checkout / "truetape"], env=unwishing, check=True)
    assert (checkout / ".venv" / "bin" / "python").resolve() == system.resolve()


def test_without_a_python_it_says_what_is_wanted(checkout: Path) -> None:
    tools = checkout.parent / "tools"
    tools.mkdir()
    for tool in ("sh", "readlink", "dirname", "cat", "cmp"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [checkout / "truetape"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_failed_installation_says_so_and_the_next_start_tries_again(checkout: Path) -> None:
    good = (checkout / "backend.py").read_text()
    (checkout / "backend.py").write_text("raise SystemExit('broken')")
    code, out, err = start(checkout)
    assert (code, out) == (1, "")
    assert "installing the dependencies failed" in err
    (checkout / "backend.py").write_text(good)
    assert start(checkout)[0] == 0
