"""What an executor performs."""

from izcore.plugin.record import Record


class Job(Record):
    """A piece of work that any process can do, wherever it has the same packages and files.

    ``name`` is what people call it. ``function`` is the import path ``package.module:name`` of a function
    that takes ``payload``, a text of JSON, and returns nothing: its results stand in a database or in files.
    """

    name: str
    function: str
    payload: str
