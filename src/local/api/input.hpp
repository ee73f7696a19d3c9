// Reading the members of an operation's input, and answering a long list in pages. Pure.
//
// A member that is absent or of another type reads as absent: shape.hpp refuses wrong types before.
#pragma once

#include "local/api/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace ferry::local {

// Empty where absent.
std::string text_of(const boost::json::object& input, std::string_view name);
std::optional<std::string> find_text(const boost::json::object& input, std::string_view name);
std::optional<std::int64_t> find_integer(const boost::json::object& input, std::string_view name);
std::int64_t integer_of(const boost::json::object& input, std::string_view name, std::int64_t fallback);
bool flag_of(const boost::json::object& input, std::string_view name, bool fallback = false);
// Of an empty list or structure where absent; valid as long as the input.
const boost::json::array& list_of(const boost::json::object& input, std::string_view name);
const boost::json::object& structure_of(const boost::json::object& input, std::string_view name);
// The texts in a list.
std::vector<std::string> texts_of(const boost::json::object& input, std::string_view name);

// ECS's refusal: InvalidParameterException with that message.
inline tl::unexpected<ServiceError> invalid_parameter(std::string message) {
  return refuse("InvalidParameterException", std::move(message));
}

// A refusal in the words of the services that check their input by constraint (Logs:
// InvalidParameterException, SSM: ValidationException): "1 validation error detected: Value null at 'NAME'
// failed to satisfy constraint: Member must not be null". Nothing where all of `names` are there.
std::optional<ServiceError> missing_member(const boost::json::object& input,
                                           std::initializer_list<std::string_view> names,
                                           std::string_view error_type);

// Tags as the input has them, checked as ECS does: at most 50, keys of 1 to 128 characters, values to 256.
std::optional<ServiceError> wrong_tags(const boost::json::object& input);

// One page of a list.
struct PageOfItems {
  std::vector<std::string> items;
  std::optional<std::string> next_token;
};

// The part of `items` that `nextToken` and `maxResults` (1..`most`, absent means `most`) of an ECS listing
// ask for. A token names the last item of the page before, so that a page begins behind it even when items
// came and went meanwhile; `items` are in order of the alphabet, or the reverse of it.
tl::expected<PageOfItems, ServiceError> page_of(std::vector<std::string> items,
                                                const boost::json::object& input, std::size_t most,
                                                bool is_descending = false);

// An opaque token for paging, and what it holds; nothing for a text that is none of ours.
std::string to_token(std::string_view content);
std::optional<std::string> from_token(std::string_view token);

}  // namespace ferry::local
