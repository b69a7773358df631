"""What is switched on in this thread: gradient recording, inference mode, anomaly detection."""

from __future__ import annotations

import threading


class _Modes(threading.local):
    grad_enabled = True
    inference = False
    anomaly = False
    anomaly_check_nan = True
    saved_hooks: tuple = ()  # the innermost (pack, unpack) pair of saved_tensors_hooks, if any


modes = _Modes()
