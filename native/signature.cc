#include "signature.h"

namespace flambeau {

Signature::Signature(const std::string& text) : name(text.substr(0, text.find('('))) {
  const auto evaluate = nb::module_::import_("builtins").attr("eval");
  std::fill_n(known_, kMostNames, -1);
  const std::size_t end = text.rfind(')');
  for (std::size_t begin = name.size() + 1; begin < end;) {
    const std::size_t stop = std::min(text.find(", ", begin), end);
    Argument argument{text.substr(begin, stop - begin), {}, {}, {}};
    const std::string& t = argument.text;
    argument.name = t.substr(0, t.find_first_of("[="));
    if (const std::size_t equals = t.find('='); equals != t.npos) argument.value = evaluate(t.c_str() + equals + 1);
    if (t.find('[') != t.npos)
      for (std::size_t i = t.find('['); t[i] != ']';) {
        const std::size_t next = t.find_first_of(" ]", i + 1);
        argument.sizes.push_back(number_of(t.substr(i + 1, next - i - 1)));
        i = next;
      }
    arguments.push_back(argument);
    begin = stop + 2;
  }
}

int Signature::number_of(const std::string& size) {
  const auto found = std::find(names_.begin(), names_.end(), size);
  if (found != names_.end()) return int(found - names_.begin());
  if (names_.size() == kMostNames) throw std::logic_error(name + " names too many sizes");
  if (std::isdigit(size[0])) known_[names_.size()] = std::stoll(size);
  names_.push_back(size);
  return int(names_.size()) - 1;
}

void Signature::refuse(const Argument& argument, int number, int64_t size, int64_t known) const {
  throw std::invalid_argument(name + ": the shape of " + argument.text + " does not fit: " + names_[number] + " is " +
                              std::to_string(known) + ", not " + std::to_string(size));
}

}  // namespace flambeau
