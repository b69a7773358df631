// Memory that kernels work in: aligned, grown when a call needs more, kept by its thread until the next call.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace flambeau {

// One block of a thread. A kernel declares its blocks `static thread_local`, so that the hot path never allocates.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  ~Scratch() { std::free(data_); }

  // At least `count` floats, 64-byte aligned, of unknown content. Throws std::bad_alloc.
  float* floats(std::size_t count) { return static_cast<float*>(bytes(count * sizeof(float))); }

  void* bytes(std::size_t count) {
    if (count > size_) {
      std::free(data_);
      size_ = 0;
      const std::size_t wanted = (count + count / 8 + 4095) / 4096 * 4096;
      data_ = std::aligned_alloc(4096, wanted);
      if (!data_) throw std::bad_alloc();
      size_ = wanted;
    }
    return data_;
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace flambeau
