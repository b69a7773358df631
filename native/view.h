// Arrays, as kernels take them.
//
// A kernel wants a pointer, sizes and perhaps strides, and to be sure of the type of the numbers. NumPy's arrays have
// these in fields whose places its C interface has fixed, so they are read there: that takes a few nanoseconds, where a
// general protocol for arrays of any library takes a hundred, as long as a small kernel runs. Nothing is ever
// converted: what is written into a copy would be lost.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace flambeau {

namespace nb = nanobind;

// The beginnings of PyArray_Descr and PyArrayObject.
struct NumpyType {
  PyObject_HEAD
  PyTypeObject* scalar;
  char kind, code, byte_order;
};

struct NumpyArray {
  PyObject_HEAD
  char* data;
  int rank;
  Py_ssize_t* sizes;
  Py_ssize_t* strides;  // in bytes
  PyObject* base;
  NumpyType* type;
  int flags;
};

constexpr int kDenseFlag = 0x1, kWriteableFlag = 0x400;

extern PyTypeObject* numpy_array;  // the class

// What NumPy writes for T: letters, one for each type of C that is the same.
template <class T>
constexpr const char* codes() {
  if (std::is_same_v<T, float>) return "f";
  if (std::is_same_v<T, double>) return "d";
  if (std::is_same_v<T, bool>) return "?";
  if (std::is_same_v<T, uint8_t>) return "B";
  if (std::is_same_v<T, int32_t>) return sizeof(long) == 4 ? "il" : "i";
  if (std::is_same_v<T, int64_t>) return sizeof(long) == 8 ? "lq" : "q";
  return sizeof(long) == 8 ? "LQ" : "Q";
}

constexpr int kAny = -1;  // any number of axes

// An array of T, which is const where a kernel only reads; void: numbers of a type that the kernel asks for. `Dense` is
// dense in C order. With `Maybe` there may be None, whose data is null. While it lives, so does the array.
template <class T, int N, bool Dense = true, bool Maybe = false>
class View {
 public:
  static constexpr int kRank = N;
  static constexpr bool kMaybe = Maybe;
  using Number = std::conditional_t<std::is_void_v<T>, char, T>;

  // False, and nothing is held, where `object` is no such array.
  bool take(nb::handle object) {
    if (Maybe && object.is_none()) {
      *this = {};
      return true;
    }
    if (!PyObject_TypeCheck(object.ptr(), numpy_array)) return false;
    const NumpyArray* a = reinterpret_cast<NumpyArray*>(object.ptr());
    constexpr int kFlags = (Dense ? kDenseFlag : 0) | (std::is_const_v<T> ? 0 : kWriteableFlag);
    if ((a->flags & kFlags) != kFlags || (N != kAny && a->rank != N)) return false;
    if (a->type->byte_order != '=' && a->type->byte_order != '|') return false;
    if (!std::is_void_v<T> && !std::strchr(codes<std::remove_const_t<T>>(), a->type->code)) return false;
    for (int i = 0; !Dense && i < a->rank; ++i)
      if (a->strides[i] % Py_ssize_t(sizeof(Number))) return false;
    array_ = nb::borrow(object);
    data_ = reinterpret_cast<T*>(a->data);
    return true;
  }

  T* data() const { return data_; }
  explicit operator bool() const { return array_.is_valid(); }
  int rank() const { return N == kAny ? array()->rank : N; }
  int64_t shape(int axis) const { return array()->sizes[axis]; }
  int64_t stride(int axis) const { return array()->strides[axis] / Py_ssize_t(sizeof(Number)); }  // in numbers
  std::span<const Py_ssize_t> shape() const { return {array()->sizes, std::size_t(rank())}; }
  int64_t size() const {
    int64_t n = 1;
    for (int64_t each : shape()) n *= each;
    return n;
  }
  template <class U>
  bool holds() const {
    return std::strchr(codes<U>(), array()->type->code);
  }

 private:
  const NumpyArray* array() const { return reinterpret_cast<const NumpyArray*>(array_.ptr()); }

  nb::object array_;
  T* data_ = nullptr;
};

template <int N> using In = View<const float, N>;
template <int N> using Out = View<float, N>;
template <int N> using MaybeIn = View<const float, N, true, true>;
template <int N> using MaybeOut = View<float, N, true, true>;

template <class A>
concept AnyView = requires { A::kMaybe; };

// Whether two dense arrays share no memory. What is checked before a kernel runs must not change while it runs: numbers
// that say where to read or write are no part of its results.
template <AnyView A, AnyView B>
bool apart(const A& a, const B& b) {
  const auto begin = [](const auto& x) { return reinterpret_cast<uintptr_t>(x.data()); };
  const auto end = [&](const auto& x) { return begin(x) + uintptr_t(x.size()) * sizeof(*x.data()); };
  return !a || !b || end(a) <= begin(b) || end(b) <= begin(a);
}

}  // namespace flambeau

namespace nanobind::detail {

template <class T, int N, bool Dense, bool Maybe>
struct type_caster<flambeau::View<T, N, Dense, Maybe>> {
  using View = flambeau::View<T, N, Dense, Maybe>;
  // How a signature shows it; what an array may be is left out by saying something else twice.
  using Shown = ndarray<device::cpu, std::conditional_t<std::is_void_v<T>, device::cpu, T>,
                        std::conditional_t<N == flambeau::kAny, device::cpu, ndim<N == flambeau::kAny ? 1 : N>>,
                        std::conditional_t<Dense, c_contig, device::cpu>>;
  NB_TYPE_CASTER(View, make_caster<Shown>::Name + const_name<Maybe>(" | None", ""))

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept { return value.take(source); }
};

template <class T, int N, bool Dense>  // None may be passed, and a signature says so of itself
struct has_arg_defaults<flambeau::View<T, N, Dense, true>> : std::true_type {};
template <class T, int N, bool Dense>
struct remove_opt_mono<flambeau::View<T, N, Dense, true>> : remove_opt_mono<flambeau::View<T, N, Dense>> {};

}  // namespace nanobind::detail
