#!/usr/bin/env bash
# The kernels' tests on builds of the runtime that watch themselves:
#
#   native/sanitize.sh address    memory beyond its ends or after its end, undefined behaviour (overflow, shifts, alignment)
#   native/sanitize.sh thread     memory that two threads touch without agreeing on an order
#   native/sanitize.sh            both, one after the other
#   native/sanitize.sh portable   address, of the portable kernels alone: a third of the time, and what CI runs (those of
#                                 the other sets are the same text; parts of vectors are copied byte by byte, not masked)
#
# Builds and a copy of the package lie in SANITIZE_BUILD (default: a new folder that is removed again), never in the
# source tree. PYTHON is a Python that has the package's test extra, nanobind and cmake's Ninja or make.
#
# There are no suppressions. Python, NumPy and PyTorch are not instrumented, so nothing is reported of them; what the
# sanitizers see of them are allocations and locks, and of these only leaks would be reported: Python never frees all
# it has, so detect_leaks=0. The other options:
#   allocator_may_return_null   a size that no process can have is an error that kernels raise: it is tested
#   die_after_fork=0            threads after fork: that the pool starts helpers in a child is tested
#   FLAMBEAU_KEPT_MEMORY=0      freed results are not kept for the next, so that their use after the end is seen
#   OPENBLAS_NUM_THREADS=1      NumPy's own threads wait for each other by spinning, at a tenth of the speed
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
if [ -n "${SANITIZE_BUILD:-}" ]; then
  work=$SANITIZE_BUILD
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
work=$(cd "$work" && pwd)
compiler=${CXX:-g++}
library() { "$compiler" -print-file-name="$1"; }

run() {  # NAME SANITIZERS LIBRARIES [CMAKE OPTIONS]: build with these and run the tests with these loaded before Python
  local name=$1 build=$work/build-$1 tree=$work/tree-$1
  cmake -S "$root/native" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFLAMBEAU_SANITIZE="$2" "${@:4}" \
    -DCMAKE_CXX_COMPILER="$compiler" -DPython_EXECUTABLE="$("$python" -c 'import sys; print(sys.executable)')" \
    -Dnanobind_DIR="$("$python" -m nanobind --cmake_dir)" >"$work/$name.log"
  cmake --build "$build" --parallel "$(nproc)" >>"$work/$name.log" || { tail -n 40 "$work/$name.log"; return 1; }
  rm -rf "$tree"
  mkdir -p "$tree"
  cp -r "$root/src" "$root/tests" "$root/pyproject.toml" "$tree"
  find "$tree/src" -name '_runtime*.so' -delete
  cp "$build"/_runtime*.so "$tree/src/flambeau/backend/native/"
  (
    cd "$tree"
    export PYTHONPATH=$tree/src PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
    export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 FLAMBEAU_KEPT_MEMORY=0
    export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
    export UBSAN_OPTIONS=print_stacktrace=1
    export TSAN_OPTIONS=allocator_may_return_null=1:die_after_fork=0:halt_on_error=1:second_deadlock_stack=1
    LD_PRELOAD=$3 "$python" -m pytest -q -p no:cacheprovider -n "$(nproc)" tests/backend/test_native_*.py
  )
}

for name in ${1:-address thread}; do
  printf '\n== %s\n' "$name"
  case $name in
    address) run address address,undefined "$(library libasan.so) $(library libubsan.so)" ;;
    portable) run portable address,undefined "$(library libasan.so) $(library libubsan.so)" -DFLAMBEAU_PORTABLE=ON ;;
    thread) run thread thread "$(library libtsan.so)" ;;
    *) echo "address, thread or portable, not '$name'" >&2; exit 2 ;;
  esac
done
