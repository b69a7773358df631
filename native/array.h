// A growing array of plain values, one type a namespace (see simd.h: no std::vector in files compiled twice).
#pragma once

#include <cstdlib>
#include <new>

#include "simd.h"

namespace flambeau::FLAMBEAU_ISA {

template <class T>
class Array {
 public:
  Array() = default;
  Array(const Array&) = delete;
  ~Array() { std::free(data_); }

  void clear() { size_ = 0; }
  void add(const T& value) {
    if (size_ == room_) {
      const int64_t room = room_ ? 2 * room_ : 64;
      void* data = std::realloc(static_cast<void*>(data_), room * sizeof(T));
      if (!data) throw std::bad_alloc();
      data_ = static_cast<T*>(data);
      room_ = room;
    }
    data_[size_++] = value;
  }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_[i]; }
  const T& operator[](int64_t i) const { return data_[i]; }
  const T* data() const { return data_; }
  T& last() { return data_[size_ - 1]; }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0, room_ = 0;
};

}  // namespace flambeau::FLAMBEAU_ISA
