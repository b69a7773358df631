// The thread pool: one parallel loop at a time, worked on by the caller and by helpers that happen to be awake.
//
// A loop over n indices is published as one 64-bit word, the ticket: (epoch, n, next index). Whoever wants work adds
// one to it and gets, in one atomic step, an index and the epoch that it belongs to. So
//   - nobody is waited for who has not taken an index: a helper that the system wakes too late finds nothing to do,
//     and the caller has done its share (FACTS: waiting for a sleeping helper cost 7.8 ms where 0.8 was the work);
//   - a helper that was late for one loop and comes in the middle of the next takes an index of the next, never a
//     stale one: what it must run is read only after the claim, and a loop cannot end while a claimed index is open.
// Helpers spin about a millisecond after their last work, then sleep until the caller wakes them.
//
// A loop inside a loop, a second Python thread while the pool is busy, and a process after fork() run their indices
// themselves, one after the other. Which thread runs an index never matters to the result: a kernel cuts its work
// into pieces by the problem alone, never by the number of threads. What the body throws reaches the caller, once all
// claimed indices are done.
#pragma once

#include <cstdint>

namespace flambeau {

using Body = void (*)(void* context, int64_t index);

// Run body(context, i) for all 0 <= i < n, on as many threads as set_num_threads allows.
void parallel_run(int64_t n, Body body, void* context);

int get_num_threads();
void set_num_threads(int count);  // 1 to 1024; the caller is one of them

}  // namespace flambeau
