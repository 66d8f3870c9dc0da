"""The simulated models: prose that means nothing, the same for the same question."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    name: str
    pace: float  # seconds a token
    sentences: tuple[int, int]
    about: str


MODELS = {
    each.name: each
    for each in (
        Model("swift-mini", 0.02, (2, 4), "quick and brief"),
        Model("sage-large", 0.045, (5, 8), "takes its time"),
        Model("quill-poet", 0.05, (4, 6), "likes a turn of phrase"),
    )
}

WHO = (
    "a quiet server|the second cursor|every paragraph|an honest merge|the last token|a patient room"
)
WHO += (
    "|the shared page|a small team|the open socket|yesterday's draft|the other tab|a good question"
)
DOES = "keeps|follows|finds|remembers|carries|answers|gathers|returns to|makes room for|listens to"
WHAT = (
    "its own order|what was typed before|the shape of the thought|a thread of its own|the next line"
)
WHAT += "|both versions at once|whatever arrives late|the simplest reading|a place in the margin"
HOW = "without a sound|in the end|more often than not|as if nothing had happened|one word at a time"
HOW += "|before anybody notices|on a slow connection|while the others write|after the restart"
LINK = "Then|Still|In other words|Meanwhile|For once|Somewhere"
LISTS = [each.split("|") for each in (WHO, DOES, WHAT, HOW)]


def tokens_in(text: str) -> int:
    """What the question costs. A simulated model has simulated tokens: words."""
    return len(text.split())


async def speak(model: Model, question: str) -> AsyncIterator[str]:
    """The answer, a token at a time."""
    seed = hashlib.sha256(f"{model.name}\n{question}".encode()).digest()
    dice = random.Random(seed)
    for number in range(dice.randint(*model.sentences)):
        words = " ".join(dice.choice(each) for each in LISTS).split()
        if number and dice.random() < 0.4:
            words = [*f"{dice.choice(LINK.split('|'))},".split(), *words]
        words[0] = words[0][0].upper() + words[0][1:]
        words[-1] += "."
        for place, word in enumerate(words):
            await asyncio.sleep(model.pace)
            yield f" {word}" if number or place else word
