"""Registers the broken backends, and says which check each of them fails; imports none of them."""

from typing import Annotated, Any

from izcore.plugin import CommandRegistration, Meta, MetricRegistration, Options, hookimpl
from izcore.plugin.kinds import KINDS, Kind, plural
from izcore.plugin.registrations import Registration

IZCORE_API = 1

BREAKS: dict[Kind, dict[str, str]] = {
    "generator": {
        "Unready": "test_pool_size_needs_no_preparation",
        "Flat": "test_prepare_says_the_latent_dimension",
        "Forgetful": "test_prepare_takes_up_its_state",
        "Short": "test_one_candidate_per_latent",
        "Rounding": "test_latents_come_back_in_order",
        "Shy": "test_instructions_are_clean_texts",
        "Untidy": "test_instructions_are_clean_texts",
        "Bored": "test_same_request_same_candidates",
        "Unseeded": "test_same_seed_same_candidates",
        "Sociable": "test_batch_equals_single",
        "Meddling": "test_request_is_left_as_it_was",
        "Raw": "test_candidates_travel",
        "Ragged": "test_features_are_alike",
        "Counting": "test_features_are_alike",
        "Hopeful": "test_goes_on_after_trials",
        "Lost": "test_trials_are_located_alike",
        "Repeating": "test_finite_pool_is_offered_once",
        "Stringly": "test_unsteered_is_a_candidate_or_none",
    },
    "scorer": {
        "Sizeless": "test_info_is_complete",
        "Opaque": "test_identity_is_plain_data",
        "Anonymous": "test_identity_is_plain_data",
        "Renamed": "test_identity_is_stable",
        "Leaky": "test_identity_holds_no_secret",
        "Dropping": "test_one_completion_per_prompt",
        "Talkative": "test_no_prompts_no_completions",
        "Endless": "test_completions_travel",
        "Uncounted": "test_usage_is_reported",
        "Negative": "test_usage_is_reported",
        "Tight": "test_bound_holds",
        "Roomless": "test_bound_holds",
        "Sorted": "test_batch_equals_single",
        "Confused": "test_requests_at_once",
        "Settled": "test_works_in_a_second_event_loop",
        "Unopened": "test_closes_without_having_been_asked",
        "Fragile": "test_odd_inputs_end_in_an_answer_or_an_error_for_people",
        "Inventive": "test_failures_are_of_the_right_kind",
        "Blunt": "test_failures_are_of_the_right_kind",
        "Meddling": "test_request_is_left_as_it_was",
    },
    "surrogate": {
        "Capped": "test_as_many_as_asked",
        "Unbounded": "test_latents_lie_in_the_unit_cube",
        "Twins": "test_latents_are_distinct",
        "NumPys": "test_latents_travel",
        "Bored": "test_same_request_same_latents",
        "Attached": "test_another_goes_on_where_one_stopped",
        "Hashed": "test_fresh_process_suggests_the_same",
        "Stubborn": "test_another_seed_suggests_others",
        "Global": "test_global_random_state_is_left_alone",
        "Meddling": "test_request_is_left_as_it_was",
        "Clueless": "test_no_trials",
        "Spread": "test_one_trial",
        "Scaled": "test_constant_scores",
        "Summing": "test_missing_scores",
        "Hopeful": "test_no_scores_at_all",
        "Rectangular": "test_partial_scores",
        "Original": "test_repeated_instructions",
        "Singular": "test_equal_latents",
        "Rooted": "test_penalties",
        "Plane": "test_one_dimension",
        "Narrow": "test_ten_dimensions",
        "Impatient": "test_initial_design",
        "Eager": "test_nothing_asked",
        "Poolless": "test_pool",
        "Continuous": "test_sentences_at_hand",
        "Inventive": "test_sentences_at_hand",
        "Silent": "test_without_a_pool_it_says_so",
    },
    "task": {
        "Empty": "test_task_loads",
        "Numbers": "test_examples_are_texts",
        "Targetless": "test_examples_have_targets",
        "Unseeded": "test_loading_again_gives_the_same",
        "Once": "test_one_task_loads_twice",
        "Listed": "test_data_travels",
        "Unmeasured": "test_metric_is_known",
        "Unfitting": "test_metric_fits_the_examples",
        "Templated": "test_template_is_valid",
        "Crashing": "test_faulty_data_is_explained",
    },
    "evaluation_policy": {
        "Endless": "test_rungs_rise_to_all_examples",
        "Doubling": "test_stay_names_places",
        "Generous": "test_no_more_stay_than_promised",
        "Modest": "test_the_best_stays",
        "Moody": "test_same_request_same_answer",
        "Hopeful": "test_no_scores",
        "Alone": "test_incumbent",
        "Rooted": "test_penalties",
        "Listed": "test_answers_travel",
        "Meddling": "test_request_is_left_as_it_was",
    },
    "coordinate": {
        "Lonely": "test_it_offers_a_choice",
        "Pushy": "test_the_first_leaves_the_prompt_as_it_is",
        "Silent": "test_a_mark_is_asked_for",
        "Moody": "test_same_request_same_answer",
        "Listed": "test_answers_travel",
        "Meddling": "test_request_is_left_as_it_was",
    },
    "tracker": {
        "Misspelt": "test_its_hooks_exist_and_are_marked",
        "Unmarked": "test_its_hooks_exist_and_are_marked",
        "Unimpressed": "test_a_run_that_ends",
        "Fresh": "test_a_run_that_goes_on_and_stops",
        "Hopeful": "test_failures_on_the_way",
        "Unopened": "test_a_run_that_never_starts",
        "Homebound": "test_another_thread_calls_it",
        "Meddling": "test_events_are_left_as_they_were",
    },
    "executor": {
        "Twice": "test_every_job_is_performed_once",
        "Forgetful": "test_every_job_is_yielded_once",
        "Hasty": "test_a_job_is_yielded_when_it_is_done",
        "Expectant": "test_no_jobs",
        "Wrapping": "test_a_failure_arrives_as_it_was_raised",
        "Spent": "test_it_works_again_after_a_failure",
    },
    "exporter": {
        "Encoded": "test_a_run_becomes_a_text",
        "Numbered": "test_same_run_same_text",
        "Impatient": "test_unfinished_runs",
        "Plain": "test_odd_texts",
        "Meddling": "test_request_is_left_as_it_was",
    },
    "command": {
        "nowhere": "test_app_can_be_imported",
        "numeric": "test_app_can_be_imported",
        "empty": "test_help_is_shown",
        "blunt": "test_a_mistake_is_explained",
        "forgiving": "test_a_mistake_is_explained",
        "chatty": "test_json_stands_alone",
        "helpless": "test_json_stands_alone",
    },
    "metric": {
        "Short": "test_one_score_per_answer",
        "Harsh": "test_scores_lie_between_0_and_1",
        "First": "test_target_scores_1",
        "Careless": "test_empty_answer_is_scored",
        "Reversed": "test_batch_equals_single",
        "Moody": "test_same_answers_same_scores",
        "Truthful": "test_scores_travel",
        "Meddling": "test_request_is_left_as_it_was",
        "Judging": "test_unanswered_question_gives_no_score",
        "Agreeable": "test_agreement_is_a_share",
        # What is broken here is the registration.
        "misnamed": "test_backend_is_found",
        "mute": "test_summary_is_a_line",
        "wordy": "test_summary_is_a_line",
        "picky": "test_options_are_accepted",
        "loose": "test_unknown_options_are_refused",
        "unexplained": "test_options_explain_themselves",
        "homebound": "test_options_travel",
        "missing": "test_factory_can_be_imported",
        "demanding": "test_backend_starts",
    },
}

