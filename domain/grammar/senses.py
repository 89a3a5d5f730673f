"""What words do in a message, as far as it helps to tell an order from talk about one.

Words of one sense are weighed together by the second opinion, so that what it learned of "if"
holds for "once" and "unless" as well. No rule reads this table.
"""

from __future__ import annotations

_SENSES = {
    "if": """if once unless when whenever until till assuming provided если когда""",
    "would": """will 'll i'll we'll i'd we'd would might may could should gonna going plan planning
        considering thinking tempted looking look possible possibly maybe perhaps want wanna ready
        waiting wait буду будем можно может смотрю""",
    "not": """not no never without avoid none don't didn't doesn't haven't won't isn't ain't can't
        cannot wouldn't shouldn't dont didnt nope не нет без пока""",
    "you": """you your yours u y'all yall anyone anybody everyone those who""",
    "they": """he she they his her their him them friend brother wife dad mom buddy mate cousin boss
        someone somebody whale whales traders people members according друг он они""",
    "me": """i i'm im i've ive my me mine we we're we've our us я мы мой""",
    "then": """yesterday earlier ago last previously week weekly month results result recap report
        summary scoreboard leaderboard total totals performance stats итоги отчёт вчера неделю""",
    "later": """tomorrow later next soon yet""",
    "ask": """what what's how why where did does do""",
    "wish": """wish wished hoped should've could've would've glad happy regret almost nearly imagine
        imagined congrats nice great beautiful perfect lol lmao haha well""",
    "watch": """watch watching watchlist eyeing eye radar setup setups idea ideas forming potential
        interested stalking horizon keep""",
    "news": """breaking news headline raised raises analyst analysts upgrade upgraded downgrade
        downgraded rating ratings scanner screener flow sweep sweeps unusual premium earnings
        gainers losers fed cpi calendar poll quote market newswire block dark pool print prints
        insider insiders ceo eps est revenue misses beats buyer buyers seller sellers notional prem
        halted sec fda guidance ipo notes index futures""",
    "example": """example examples read means mean format template guide rule rules welcome
        forwarded repost copied ticket backtest story like lesson""",
    "thanks": """thanks thx thank ty copy following followed tailing спасибо""",
    "now": """here now just still""",
    "bought": """bought grabbed picked entered took opened added snagged scooped nabbed loaded""",
    "buy": """buy buying long entering enter grabbing grab adding add taking opening open bto in
        лонг купил покупаю""",
    "sell": """sell selling short shorting sto stc шорт""",
    "sold": """sold trimmed closed exited cut stopped""",
    "out": """out trim trimming closing close exit flat done trims scaling worthless expired
        зафиксировал закрыл закрываем""",
    "entry": """entry entries fill filled avg average price вход""",
    "stop": """stop stops sl stoploss стоп""",
    "target": """target targets tp tps pt pts тейк цель цели""",
    "right": """call calls put puts""",
    "held": """holding hold held runner runners running swinging ride riding letting let leaving""",
    "label": """ticker symbol contract strike expiration expiry exp type side direction pair stock
        option date qty quantity size""",
    "hit": """hit hits reached smashed""",
    "stands": """up down gain gains profit profits pips green red""",
    "part": """half third quarter most all rest remaining some partial""",
    "amend": """correction typo ignore edit meant wrong cancelled canceled cancel delete deleted
        отменяем""",
}

SENSE_OF = {word: f"<{sense}>" for sense, words in _SENSES.items() for word in words.split()}
"""The sense of a word in lower case, in the form of a feature."""
