"""Board definitions: what each figure of a board means, for the person who reads it."""

from __future__ import annotations

from domain.ranking import Rules, ScoreRules


def definitions(rules: Rules) -> dict[str, str]:
    """What the figures of a board by these rules mean."""
    share = f"{rules.nav_fraction:.0%}"
    told = {
        "return": f"NAV index at the end over its start, less 1; every trade is given {share} of "
        "NAV, a day's return is that share of what each scored trade moved",
        "accuracy": "closed scored trades with P&L above zero over all closed scored trades, "
        "with Wilson's 95 % interval",
        "sharpe": "mean over standard deviation (ddof 1) of daily NAV returns, times "
        f"sqrt({rules.sessions_per_year}), over the sessions since the first scored trade",
        "pnl": "US dollars by the quantities posted, as far as so much stood at the quotes of the "
        "entries, realised and at the last mark, without commission",
        "ranked": f"at least {rules.minimum_trades} closed scored trades in the window; traders "
        "who left stay on the board",
    }
    return told if rules.score is None else told | _of_skill(rules, rules.score)


def _of_skill(rules: Rules, score: ScoreRules) -> dict[str, str]:
    parts = (
        f"{score.return_weight:.0%} mean return, {score.risk_adjusted_weight:.0%} the same over "
        f"its deviation, {score.accuracy_weight:.0%} the low end of Wilson's 95 % interval of wins"
    )
    return {
        "accuracy": "closed scored trades with P&L above zero over all closed scored trades, "
        "with Wilson's 95 % interval; not a ranking of skill: many small gains hide a rare "
        "great loss",
        "score": f"0 to 100, the place among all with at least {rules.minimum_trades} trades in "
        f"per cent, of the completed record: {parts}",
        "mean return": "return per trade of the completed record, over what the trade's first "
        "entry tied up, shrunk towards that of all traders the more the less sure it is "
        "(empirical Bayes)",
        "psr": "probability that the Sharpe ratio per trade of the completed record is above zero, "
        "or above what the best of a person's accounts would show by chance (Bailey and Lopez "
        "de Prado)",
        "unseen": "losses that the record has not shown and its trades can still make: "
        f"{score.tail_rate:.0%} of the most that each could lose is expected to be lost, and at "
        "least one such loss; the completed record has them added. Worst of shares: "
        f"{score.shares_gap:.0%} of their price; of uncovered calls: a rise to "
        f"{1 + score.naked_call_rise:.0%} of the strike",
        "ranked": f"at least {rules.minimum_trades} scored trades closed in the window or open "
        f"under water at its end, and a PSR of at least {score.confidence}, whatever the order; "
        "accounts of one person count as one; traders who left stay on the board",
    }
