"""What the tests of several commands share: an empty folder, and few images."""

from __future__ import annotations

import pytest


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """An empty folder, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def few():
    """160 digits to train on, 40 held out: quick epochs."""
    from flambeau.cli import sources

    data = sources.open_data("digits", "")
    (x, y), (u, v) = data.train, data.test
    return sources.Data((x[:160], y[:160]), (u[:40], v[:40]), data.images)
