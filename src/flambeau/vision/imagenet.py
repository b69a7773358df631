"""The thousand classes of ImageNet's competition, as WordNet names them."""

from __future__ import annotations

import functools
from importlib import resources


@functools.cache
def class_names() -> tuple[str, ...]:
    """The names of the 1,000 classes in the order of a network's scores.

    The classes are those of Russakovsky et al. (2015). A name is a synset of WordNet: all its
    words, with commas between. Two classes, the bird and the machine, are both called crane.

    >>> from flambeau.vision import imagenet
    >>> names = imagenet.class_names()
    >>> len(names), names[0], names[207]
    (1000, 'tench, Tinca tinca', 'golden retriever')
    """
    text = resources.files(__package__).joinpath("imagenet_classes.txt").read_text("utf-8")
    return tuple(text.splitlines())
