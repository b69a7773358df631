// Arrays in memory of our own, as Python sees them.
//
// NumPy asks the *memory handler* in force (NEP 49) for the memory of each array, and gives it back to the one that it
// came from. Ours is put in force for the moment in which NumPy makes an array for us; those that users make have
// NumPy's memory as ever.
#include <cstring>

#include "bind.h"
#include "memory.h"

namespace flambeau {
namespace {

// PyDataMem_Handler, as NumPy's C interface has fixed it; so are the places of the class of arrays and of
// PyDataMem_SetHandler in its table.
struct Handler {
  char name[127];
  uint8_t version;
  struct {
    void* context;
    void* (*malloc)(void*, std::size_t);
    void* (*calloc)(void*, std::size_t, std::size_t);
    void* (*realloc)(void*, void*, std::size_t);
    void (*free)(void*, void*, std::size_t);
  } allocator;
};
constexpr int kArrayType = 2, kSetHandler = 304;  // in the table

void* zeros(void*, std::size_t count, std::size_t size) {
  void* block = size && count > SIZE_MAX / size ? nullptr : memory::take(count * size);
  if (block) std::memset(block, 0, count * size);
  return block;
}

Handler handler{"flambeau",
                1,
                {nullptr, [](void*, std::size_t size) { return memory::take(size); }, zeros,
                 [](void*, void* block, std::size_t size) { return memory::resize(block, size); },
                 [](void*, void* block, std::size_t) { memory::give(block); }}};

PyObject* (*set_handler)(PyObject*) = nullptr;
PyObject* ours = nullptr;  // the handler's capsule
PyObject *numpy_empty = nullptr, *numpy_ndarray = nullptr, *zero = nullptr;

class InForce {
 public:
  InForce() : before_(set_handler(ours)) {
    if (!before_) throw nb::python_error();
  }
  ~InForce() {
    Py_XDECREF(set_handler(before_));
    Py_DECREF(before_);
  }

 private:
  PyObject* before_;
};

// numpy.empty(shape, dtype), or with strides numpy.ndarray(shape, dtype, None, 0, strides), in our memory.
nb::object empty(nb::handle shape, nb::handle dtype, nb::handle strides) {
  const InForce in_force;
  PyObject* arguments[] = {shape.ptr(), dtype.ptr(), Py_None, zero, strides.ptr()};
  const bool plain = strides.is_none();
  PyObject* made = PyObject_Vectorcall(plain ? numpy_empty : numpy_ndarray, arguments, plain ? 2 : 5, nullptr);
  if (!made) throw nb::python_error();
  return nb::steal(made);
}

}  // namespace

PyTypeObject* numpy_array = nullptr;

void bind_memory(nb::module_& m) {
  const nb::object numpy = nb::module_::import_("numpy._core._multiarray_umath");
  void** table = static_cast<void**>(PyCapsule_GetPointer(numpy.attr("_ARRAY_API").ptr(), nullptr));
  set_handler = reinterpret_cast<PyObject* (*)(PyObject*)>(table[kSetHandler]);
  numpy_array = static_cast<PyTypeObject*>(table[kArrayType]);
  ours = PyCapsule_New(&handler, "mem_handler", nullptr);
  numpy_empty = nb::object(numpy.attr("empty")).release().ptr();
  numpy_ndarray = nb::object(numpy.attr("ndarray")).release().ptr();
  zero = PyLong_FromLong(0);
  m.def("empty", empty, nb::arg("shape"), nb::arg("dtype"), nb::arg("strides") = nb::none());
  m.def("kept_memory", memory::kept);
  m.def("kept_memory_limit", memory::limit);
  m.def("set_kept_memory_limit", memory::set_limit);
  m.def("poison_memory", memory::set_poison);
}

void bind_layout(nb::module_& m) {
  def(m, "transpose(x[n rows columns], y[n columns rows])", [](In<3> x, Out<3> y) {
    if (x.size() > 0) run(kernels().layout.transpose, x.shape(0), x.shape(1), x.shape(2), x, y);
  });
}

}  // namespace flambeau
