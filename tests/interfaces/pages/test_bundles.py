"""An export to take home: the same as at the command line, for who may; nothing is left behind."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from starlette.datastructures import QueryParams

from application.access import Member
from application.ports import PortRefused
from domain.approvals import Role
from domain.shared import InvalidInput
from interfaces.exporting import export
from interfaces.graphql.documents import Documents
from interfaces.graphql.schema import SCHEMA
from interfaces.http import create_app
from interfaces.pages.asked import Asked
from interfaces.pages.bundles import Exporter, apart, exportable
from interfaces.pages.visiting import Visit
from tests.interfaces.pages.conftest import NORA, Record, browsing
from tests.interfaces.shell import ROOT
from tests.patience import PATIENCE_S

EXPORT = f"/audit/trader/{NORA}/export"


def here(record: Record) -> Exporter:
    """Exports in this process, which is quicker."""

    async def written(trader: UUID, folder: Path) -> None:
        export(record.house, trader, folder, lambda _: None)

    return written


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    (bundle,) = folder.iterdir()
    return bundle


def verified(bundle: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "verify.py"], cwd=bundle, capture_output=True, text=True, check=False
    )


async def test_the_bundle_verifies_itself_and_is_the_story(record: Record, tmp_path: Path) -> None:
    async with browsing(create_app(record.house, export=here(record))) as browser:
        await browser.sign_in(record.token("exporter", Role.AUDITOR))
        page = await browser.get(f"/audit/trader/{NORA}")
        assert "Export with proofs" in page.words
        assert "truetape export --all --out FOLDER" in page.words
        reply = await browser.http.post(EXPORT)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/zip"
    assert reply.headers["content-length"] == str(len(reply.content))
    bundle = unpacked(reply.content, tmp_path)
    found = verified(bundle)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "whole story of Nora" in found.stdout
    lines = (bundle / "events.jsonl").read_text().splitlines()
    positions = {json.loads(line)["position"] for line in lines}
    assert set(page.positions()) <= positions


def lying_about() -> set[Path]:
    """Folders that exports were made in."""
    return set(Path(tempfile.gettempdir()).glob("truetape-export-*"))


@pytest.mark.slow
async def test_a_process_of_its_own_makes_the_same_and_leaves_nothing(
    record: Record, tmp_path: Path
) -> None:
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "USER": "olga", "HOME": str(tmp_path),
        "TRUETAPE_HOME": str(record.settings.home),
        "TRUETAPE_DATABASE_URL": record.settings.database_url,
        "TRUETAPE_REDIS_URL": record.settings.redis_url,
    }  # fmt: skip
    left = lying_about()
    async with browsing(create_app(record.house, export=apart(environment))) as browser:
        await browser.sign_in(record.token("elsewhere", Role.ADMIN))
        # So that the other process may keep the read models.
        record.house.projections.close()
        reply = await browser.http.post(EXPORT, timeout=PATIENCE_S)
        assert reply.status_code == 200, reply.text
    assert verified(unpacked(reply.content, tmp_path / "bundle")).returncode == 0
    assert lying_about() <= left


@pytest.mark.slow
async def test_what_fails_elsewhere_is_not_told_to_the_browser(
    record: Record, tmp_path: Path
) -> None:
    environment = {"PATH": "/usr/bin:/bin", "TRUETAPE_DATABASE_URL": "postgresql://nowhere"}
    with pytest.raises(PortRefused, match="set both TRUETAPE_DATABASE_URL"):
        await apart(environment)(NORA, tmp_path / "x")
    async with browsing(create_app(record.house, export=apart(environment))) as browser:
        await browser.sign_in(record.token("unlucky", Role.AUDITOR))
        reply = await browser.http.post(EXPORT, timeout=PATIENCE_S)
    assert reply.status_code == 502
    assert "TRUETAPE_DATABASE_URL" not in reply.text


async def test_where_the_logs_keys_are_not_nothing_is_exported_and_none_are_made(
    own_record: Record, tmp_path: Path
) -> None:
    keys, away = own_record.settings.home / "keys", tmp_path / "away"
    assert own_record.house.log.has_keys
    keys.rename(away)
    app = create_app(own_record.house, export=here(own_record))
    async with browsing(app) as browser:
        await browser.sign_in(own_record.token("keyless", Role.AUDITOR))
        assert "Export with proofs" not in (await browser.get(f"/audit/trader/{NORA}")).words
        reply = await browser.http.post(EXPORT)
        assert reply.status_code == 403
        assert "truetape export beside the worker" in reply.text
    assert not keys.exists()
    away.rename(keys)


async def test_one_export_is_made_at_a_time(record: Record) -> None:
    may_go_on = asyncio.Event()
    began = asyncio.Event()

    async def slow(_: UUID, folder: Path) -> None:
        began.set()
        await may_go_on.wait()
        await asyncio.to_thread(folder.mkdir)

    async with browsing(create_app(record.house, export=slow)) as browser:
        await browser.sign_in(record.token("first", Role.AUDITOR))
        first = asyncio.create_task(browser.http.post(EXPORT))
        await asyncio.wait_for(began.wait(), PATIENCE_S)
        second = await browser.http.post(EXPORT)
        assert second.status_code == 503
        may_go_on.set()
        assert (await first).status_code == 200


def test_a_long_story_is_for_the_command_line(record: Record) -> None:
    asked = Asked("/audit", QueryParams(""), record.house)
    member = Member(name="ann", roles=frozenset({Role.AUDITOR}))
    visit = Visit(record.house, Documents(SCHEMA.core), member, "/audit", {}, asked, True)
    assert visit.read(lambda look: exportable(look, NORA)) == NORA
    with pytest.raises(InvalidInput, match=f"truetape export --trader {NORA} --out FOLDER"):
        visit.read(lambda look: exportable(look, NORA, most=3))


async def test_whom_nobody_knows_is_not_exported(record: Record) -> None:
    async with browsing(create_app(record.house, export=here(record))) as browser:
        await browser.sign_in(record.token("lost", Role.AUDITOR))
        nobody = UUID(int=7)
        for key in (nobody, "Nora"):
            reply = await browser.http.post(f"/audit/trader/{key}/export")
            assert reply.status_code == 404


async def test_anybody_may_take_the_demo_home(record: Record) -> None:
    app = create_app(record.house, open_reading=True, demo=True, export=here(record))
    async with browsing(app) as browser:
        assert "Export with proofs" in (await browser.get(f"/audit/trader/{NORA}")).words
        assert (await browser.http.post(EXPORT)).status_code == 200
