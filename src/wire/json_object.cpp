#include "wire/json_object.hpp"

#include "base/secret.hpp"

#include <cstddef>
#include <utility>

#include <boost/json/memory_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace ferry::wire {

namespace {

class WipingResource final : public boost::json::memory_resource {
 protected:
  void* do_allocate(std::size_t bytes, std::size_t /*alignment*/) override {
    return WipingAllocator<char>().allocate(bytes);  // aligned for everything that JSON has
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t /*alignment*/) override {
    WipingAllocator<char>().deallocate(static_cast<char*>(memory), bytes);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
};

Result<boost::json::object> parse(std::string_view text, std::string_view what,
                                  boost::json::storage_ptr storage) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error, std::move(storage));
  if (error) return fail(FailureCode::protocol, fmt::format("{} is not JSON: {}", what, error.message()));
  boost::json::object* object = value.if_object();
  if (object == nullptr) return fail(FailureCode::protocol, fmt::format("{} is not a JSON object", what));
  return std::move(*object);
}

}  // namespace

Result<boost::json::object> parse_object(std::string_view text, std::string_view what) {
  return parse(text, what, {});
}

Result<boost::json::object> parse_secret_object(std::string_view text, std::string_view what) {
  return parse(text, what, boost::json::make_shared_resource<WipingResource>());
}

std::string text_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<std::int64_t> integer_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::json::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

const boost::json::array* array_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

const boost::json::object* object_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

}  // namespace ferry::wire
