"""Versions, under PyTorch's name."""

from . import __version__

cuda = None
hip = None
git_version = "unknown"
__all__ = ["__version__", "cuda", "git_version", "hip"]
