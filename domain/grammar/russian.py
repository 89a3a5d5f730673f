"""Puts a Russian trader's words into the English ones that the grammar reads.

Word for word and in the same order: what is done, to what, at which level, and every word that
makes it a plan, a condition, a question or somebody else's. A word that is not in the glossary
stays as it is, and counts as any unknown word does.
"""
# The letters are Cyrillic on purpose.
# ruff: noqa: RUF001

from __future__ import annotations

import re

from domain.grammar.keeping import kept
from domain.grammar.stems import holds_any

_CYRILLIC = re.compile("[а-яёА-ЯЁ\u1c80-\u1c86]")
"""In either case, which takes longer to tell of each letter; the last are old forms of some."""
_FRAME = re.compile(r"\b([0-9]{1,3}) ?(мин|час|[мчдн])[а-я]*\b", re.IGNORECASE)
_FRAME_UNITS = {"м": "M", "мин": "M", "ч": "H", "час": "H", "д": "D", "н": "W"}

_PHRASES = (
    ("б", r"\bб ?[/.] ?у\b\.?|\bбез ?убыт[а-я]*|\bбу\b", "BE"),
    ("б be", r"\b(?:в|на) (?=BE\b)", "at "),
    ("лос", r"\bстоп[- ]?лос+[а-я]*", "stop loss"),
    ("профит", r"\bтейк[- ]?профит[а-я]*", "TP"),
    (
        "tp тейк цел таргет",
        r"\b([1-9])(?:-?[а-я]{1,2})? (?:TP|тейк[а-я]*|цел[а-я]{1,2}|таргет[а-я]*)",
        r"TP\1",
    ),
    (
        "тейк цел таргет",
        r"\b(?:тейк[а-я]*|цел[а-я]{1,2}|таргет[а-я]*) ?([1-9])(?![0-9.,])",
        r"TP\1",
    ),
    ("перв", r"\bперв[а-я]{2} (?:TP|тейк[а-я]*|цел[а-я]{1,2}|таргет[а-я]*)", "TP1"),
    ("втор", r"\bвтор[а-я]{2} (?:TP|тейк[а-я]*|цел[а-я]{1,2}|таргет[а-я]*)", "TP2"),
    ("трет", r"\bтрет[а-я]{2,3} (?:TP|тейк[а-я]*|цел[а-я]{1,2}|таргет[а-я]*)", "TP3"),
    ("все", r"\bвсе (?:тейк|цел|таргет)[а-я]*", "all TP"),
    (
        "вход",
        r"\b(?:точк[а-я]|цен[а-я]|диапазон|зон[а-я]|област[а-я]|уровень) (?:для )?вход[а-я]*",
        "Entry",
    ),
    ("покупки набора", r"\b(?:зон[а-я]|диапазон|област[а-я]) (?:покупки|набора)", "buy zone"),
    ("продажи", r"\bзон[а-я] продажи", "sell zone"),
    (
        "рынк маркету",
        r"\b(?:вход[а-я]*|захо[а-я]+|беру|бер[её]м) (?:по )?(?:рынк[а-я]|маркету)",
        "Entry market",
    ),
    ("рын маркет текущ", r"\bпо (?:рынку|маркету|рыночной|текущ[а-я]+(?: цен[а-я])?)", "market"),
    ("закрыт", r"\b(?:позици[а-я]|сделк[а-я]|идея)(?: полностью)? закрыт[а-я]*", "position closed"),
    (
        "можете можно советую рекомендую стоит",
        r"\b(?:можете|можно|советую|рекомендую|стоит)",
        "you can",
    ),
    ("кто", r"\bкто[- ](?:то|нибудь)", "someone"),
    ("при", r"\bпри (?=пробо|закреп|откат|подход|ретест|достиж)", "if it "),
    ("по", r"\bпо (?=[$]?[0-9])", "at "),
    (
        "стоп выбил",
        r"\bпо стопу|\bстоп выбил[а-я]*|\bвыбил[а-я]* (?:по )?стоп[а-я]*",
        "stopped out",
    ),
    ("выбило", r"\bвыбило\b", "stopped out"),
    ("стоп", r"\bстоп (?:сработал|словил)[а-я]*|\b(?:словил|поймал)[а-я]* стоп", "stopped out"),
)
"""What is said and what it means, behind the letters of which each has some."""
_COMPILED = tuple(
    (tuple(letters.split()), re.compile(said, re.IGNORECASE), meant)
    for letters, said, meant in _PHRASES
)

