#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

namespace flambeau::memory {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kLeast = 1024;
constexpr std::size_t kHugePage = std::size_t(2) << 20;

// The cache line before a block says how large it is with this line: a size that its class has.
std::size_t& size_of(void* block) { return *reinterpret_cast<std::size_t*>(static_cast<char*>(block) - kLine); }

struct Class {
  std::vector<void*> blocks;
  uint64_t used = 0;  // when last
};

std::mutex mutex;
Class classes[64 * 8];
std::size_t kept_bytes = 0;
uint64_t now = 0;
bool poison = std::getenv("FLAMBEAU_POISON") != nullptr;

std::size_t default_limit() {
  if (const char* said = std::getenv("FLAMBEAU_KEPT_MEMORY")) return std::strtoull(said, nullptr, 10);
  const std::size_t all = std::size_t(sysconf(_SC_PHYS_PAGES)) * std::size_t(sysconf(_SC_PAGE_SIZE));
  return std::min(all / 8, std::size_t(1) << 30);
}
std::size_t most_bytes = default_limit();

// The class of a size, which becomes the size that its blocks have.
Class& class_of(std::size_t& size) {
  size = std::max(size, kLeast);
  const int step = std::bit_width(size - 1) - 4;  // sizes of this power of two are 2^step apart
  const std::size_t eighths = ((size - 1) >> step) + 1;
  size = eighths << step;
  return classes[step * 8 + int(eighths - 8)];
}

void* from_system(std::size_t size) {
  const bool huge = size >= 2 * kHugePage;
  void* memory = nullptr;
  if (posix_memalign(&memory, huge ? kHugePage : kLine, size)) return nullptr;
#ifdef MADV_HUGEPAGE
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void to_system(Class& from) {
  void* block = from.blocks.back();
  from.blocks.pop_back();
  kept_bytes -= size_of(block);
  std::free(&size_of(block));
}

// Make room for `size` bytes; what was used longest ago goes first.
void evict(std::size_t size) {
  while (kept_bytes && kept_bytes + size > most_bytes) {
    Class* oldest = nullptr;
    for (Class& c : classes)
      if (!c.blocks.empty() && (!oldest || c.used < oldest->used)) oldest = &c;
    to_system(*oldest);
  }
}

}  // namespace

void* take(std::size_t bytes) {
  if (bytes > PTRDIFF_MAX / 2) return nullptr;
  std::size_t size = bytes + kLine;
  void* block = nullptr;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    Class& c = class_of(size);
    c.used = ++now;
    if (!c.blocks.empty()) {
      block = c.blocks.back();
      c.blocks.pop_back();
      kept_bytes -= size;
    }
  }
  if (!block) {
    void* memory = from_system(size);
    if (!memory) return nullptr;
    block = static_cast<char*>(memory) + kLine;
    size_of(block) = size;
  }
  if (poison) std::memset(block, 255, bytes);
  return block;
}

void give(void* block) {
  if (!block) return;
  std::size_t size = size_of(block);
  const std::lock_guard<std::mutex> lock(mutex);
  if (size > most_bytes) return std::free(&size_of(block));
  evict(size);
  Class& c = class_of(size);
  c.used = ++now;
  c.blocks.push_back(block);
  kept_bytes += size;
}

void* resize(void* block, std::size_t bytes) {
  void* other = take(bytes);
  if (other && block) {
    std::memcpy(other, block, std::min(bytes, size_of(block) - kLine));
    give(block);
  }
  return other;
}

std::size_t kept() {
  const std::lock_guard<std::mutex> lock(mutex);
  return kept_bytes;
}

std::size_t limit() { return most_bytes; }

void set_limit(std::size_t most) {
  const std::lock_guard<std::mutex> lock(mutex);
  most_bytes = most;
  evict(0);
}

void set_poison(bool on) { poison = on; }

}  // namespace flambeau::memory
