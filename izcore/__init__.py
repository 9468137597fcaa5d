"""izcore finds the instruction that makes a black-box language model do a task best.

What stands below loads when it is first used, so that importing izcore is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from izcore.api import compare as compare
    from izcore.api import execute as execute
    from izcore.api import optimize as optimize
    from izcore.api import plan as plan
    from izcore.api import resume as resume
    from izcore.api import run as run
    from izcore.api import runs as runs
    from izcore.api import score as score
    from izcore.config.options import RunOptions as RunOptions
    from izcore.config.options import ScoringOptions as ScoringOptions
    from izcore_compare.comparison import ComparisonResult as ComparisonResult
    from izcore_compare.comparison import MethodResult as MethodResult
    from izcore_compare.comparison import MethodScore as MethodScore
    from izcore_compare.comparison import Pair as Pair
    from izcore.engine.plan import PlannedRun as PlannedRun
    from izcore.engine.runner import ScoreResult as ScoreResult
    from izcore.plugin.errors import BackendError as BackendError
    from izcore.plugin.errors import BackendUnavailableError as BackendUnavailableError
    from izcore.plugin.errors import BudgetExhaustedError as BudgetExhaustedError
    from izcore.plugin.errors import ConfigError as ConfigError
    from izcore.plugin.errors import DataError as DataError
    from izcore.plugin.errors import FatalScorerError as FatalScorerError
    from izcore.plugin.errors import InterruptedRunError as InterruptedRunError
    from izcore.plugin.errors import IzError as IzError
    from izcore.plugin.errors import IzWarning as IzWarning
    from izcore.plugin.errors import StoreError as StoreError
    from izcore.plugin.errors import UnknownNameError as UnknownNameError
    from izcore.plugin.errors import UsageError as UsageError
    from izcore.plugin.results import Baseline as Baseline
    from izcore.plugin.results import Best as Best
    from izcore.plugin.results import Estimate as Estimate
    from izcore.plugin.results import FrontPoint as FrontPoint
    from izcore.plugin.results import RunResult as RunResult
    from izcore.plugin.results import TestScore as TestScore
    from izcore.plugin.results import ValidationScore as ValidationScore
    from izcore.plugin.run_record import InstructionScores as InstructionScores
    from izcore.plugin.run_record import Row as Row
    from izcore.plugin.run_record import Run as Run
    from izcore.plugin.run_record import TrialAnswer as TrialAnswer
    from izcore.registry.registry import discover as discover
    from izcore.storage.records import RunPlan as RunPlan
    from izcore.storage.records import RunRecord as RunRecord

_HOMES = {
    "izcore.api": ("compare", "execute", "optimize", "plan", "resume", "run", "runs", "score"),
    "izcore.config.options": ("RunOptions", "ScoringOptions"),
    "izcore_compare.comparison": ("ComparisonResult", "MethodResult", "MethodScore", "Pair"),
    "izcore.engine.plan": ("PlannedRun",),
    "izcore.engine.runner": ("ScoreResult",),
    "izcore.plugin.errors": (
        "BackendError",
        "BackendUnavailableError",
        "BudgetExhaustedError",
        "ConfigError",
        "DataError",
        "FatalScorerError",
        "InterruptedRunError",
        "IzError",
        "IzWarning",
        "StoreError",
        "UnknownNameError",
        "UsageError",
    ),
    "izcore.plugin.results": (
        "Baseline",
        "Best",
        "Estimate",
        "FrontPoint",
        "RunResult",
        "TestScore",
        "ValidationScore",
    ),
    "izcore.plugin.run_record": ("InstructionScores", "Row", "Run", "TrialAnswer"),
    "izcore.registry.registry": ("discover",),
    "izcore.storage.records": ("RunPlan", "RunRecord"),
}

__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'izcore' has no attribute {name!r}")
