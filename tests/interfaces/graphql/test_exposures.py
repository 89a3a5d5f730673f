"""Exposure, scenarios, attribution and volatility as clients ask for them, with their units."""

from __future__ import annotations

from domain.quant.book_scenario import compile_kernels
from tests.interfaces.graphql.world import Client, World


async def test_exposure_tells_its_coverage(reader: Client, traded: str) -> None:
    question = """query ($by: ExposureBy!) { exposure(by: $by) { definition { n meaning } coverage
        units { name unit } lines { nodes { group legs quoted coverage deltaShares deltaUsd
            missing { symbol why } behind { position deltaUsd event } } } } }"""
    for by, group, legs in (
        ("TRADER", "Nora", 1),
        ("ACCOUNT", "paper", 1),
        ("UNDERLYING", "TSLA", 2),
        ("STRATEGY", "long call", 2),
        ("SECTOR", "consumer discretionary", 2),
        ("BUCKET", "0-7d", 2),
        ("TOTAL", "total", 2),
        ("EXPIRY", "2026-11-20", 2),
    ):
        found = (await reader.ask(question, by=by))["exposure"]
        assert "volatility that the mid implies" in found["definition"]["meaning"]
        units = {each["name"]: each["unit"] for each in found["units"]}
        assert units["gamma_usd_per_percent"] == "USD per 1 %"
        # Nothing was marked yet, so nothing has Greeks, and that is told.
        (line,) = found["lines"]["nodes"]
        assert (line["group"], line["legs"], line["quoted"]) == (group, legs, 0)
        assert line["coverage"] == found["coverage"] == f"{legs} of {legs} legs have no quote"
        assert (line["deltaShares"], line["deltaUsd"]) == (None, None)
        missing = {"symbol": "TSLA  261120C00250000", "why": "never marked"}
        assert line["missing"] == [missing] * legs
        assert len({leg["position"] for leg in line["behind"]}) == legs


async def test_exposure_by_trader_has_no_accounts(reader: Client) -> None:
    code, sentence = await reader.refused("{ exposure(by: TRADER, kind: ACCOUNT) { coverage } }")
    assert (code, "accounts' books are not grouped by trader" in sentence) == (
        "invalid_input",
        True,
    )


async def test_a_scenario_has_a_figure_for_every_point(reader: Client, traded: str) -> None:
    compile_kernels()
    question = """query ($moves: [Float!]) { scenario(spotMoves: $moves, by: UNDERLYING) { unit
        spotMoves volMoves dates total { legs valued coverage worst { pnlUsd } }
        lines { group pnlUsd } missing { symbol why } definition { n } } }"""
    found = (await reader.ask(question, moves=[-0.1, 0.1]))["scenario"]
    assert (found["unit"], found["definition"]["n"]) == ("USD", 2)
    assert found["total"]["coverage"] == "2 of 2 legs have no value"
    assert found["total"]["worst"] is None
    assert (len(found["volMoves"]), found["lines"]) == (21, [{"group": "TSLA", "pnlUsd": None}])
    code, sentence = await reader.refused("{ scenario(spotMoves: [-1]) { unit } }")
    assert (code, "shares above -1" in sentence) == ("invalid_input", True)


async def test_attribution_adds_up_and_is_defined(
    reader: Client, world: World, traded: str
) -> None:
    world.exit(traded, "3.00")
    world.catch_up()
    question = """query ($until: DateTime!) { attribution(since: "2026-11-16T00:00:00Z",
        until: $until, kind: TRADER) { unit definition { n meaning }
        total { total realised trading residual delta coverage }
        lines { group total behind } } }"""
    found = (await reader.ask(question, until="2026-11-17T00:00:00Z"))["attribution"]
    assert (found["unit"], found["definition"]["n"]) == ("USD", 1)
    # Nothing was marked, so all of it came of an entry and an exit.
    total = found["total"]
    assert total["total"] == total["realised"] == total["trading"]
    assert (total["residual"], total["delta"]) == ("0.00", None)
    (line,) = found["lines"]
    assert line["behind"] == [traded]
    code, sentence = await reader.refused(question, until="2026-11-15T00:00:00Z")
    assert (code, "ends after it begins" in sentence) == ("invalid_input", True)


async def test_volatility_says_what_is_missing(reader: Client, traded: str) -> None:
    question = """{ volatility { day lines { underlying } definition { meaning } } }"""
    found = (await reader.ask(question))["volatility"]
    # Nothing was marked yet.
    assert (found["day"], found["lines"]) == (None, [])
    question = """{ volatility(day: "2026-11-16") { lines { underlying vol ivRank days why } } }"""
    (line,) = (await reader.ask(question))["volatility"]["lines"]
    assert (line["underlying"], line["vol"], line["ivRank"], line["days"]) == (
        "TSLA",
        None,
        None,
        0,
    )
    assert line["why"] == "no option of it was marked on 2026-11-16"
    many = ", ".join(['"AMD"'] * 51)
    code, sentence = await reader.refused(f"{{ volatility(underlyings: [{many}]) {{ day }} }}")
    assert (code, "50 underlyings at once" in sentence) == ("invalid_input", True)


async def test_limits_carry_their_units(reader: Client) -> None:
    found = (await reader.ask("{ limits { units { name unit } } }"))["limits"]["units"]
    units = {each["name"]: each["unit"] for each in found}
    assert (units["delta"], units["gamma_usd"]) == ("contracts", "USD per 1 %")
    assert (units["trade_share"], units["quote_age_s"]) == ("of equity", "seconds")
