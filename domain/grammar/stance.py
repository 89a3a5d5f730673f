"""What a message is when it books nothing: a plan, a watch, a boast, or plain talk."""

from __future__ import annotations

import re

from domain.grammar.reading import Kind

_ACTIVE = re.compile(
    r"\b(?:b\.?t\.?[oc]|s\.?t\.?[oc]|b[uo]y|buying|bought|sell|selling|sold|enter|entered|entering"
    r"|grab|grabbed|grabbing|scoop|scooped|scooping|pick(?:ed|ing) up|in|long|taking|take|took"
    r"|open|opened|opening|start|started|starting|load|loaded|loading|short|shorted|shorting"
    r"|add|addinf|added|adding|av(?:era)?g(?:e|ed|ing)?|doubl(?:ed|ing)|trim|trimmed|trimming"
    r"|scal(?:e|ed|ing)|de|derisk(?:ed|ing)?|clos(?:e|ed|ing)|exit|exited|exiting|cut|cutting"
    r"|dump|dumped|dumping|out|stop|stopped|stops|sl|stoploss|pt|pts|tp|target|targets|cashed"
    r"|consider|cover|covered|covering|going|calls?|puts?|watch\w*|eyeing|up|down)\b"
    r"|[0-9][cp]\b|%|[0-9] ?/ ?[0-9]|/usd|@ ?\.?[0-9]|\$[a-z]",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:if|once|unless)\b|\b(?:i|we|you)'?ll\b|\bwill\b"
    r"|\b(?:over|above|under|below|breaks?|through) \$?[0-9]|\bwait(?:ing)? for\b",
    re.IGNORECASE,
)
_WATCH = re.compile(
    r"\bwatch(?:ing|list)?\b|\beye(?:s|ing)?\b|\bon (?:my |the )?radar\b|\bstalking\b"
    r"|\blooking (?:at|for|to)\b|\balerts? set\b|\bmight\b|\bmay\b|\bpossibl[ey]\b|\bsetup\b"
    r"|\bideas?\b|\bkeep(?:ing)? an eye\b",
    re.IGNORECASE,
)
_RECAP = re.compile(
    r"[0-9] ?%|\b(?:took|banked|caught|nailed|printed|printing|printer|congrats|recap|yesterday"
    r"|banger|bangers|runners?|hit|green|red|closed|sold|trimmed|stopped|bought|made|profits?"
    r"|from [0-9.]+ to [0-9.]+)\b",
    re.IGNORECASE,
)
_TARGET_HIT = re.compile(
    r"\b(?:[pt]t ?[0-9]?|target(?: ?[0-9])?|take profit) (?:was |is |got |been )?hit\b"
    r"|\bhit (?:my |our |the )?(?:first |second |final )?(?:[pt]t|target)",
    re.IGNORECASE,
)


def may_act(text: str) -> bool:
    """Whether any word of a trade is in the text; most chat ends here."""
    return _ACTIVE.search(text) is not None


def target_was_hit(text: str) -> bool:
    return _TARGET_HIT.search(text) is not None


def kind_of(text: str) -> Kind:
    """The kind of a message that holds no act."""
    if _WATCH.search(text):
        return Kind.WATCH
    if _CONDITIONAL.search(text):
        return Kind.CONDITIONAL
    return Kind.RECAP if _RECAP.search(text) else Kind.CHAT
