"""What is switched on in this thread: gradient recording, inference mode, anomaly detection."""

from __future__ import annotations

import threading


class _Modes(threading.local):
    grad_enabled = True
    inference = False
    anomaly = False
    anomaly_check_nan = True


modes = _Modes()
