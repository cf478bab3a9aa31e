"""Words that are spoken otherwise than they are written."""

import re
from collections.abc import Iterable

from shared.messaging import Pronunciation


def pronounced(text: str, entries: Iterable[Pronunciation], *, spaces: bool) -> str:
    """Put what is spoken in place of what is written, the longest entry first, capitals or not.

    With `spaces` between the words of the language only whole words are meant. What was put in is not looked at again.
    """
    spoken = {entry.written.casefold(): entry.spoken for entry in entries}
    if not spoken:
        return text
    either = "|".join(re.escape(written) for written in sorted(spoken, key=len, reverse=True))
    pattern = rf"(?<!\w)(?:{either})(?!\w)" if spaces else either
    return re.sub(pattern, lambda found: spoken.get(found[0].casefold(), found[0]), text, flags=re.IGNORECASE)
