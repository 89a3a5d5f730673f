"""The read models that a house keeps, each rebuilt from the tape alone."""

from __future__ import annotations

from projections.accounts import Accounts
from projections.activities import Activities
from projections.approval_queue import ApprovalQueue
from projections.blotter import Blotter
from projections.books import Books
from projections.clocks import Clocks
from projections.corrections import Corrections
from projections.exit_plans import ExitPlans
from projections.exposure import Exposure
from projections.flags import Flags
from projections.followers import Followers
from projections.frozen_boards import FrozenBoards
from projections.log_checkpoints import LogCheckpoints
from projections.messages import Messages
from projections.people import People
from projections.readmodel import Projection
from projections.risk import Risk
from projections.signal_answers import SignalAnswers
from projections.signal_feed import SignalFeed
from projections.subjects import Subjects
from projections.timeline import Timeline
from projections.tokens import Tokens
from projections.trader_profiles import TraderProfiles

READ_MODELS: tuple[type[Projection], ...] = (
    Accounts,
    Activities,
    ApprovalQueue,
    Blotter,
    Books,
    Clocks,
    Corrections,
    ExitPlans,
    Exposure,
    Flags,
    Followers,
    FrozenBoards,
    LogCheckpoints,
    Messages,
    People,
    Risk,
    SignalAnswers,
    SignalFeed,
    Subjects,
    Timeline,
    Tokens,
    TraderProfiles,
)
