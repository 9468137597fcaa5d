"""The nested files of reading comprehension: passages, each with its questions, as SQuAD publishes them.

Format: https://rajpurkar.github.io/SQuAD-explorer/: ``data``, a list of articles with ``title`` and
``paragraphs``; a paragraph has ``context`` and ``qas``, a list of ``question``, ``id`` and ``answers``.
"""

from collections.abc import Iterator
from typing import Any


def is_reading(document: Any) -> bool:
    """Say whether a parsed JSON document has this form."""
    articles = document.get("data") if isinstance(document, dict) else None
    return (
        isinstance(articles, list)
        and bool(articles)
        and all(
            isinstance(article, dict) and isinstance(article.get("paragraphs"), list) for article in articles
        )
    )


def reading_rows(document: Any) -> list[Any]:
    """Return an object for each question, with the passage and the title that it belongs to."""
    return [
        {"title": article.get("title"), "context": paragraph.get("context"), **question}
        for article in document["data"]
        for paragraph, question in _questions(article["paragraphs"])
    ]


def _questions(paragraphs: list[Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for paragraph in paragraphs:
        questions = paragraph.get("qas") if isinstance(paragraph, dict) else None
        for question in questions if isinstance(questions, list) else ():
            if isinstance(question, dict):
                yield paragraph, question
