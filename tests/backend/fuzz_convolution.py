"""Random convolutions through the runtime's kernels, for as long as one likes.

    python tests/backend/fuzz_convolution.py --seconds 60

Each is computed on every instruction set of the machine with 1, 2 and 5 threads, which must agree
bit for bit, and compared with float64. A failure prints the case, and the seed that draws it.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from convolution_cases import check, random_case


def main() -> None:
    """Draw and check until the time is over."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--most", type=int, default=300_000, help="numbers of an array")
    options = parser.parse_args()
    seed, failed, stop = options.seed, 0, time.monotonic() + options.seconds
    while time.monotonic() < stop:
        case = random_case(np.random.default_rng(seed), options.most)
        try:
            check(case, seed)
        except Exception as error:
            failed += 1
            print(f"--seed {seed}: {case}\n    {error}", flush=True)
        seed += 1
    print(f"{seed - options.seed} convolutions, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