MODULES = {
    "no_version": "test_api_version_is_declared",
    "future_version": "test_api_version_is_declared",
    "unmarked": "test_hooks_are_registered",
    "no_records": "test_hooks_are_registered",
    "eager": "test_plugin_module_is_light",
    "heavy": "test_plugin_module_is_light",
}
"""Plugin modules in the folder ``registrations`` that are broken; they register the metric ``fine``."""


class FileOptions(Options):
    """What tells a backend to fail."""

    down: Annotated[bool, Meta(description="Nothing works while it is set")] = False


class JudgeOptions(Options):
    """The model to ask."""

    judge: Annotated[str, Meta(description="The model that grades")] = ""


class PickyOptions(Options):
    """An option that the subject does not set."""

    wanted: Annotated[int, Meta(description="Has no default")]


class LooseOptions(Options, forbid_unknown_fields=False):
    """Takes anything."""


class UnexplainedOptions(Options):
    """An option without a description."""

    depth: int = 1


class HomeboundOptions(Options):
    """A value that is another one after the way through JSON."""

    words: Annotated[Any, Meta(description="A set of words")] = frozenset({"a"})


def fine_metric(name: str, factory: str = "broken_backends.metrics:Fine", **more: Any) -> MetricRegistration:
    """Return a registration that has no fault but those in ``more``."""
    return MetricRegistration(
        **{"name": name, "summary": "1 for a target, else 0", "factory": factory, **more}
    )


def _backends(kind: Kind) -> list[Registration]:
    options = {"scorer": FileOptions, "task": FileOptions}.get(kind, Options)
    return [
        KINDS[kind].registration(
            name=name,
            summary=f"A {kind} that is broken",
            factory=f"broken_backends.{plural(kind).replace(' ', '_')}:{name}",
            options=options,
        )
        for name in BREAKS[kind]
        if name[0].isupper() and name != "Judging"
    ]


@hookimpl
def izcore_generators():
    return _backends("generator")


@hookimpl
def izcore_scorers():
    return _backends("scorer")


@hookimpl
def izcore_surrogates():
    return _backends("surrogate")


@hookimpl
def izcore_tasks():
    return _backends("task")


@hookimpl
def izcore_evaluation_policies():
    return _backends("evaluation_policy")


@hookimpl
def izcore_coordinates():
    return _backends("coordinate")


@hookimpl
def izcore_trackers():
    return _backends("tracker")


@hookimpl
def izcore_executors():
    return _backends("executor")


@hookimpl
def izcore_exporters():
    return _backends("exporter")


@hookimpl
def izcore_commands():
    return [
        CommandRegistration(
            name=name, summary="A command that is broken", app=f"broken_backends.commands:{name}"
        )
        for name in BREAKS["command"]
    ]


@hookimpl
def izcore_metrics():
    return [
        *_backends("metric"),
        fine_metric("Judging", "broken_backends.metrics:Judging", options=JudgeOptions, models=("judge",)),
        fine_metric("named"),
        fine_metric("mute", summary=""),
        fine_metric("wordy", summary="Two\nlines"),
        fine_metric("picky", options=PickyOptions),
        fine_metric("loose", options=LooseOptions),
        fine_metric("unexplained", options=UnexplainedOptions),
        fine_metric("homebound", options=HomeboundOptions),
        fine_metric("missing", "broken_backends.metrics:Nowhere"),
        fine_metric("demanding", "broken_backends.metrics:Demanding"),
    ]
