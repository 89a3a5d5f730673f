"""Reaching: why Discord does not let a client in, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from application.ports import PortRefused, Unavailable
from domain.shared import InvalidInput


def require_token(token: str) -> None:
    """Refuses what cannot be a token before a library does, which would repeat it.

    Raises:
        InvalidInput: there is none, or it cannot stand in a header.
    """
    if not token:
        raise InvalidInput("there is no token: set TRUETAPE_DISCORD_TOKEN")
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise InvalidInput("TRUETAPE_DISCORD_TOKEN is no token: copy it again")


@contextmanager
def reaching() -> Iterator[None]:
    """What fails in the block is told in words; the token stands in none of them.

    Raises:
        InvalidInput: Discord does not know the token, or an intent is switched off.
        PortRefused: Discord refuses to answer.
        Unavailable: Discord does not answer; trying again may help.
    """
    try:
        yield
    except discord.LoginFailure:
        raise InvalidInput("Discord does not know TRUETAPE_DISCORD_TOKEN: make a new one") from None
    except discord.PrivilegedIntentsRequired:
        raise InvalidInput(
            "switch on the Message Content Intent of the application in Discord's developer portal"
        ) from None
    except discord.ConnectionClosed as error:
        raise PortRefused(f"Discord's gateway refuses the bot: it says {error.code}") from None
    except discord.DiscordServerError as error:
        raise Unavailable(f"Discord does not answer: HTTP {error.status}") from None
    except discord.HTTPException as error:
        raise PortRefused(f"Discord refuses to answer: {error.text or error.status}") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        kind = type(error).__name__
        raise Unavailable(f"Discord cannot be reached from here ({kind}): try again") from None
