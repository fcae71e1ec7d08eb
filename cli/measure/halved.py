"""Half of the words: how much the share understood depends on single words of the lexicon."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from cli.measure.scored import Scored
from conversations import lexicon

Play = Callable[[Iterable[Mapping[str, str]]], Iterable[Scored]]


def halved(
    play: Play, rows: Sequence[Mapping[str, str]], seed: int
) -> Iterator[tuple[str, list[Scored]]]:
    """Play the rows with the whole lexicon, then twice with fewer words of options and matters.

    A random half is left out: first of the words that one row alone has, then of all words of the
    rows that the lexicon knows. A phrase that can't be said without such a word is left out too.
    """
    yield "with all words", list(play(rows))
    held = Counter(word for row in rows for word in _words(row["input"]))
    known = sorted(held.keys() & lexicon.known())
    single = [word for word in known if held[word] == 1]
    for listed, which in ((single, "that one line alone has"), (known, "of these lines")):
        left_out = random.Random(seed).sample(listed, len(listed) // 2)  # noqa: S311  # repeatable
        with lexicon.without(left_out):
            scored = list(play(rows))
        yield f"without {len(left_out)} of the {len(listed)} listed words {which}", scored


def _words(text: str) -> set[str]:
    return {word.lstrip(lexicon.NOT) for word in lexicon.words(text)}
