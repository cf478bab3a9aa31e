"""Words that are not spoken as they are written."""

import re
from collections.abc import Iterable

from shared.messaging import Pronunciation


def pronounced(text: str, entries: Iterable[Pronunciation], *, spaces: bool) -> str:
    """Replace the written form by the spoken one, longest entry first, ignoring case.

    With `spaces` between the words of the language, only whole words match. Replacements are not replaced again.
    """
    spoken = {entry.written.casefold(): entry.spoken for entry in entries}
    if not spoken:
        return text
    either = "|".join(re.escape(written) for written in sorted(spoken, key=len, reverse=True))
    pattern = rf"(?<!\w)(?:{either})(?!\w)" if spaces else either
    return re.sub(pattern, lambda found: spoken.get(found[0].casefold(), found[0]), text, flags=re.IGNORECASE)
