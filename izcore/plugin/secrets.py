"""Recognises keys and passwords where none should stand: in options, addresses and messages."""

import re

KNOWN_KEYS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        sk-[A-Za-z0-9_-]{16,}
        | (?:gsk|xai|pplx|r8|nvapi|fw|hf|csk|dsk)[_-](?=[A-Za-z0-9]*[0-9])[A-Za-z0-9_-]{20,}
        | AIza[A-Za-z0-9_-]{30,}
        | (?:AKIA|ASIA)[A-Z0-9]{16}
        | (?:ghp|gho|ghs|glpat|xox[abp])[_-][A-Za-z0-9_-]{16,}
        | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+
    )(?![A-Za-z0-9])""",
    re.VERBOSE,
)
"""Keys of well-known providers, and JSON web tokens, which tell themselves by how they begin."""

_USER = re.compile(r"(?<=//)[^/\s?#]*@|(?<![^\s'\"(=/])[^/\s:@]+:[^/\s@]+@(?=[\w\[])")
_PARAMETER = re.compile(
    r"([?&;#][\w.-]*(?:key|token|secret|password|passwd|pwd|sig|signature|auth|credentials?)=)[^&;#\s'\"]+",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_WORD = 15
"""Of letters and digits mixed; words of names of variables are shorter, keys are not."""


def could_be_key(name: str) -> bool:
    """Whether what should be the name of an environment variable may be a key itself."""
    if not _NAME.fullmatch(name) or KNOWN_KEYS.search(name) or len(name) > 64:
        return bool(name)
    words = [word for word in name.split("_") if len(word) > LONGEST_WORD]
    return any(re.search(r"\d", word) or not (word.isupper() or word.islower()) for word in words)


def secret_in(text: str, *, address: bool) -> str:
    """Say what secret a text holds; empty where it holds none.

    In an ``address`` that is also what stands before an ``@``, and parameters such as ``token=``.
    """
    if KNOWN_KEYS.search(text):
        return "an API key"
    found = _PARAMETER.search(text) if address else None
    if found:
        return f"the secret {found[1].strip('?&;#=')!r}"
    return "what may be a user name or password, before @" if address and "@" in text else ""


def without_secrets(text: str) -> str:
    """Return a message without keys, and without the secrets in addresses."""
    return KNOWN_KEYS.sub("[key]", _PARAMETER.sub(r"\1[key]", _USER.sub("", text)))
