"""izcore finds the instruction that makes a black-box language model do a task best.

What stands below loads when it is first used, so that importing izcore is cheap. Not even the standard
library is imported here: whoever interrupts ``iz`` while it starts would see a traceback.
"""

TYPE_CHECKING = False  # as type checkers know it
if TYPE_CHECKING:
    from typing import Any

    from izcore.api import aoptimize as aoptimize
    from izcore.api import check_ready as check_ready
    from izcore.api import compare as compare
    from izcore.api import execute as execute
    from izcore.api import export as export
    from izcore.api import optimize as optimize
    from izcore.api import plan as plan
    from izcore.api import resume as resume
    from izcore.api import run as run
    from izcore.api import runs as runs
    from izcore.api import score as score
    from izcore.config.layers import parse_assignments as parse_assignments
    from izcore.config.options import RunOptions as RunOptions
    from izcore.config.options import ScoringOptions as ScoringOptions
    from izcore.config.options import settings_layers as settings_layers
    from izcore.config.schema import RunConfig as RunConfig
    from izcore.config.sources import own_defaults as own_defaults
    from izcore.config.toml import read_toml as read_toml
    from izcore.databases import Reader as Reader
    from izcore.databases import back_up as back_up
    from izcore.databases import database_path as database_path
    from izcore.databases import export_bundle as export_bundle
    from izcore.databases import import_bundle as import_bundle
    from izcore.databases import keep_comparison as keep_comparison
    from izcore.engine.incumbents import Incumbent as Incumbent
    from izcore.engine.incumbents import Trajectory as Trajectory
    from izcore.engine.plan import PlannedRun as PlannedRun
    from izcore.engine.score_result import Gate as Gate
    from izcore.engine.score_result import PairedComparison as PairedComparison
    from izcore.engine.score_result import ScoredInstruction as ScoredInstruction
    from izcore.engine.score_result import ScoreResult as ScoreResult
    from izcore.plugin.errors import BackendError as BackendError
    from izcore.plugin.errors import BackendUnavailableError as BackendUnavailableError
    from izcore.plugin.errors import BudgetExhaustedError as BudgetExhaustedError
    from izcore.plugin.errors import ConfigError as ConfigError
    from izcore.plugin.errors import DataError as DataError
    from izcore.plugin.errors import FatalScorerError as FatalScorerError
    from izcore.plugin.errors import FlatScoresError as FlatScoresError
    from izcore.plugin.errors import InterruptedRunError as InterruptedRunError
    from izcore.plugin.errors import IzError as IzError
    from izcore.plugin.errors import IzWarning as IzWarning
    from izcore.plugin.errors import StoreError as StoreError
    from izcore.plugin.errors import UnknownNameError as UnknownNameError
    from izcore.plugin.errors import UsageError as UsageError
    from izcore.plugin.estimates import Estimate as Estimate
    from izcore.plugin.estimates import EstimatedCalls as EstimatedCalls
    from izcore.plugin.estimates import Figures as Figures
    from izcore.plugin.estimates import LimitCheck as LimitCheck
    from izcore.plugin.results import Baseline as Baseline
    from izcore.plugin.results import Best as Best
    from izcore.plugin.results import Change as Change
    from izcore.plugin.results import CoordinateEffect as CoordinateEffect
    from izcore.plugin.results import FrontPoint as FrontPoint
    from izcore.plugin.results import RunResult as RunResult
    from izcore.plugin.results import SetAside as SetAside
    from izcore.plugin.results import TestScore as TestScore
    from izcore.plugin.results import ValidationScore as ValidationScore
    from izcore.plugin.run_record import InstructionScores as InstructionScores
    from izcore.plugin.run_record import Row as Row
    from izcore.plugin.run_record import Run as Run
    from izcore.plugin.run_record import TrialAnswer as TrialAnswer
    from izcore.registry.choices import BackendChoice as BackendChoice
    from izcore.registry.registry import Registry as Registry
    from izcore.registry.registry import discover as discover
    from izcore.scoring.statistics import adjust_for_number as adjust_for_number
    from izcore.scoring.statistics import mean_over_runs as mean_over_runs
    from izcore.scoring.statistics import mean_with_interval as mean_with_interval
    from izcore.scoring.statistics import p_value_over_runs as p_value_over_runs
    from izcore.scoring.statistics import paired_p_value as paired_p_value
    from izcore.several_runs import build_executor as build_executor
    from izcore.several_runs import configure as configure
    from izcore.several_runs import find_run as find_run
    from izcore.several_runs import plan_paired as plan_paired
    from izcore.several_runs import progress as progress
    from izcore.several_runs import score_held_out as score_held_out
    from izcore.several_runs import trajectory as trajectory
    from izcore.storage.records import ComparisonRecord as ComparisonRecord
    from izcore.storage.records import DamagedRun as DamagedRun
    from izcore.storage.records import Dependency as Dependency
    from izcore.storage.records import Progress as Progress
    from izcore.storage.records import RunPlan as RunPlan
    from izcore.storage.records import RunRecord as RunRecord
    from izcore.storage.records import RunSummary as RunSummary

_HOMES = {
    "izcore.api": (
        "aoptimize",
        "check_ready",
        "compare",
        "execute",
        "export",
        "optimize",
        "plan",
        "resume",
        "run",
        "runs",
        "score",
    ),
    "izcore.config.layers": ("parse_assignments",),
    "izcore.config.options": ("RunOptions", "ScoringOptions", "settings_layers"),
    "izcore.config.schema": ("RunConfig",),
    "izcore.config.sources": ("own_defaults",),
    "izcore.config.toml": ("read_toml",),
    "izcore.databases": (
        "Reader",
        "back_up",
        "database_path",
        "export_bundle",
        "import_bundle",
        "keep_comparison",
    ),
    "izcore.engine.incumbents": ("Incumbent", "Trajectory"),
    "izcore.engine.plan": ("PlannedRun",),
    "izcore.engine.score_result": ("Gate", "PairedComparison", "ScoreResult", "ScoredInstruction"),
    "izcore.plugin.errors": (
        "BackendError",
        "BackendUnavailableError",
        "BudgetExhaustedError",
        "ConfigError",
        "DataError",
        "FatalScorerError",
        "FlatScoresError",
        "InterruptedRunError",
        "IzError",
        "IzWarning",
        "StoreError",
        "UnknownNameError",
        "UsageError",
    ),
    "izcore.plugin.estimates": ("Estimate", "EstimatedCalls", "Figures", "LimitCheck"),
    "izcore.plugin.results": (
        "Baseline",
        "Best",
        "Change",
        "CoordinateEffect",
        "FrontPoint",
        "RunResult",
        "SetAside",
        "TestScore",
        "ValidationScore",
    ),
    "izcore.plugin.run_record": ("InstructionScores", "Row", "Run", "TrialAnswer"),
    "izcore.registry.choices": ("BackendChoice",),
    "izcore.registry.registry": ("Registry", "discover"),
    "izcore.scoring.statistics": (
        "adjust_for_number",
        "mean_over_runs",
        "mean_with_interval",
        "p_value_over_runs",
        "paired_p_value",
    ),
    "izcore.several_runs": (
        "build_executor",
        "configure",
        "find_run",
        "plan_paired",
        "progress",
        "score_held_out",
        "trajectory",
    ),
    "izcore.storage.records": (
        "ComparisonRecord",
        "DamagedRun",
        "Dependency",
        "Progress",
        "RunPlan",
        "RunRecord",
        "RunSummary",
    ),
}

__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> "Any":
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'izcore' has no attribute {name!r}")
