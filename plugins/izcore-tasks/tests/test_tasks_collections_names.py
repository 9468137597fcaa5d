"""The names under which tasks are offered, and what the manifest says of them."""

import re
import subprocess
import sys

from izcore_tasks.collections.manifest import content_digest, read_manifest
from izcore_tasks.collections.registration import collection_backends
from izcore_tasks.files.registration import file_backends

PAPER = [
    "antonyms",
    "cause_and_effect",
    "common_concept",
    "diff",
    "first_word_letter",
    "informal_to_formal",
    "larger_animal",
    "letters_list",
    "taxonomy_animal",
    "negation",
    "num_to_verbal",
    "active_to_passive",
    "singular_to_plural",
    "rhymes",
    "second_word_letter",
    "sentence_similarity",
    "sentiment",
    "orthography_starts_with",
    "sum",
    "synonyms",
    "translation_en-de",
    "translation_en-es",
    "translation_en-fr",
    "word_in_context",
    "auto_categorization",
    "auto_debugging",
    "ascii",
    "cs_algorithms",
    "periodic_elements",
    "word_sorting",
    "word_unscrambling",
    "odd_one_out",
    "object_count",
]


def test_every_task_of_the_paper_has_its_name() -> None:
    names = [backend.name for backend in collection_backends()]
    assert len(PAPER) == 33
    assert set(PAPER) <= set(names)


def test_no_name_is_given_twice() -> None:
    names = [backend.name for backend in (*collection_backends(), *file_backends())]
    assert len(names) == len(set(names))


def test_every_file_is_pinned() -> None:
    manifest = read_manifest()
    for upstream in manifest.upstreams.values():
        assert re.fullmatch("[0-9a-f]{40}", upstream.commit)
        assert upstream.licence
    for name, task in manifest.tasks.items():
        assert task.upstream in manifest.upstreams
        assert set(task.files) in (
            {"task"},
            {"induce"},
            {"induce", "execute"},
            {"induce", "execute", "annotations"},
        ), name
        for file in task.files.values():
            assert file.size > 0
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert re.fullmatch("[0-9a-f]{64}", file.content_sha256)


def test_the_content_digest_sees_content_alone() -> None:
    assert content_digest(b'{"a": [1, 2], "b": "\\u00e4"}') == content_digest(
        '{"b":"ä",\r\n "a":[1,2]}'.encode()
    )
    assert content_digest(b'{"a": [1, 2]}') != content_digest(b'{"a": [2, 1]}')
    assert content_digest(b"not json") == ""


def test_registration_imports_nothing_heavy() -> None:
    heavy = "{'inflect', 'num2words', 'tenacity', 'urllib.request'}"
    code = (
        "import sys, izcore.plugin; before = set(sys.modules); "
        "from izcore_tasks.collections.registration import collection_backends; collection_backends(); "
        f"print(sorted({heavy} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
