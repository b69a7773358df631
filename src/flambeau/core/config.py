"""What is switched on in this thread: gradient recording, inference mode, anomaly detection."""

from __future__ import annotations

import threading


class _Modes(threading.local):
    grad_enabled = True
    inference = False
    anomaly = False
    anomaly_check_nan = True
    device = None  # where factories put tensors unless they are told; None: the CPU
    outer_devices: tuple = ()  # what ``device`` was outside each ``with torch.device(...)``
    saved_hooks: tuple = ()  # the innermost (pack, unpack) pair of saved_tensors_hooks, if any


modes = _Modes()
