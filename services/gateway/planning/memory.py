"""When two source texts are the same to the translation memory."""

import hashlib
import unicodedata

_MARKS = " .,;:!¡…-–—\"'`´’‘“”«»‹›()[]{}。、「」『』・~"


def normalized(text: str) -> str:
    """`text` without what does not change its meaning: case, width, spaces, and marks at its ends.

    Marks inside stay ("Let's eat, Tom" is not "Let's eat Tom"), and so do question marks at the end, which turn a
    statement into a question.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    bare = folded.strip(_MARKS + "?¿")
    return f"{bare}?" if bare and folded.rstrip(_MARKS).endswith("?") else bare


def source_hash(text: str) -> str | None:
    """What a source text is found by; None for one without letters or digits, which is never kept."""
    plain = normalized(text)
    return hashlib.sha256(plain.encode()).hexdigest() if any(map(str.isalnum, plain)) else None
