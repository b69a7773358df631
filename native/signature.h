// What Python sees of a kernel, in one line.
//
//   def(m, "layer_norm_forward(x[m c], weight[c], bias[c], eps, y[m c], mean[m], var[m])", [](In<2> x, ...) {...});
//
// names the function and its arguments, gives defaults as Python has them, and says in brackets which sizes the arrays
// must have: where a name stands twice, the two sizes must be the same, and a number is that size. An array of any
// number of axes has one name, for the count of its elements; one that is None has any size. This is checked before the
// function runs, so that what is left to check there is what is particular to it.
#pragma once

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "view.h"

namespace flambeau {

class Signature {
 public:
  explicit Signature(const std::string& text);

  struct Argument {
    std::string text;        // with brackets
    std::string name;
    nb::object value;        // the default, if there is one
    std::vector<int> sizes;  // numbers of names
  };

  template <class... A>
  void check_sizes(const A&... arguments) const {
    if (names_.empty()) return;
    int64_t known[kMostNames];
    std::copy_n(known_, names_.size(), known);
    const Argument* each = this->arguments.data();
    (check_argument(*each++, arguments, known), ...);
  }

  std::string name;
  std::vector<Argument> arguments;

 private:
  static constexpr int kMostNames = 12;

  int number_of(const std::string& size);
  [[noreturn]] void refuse(const Argument& argument, int number, int64_t size, int64_t known) const;

  void check_size(const Argument& argument, int axis, int64_t size, int64_t* known) const {
    int64_t& wanted = known[argument.sizes[axis]];
    if (wanted < 0) wanted = size;
    if (wanted != size) refuse(argument, argument.sizes[axis], size, wanted);
  }

  template <class A>
  void check_argument(const Argument& argument, const A& a, int64_t* known) const {
    if constexpr (AnyView<A>) {
      if (argument.sizes.empty() || !a) return;
      if constexpr (A::kRank == kAny) check_size(argument, 0, a.size(), known);
      else
        for (int i = 0; i < A::kRank; ++i) check_size(argument, i, a.shape(i), known);
    }
  }

  std::vector<std::string> names_;  // of sizes
  int64_t known_[kMostNames];       // those that are numbers; -1
};

// The number of sizes that an argument of type A may be given, beside none.
template <class A>
constexpr std::size_t sizes_of() {
  if constexpr (AnyView<A>) return A::kRank == kAny ? 1 : A::kRank;
  else return 0;
}

template <class R, class... P>
constexpr std::size_t count_arguments(std::function<R(P...)>*) {
  return sizeof...(P);
}

template <class F>
void def(nb::module_& m, const std::string& text, F function) {
  const Signature* s = new Signature(text);  // as long as the module, which is never unloaded
  const auto bind = [&]<class R, class... P, std::size_t... I>(std::function<R(P...)>*, std::index_sequence<I...>) {
    bool fits = s->arguments.size() == sizeof...(P);
    fits = fits && ((s->arguments[I].sizes.empty() || s->arguments[I].sizes.size() == sizes_of<P>()) && ...);
    if (!fits) throw std::logic_error("signature and function differ: " + text);
    const auto checked = [function, s](P... arguments) -> R {
      s->check_sizes(arguments...);
      return function(std::forward<P>(arguments)...);
    };
    m.def(s->name.c_str(), checked,
          nb::arg_v(nb::arg(s->arguments[I].name.c_str()), nb::object(s->arguments[I].value))...);
  };
  using Function = decltype(std::function{function});
  bind(static_cast<Function*>(nullptr), std::make_index_sequence<count_arguments(static_cast<Function*>(nullptr))>());
}

}  // namespace flambeau
