"""The registered formats: no suffix twice, every option explained, light until one is chosen."""

import subprocess
import sys
from pkgutil import resolve_name

import msgspec
import pytest

from izcore.plugin import Meta, TaskRegistration
from izcore_tasks.files.registration import file_backends


def test_every_suffix_belongs_to_one_format() -> None:
    suffixes = [suffix for backend in file_backends() for suffix in backend.paths]
    assert sorted(suffixes) == [".csv", ".gz", ".json", ".jsonl", ".ndjson", ".parquet", ".tsv", "/"]


@pytest.mark.parametrize("backend", file_backends(), ids=lambda backend: backend.name)
def test_a_format_can_be_built_and_explains_its_options(backend: TaskRegistration) -> None:
    assert callable(resolve_name(backend.factory))
    assert backend.argument == "path"
    for field in msgspec.structs.fields(backend.options):
        explained = [meta for meta in field.type.__metadata__ if isinstance(meta, Meta) and meta.description]
        assert explained, f"{backend.name}.{field.name}"


def test_registering_reads_no_format_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, izcore_tasks.files.registration as r; r.file_backends();"
        "print([m for m in ('izcore_tasks.files.table', 'izcore_tasks.files.objects', 'numpy', 'torch')"
        " if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
