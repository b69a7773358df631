"""What goes wrong with the files of data sets and pictures."""

from __future__ import annotations

from flambeau.core.errors import FlambeauError


class DataFileError(FlambeauError, RuntimeError):
    """A data file is missing, damaged or not what it should be; the text names the file."""


class ImageFileError(DataFileError, OSError):
    """A file is no readable picture; an OSError too, which is what Pillow raises."""