_STEMS = {
    "вход": "Entry", "твх": "Entry", "войти": "enter", "заход": "Entry", "захожу": "entering",
    "зашел": "entered", "зашёл": "entered", "вошел": "entered", "вошёл": "entered",
    "стопы": "stop", "стоп": "stop", "сл": "SL", "тп": "TP",
    "тейк": "TP", "таргет": "TP", "цели": "TP", "цель": "TP",
    "лонг": "LONG", "шорт": "SHORT",
    "покупк": "BUY", "покупаю": "buying", "покупаем": "buying", "купил": "bought",
    "покупать": "BUY", "купить": "BUY",
    "продажа": "SELL", "продаю": "selling", "продаем": "selling", "продаём": "selling",
    "продал": "sold", "продавать": "SELL", "продать": "SELL",
    "плеч": "leverage", "риск": "risk", "депозит": "deposit", "маржа": "margin",
    "объем": "volume", "объём": "volume", "доминац": "dominance",
    "закрыл": "closed", "закрываю": "closing", "закрываем": "closing", "закрыто": "closed",
    "закрыть": "close", "закрыт": "closed", "закройте": "close", "закрой": "close",
    "закрывай": "close", "вышел": "exited", "вышли": "exited", "выхожу": "exiting",
    "выходим": "exiting", "выйти": "exit", "выходите": "exit",
    "зафиксировал": "trimmed", "зафиксировать": "trim", "фиксирую": "trimming",
    "фиксируем": "trimming", "фиксиру": "trim", "фиксанул": "trimmed",
    "скинул": "trimmed", "сократил": "trimmed",
    "половин": "half", "треть": "third", "четверть": "quarter", "часть": "part",
    "частично": "partials", "остат": "rest", "остальн": "rest", "полностью": "fully",
    "всю": "all", "всё": "all", "все": "all",
    "добавил": "added", "добавляю": "adding", "добираю": "adding", "добрал": "added",
    "усредн": "averaging", "усреднил": "averaged",
    "переношу": "moving", "перенес": "moved", "перенёс": "moved", "перенос": "moving",
    "переносим": "moving", "двигаю": "moving", "двигаем": "moving", "подтян": "moved",
    "передвин": "moved", "ставлю": "setting", "ставим": "setting", "поставил": "set",
    "отмен": "cancel", "удаля": "delete", "удали": "delete", "снимаю": "delete",
    "снимаем": "delete", "лимитк": "limit", "лимитн": "limit", "отложенн": "pending",
    "ордер": "order", "заявк": "order",
    "идея": "idea", "торгов": "trading", "сигнал": "signal", "сделк": "trade",
    "позици": "position", "пара": "pair", "монет": "coin", "направлен": "direction",
    "золото": "gold", "золот": "gold", "серебр": "silver", "биткоин": "bitcoin",
    "битк": "bitcoin", "биток": "bitcoin", "эфир": "ethereum", "нефть": "oil",
    "рынок": "market", "рынка": "market", "сейчас": "now", "текущ": "current",
    "если": "if", "когда": "when", "после": "after", "пока": "until", "только": "only",
    "может": "might", "возможно": "possible", "хочу": "want", "планиру": "planning",
    "буду": "will", "будем": "will", "думаю": "thinking", "смотрю": "watching",
    "смотрим": "watching", "наблюда": "watching", "слежу": "watching", "следим": "watching",
    "вотчлист": "watchlist", "жду": "waiting", "ждем": "waiting", "ждём": "waiting",
    "ожида": "waiting", "ждать": "waiting", "подтвержден": "confirmation",
    "пробой": "break", "пробоя": "break", "пробое": "break",
    "пробьет": "breaks", "пробьёт": "breaks", "закрепл": "closes", "закрепи": "closes",
    "откат": "pullback", "ретест": "retest", "выше": "above", "ниже": "below",
    "не": "not", "нет": "no", "без": "without", "никогда": "never",
    "вчера": "yesterday", "вчерашн": "yesterday", "прошл": "last", "недел": "week",
    "итог": "results", "результат": "results", "отчет": "report", "отчёт": "report",
    "прибыл": "profit", "профит": "profit", "плюс": "profit", "убыт": "loss", "минус": "loss",
    "я": "I", "мы": "we", "он": "he", "она": "she", "они": "they", "его": "his", "их": "their",
    "друг": "friend", "кто": "who", "кит": "whale", "киты": "whales", "почему": "why",
    "пример": "example", "шаблон": "template", "демо": "demo",
    "и": "and", "или": "or", "на": "on", "в": "in", "во": "in", "из": "from", "с": "from",
    "от": "from", "до": "to", "к": "to", "по": "on", "тут": "here", "здесь": "here",
    "взят": "hit", "взяли": "hit", "достигн": "hit", "выполнен": "hit", "есть": "hit",
    "вверх": "up", "открыл": "opened", "открываю": "opening", "открыва": "opening",
    "новый": "new", "новая": "new",
}  # fmt: skip
"""Whole words and beginnings of words; the longest that fits counts."""

_EXACT = {stem for stem in _STEMS if len(stem) < 4} | {
    "стоп", "есть", "если", "пара", "друг", "киты", "все", "часть", "цель", "цели",
}  # fmt: skip
"""These stand for themselves alone: a word may begin with them and mean another thing."""
_STEM_LENGTH_MAX = max(map(len, _STEMS))
_WORD = re.compile("[а-яё]+", re.IGNORECASE)


def is_russian(text: str) -> bool:
    """Whether any of it is in Cyrillic letters."""
    return _CYRILLIC.search(text) is not None


def in_english(text: str) -> str:
    """The text with its Russian trading words in English; unchanged where there are none."""
    if not is_russian(text):
        return text
    text = _FRAME.sub(lambda found: f"{found[1]}{_FRAME_UNITS[found[2].lower()]}", text)
    low = text.lower()
    for letters, said, meant in _COMPILED:
        if holds_any(low, letters):
            text = said.sub(meant, text)
    return _WORD.sub(_word, text)


def _word(found: re.Match[str]) -> str:
    return _in_english(found[0])


@kept()
def _in_english(word: str) -> str:
    low = word.lower()
    for length in range(min(len(low), _STEM_LENGTH_MAX), 0, -1):
        stem = low[:length]
        if stem in _STEMS and (length == len(low) or stem not in _EXACT):
            return _STEMS[stem]
    return word
