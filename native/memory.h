// Memory of results: it begins at a cache line, and is kept when it is freed.
//
// A network makes arrays of the same sizes in every step. Memory that comes fresh from the system is mapped page by
// page when it is first touched, which costs more than what many a kernel then does with it. So freed blocks wait in
// lists, one for each class of sizes (an eighth of a power of two apart: at most an eighth is wasted), for the next
// array of their class. All of them together are at most `limit` bytes; beyond it the class that was used longest ago
// goes back to the system first.
//
// NumPy's own memory begins 16 bytes into a page. There every vector of 64 bytes straddles two cache lines: depthwise
// convolution took up to three times as long.
#pragma once

#include <cstddef>

namespace flambeau::memory {

void* take(std::size_t bytes);  // null where the system has no more
void give(void* block);
void* resize(void* block, std::size_t bytes);

std::size_t kept();                    // bytes that wait
void set_limit(std::size_t most);      // ... and how many may; what is above it goes back at once
std::size_t limit();
void set_poison(bool on);              // fill what is handed out with bytes 255: NaN, -1

}  // namespace flambeau::memory
