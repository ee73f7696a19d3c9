#include "local/api/input.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace ferry::local {

namespace json = boost::json;

std::optional<std::string> find_text(const json::object& input, std::string_view name) {
  const json::value* member = input.if_contains(name);
  const json::string* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return std::nullopt;
  return std::string(*text);
}

std::string text_of(const json::object& input, std::string_view name) {
  return find_text(input, name).value_or(std::string());
}

std::optional<std::int64_t> find_integer(const json::object& input, std::string_view name) {
  const json::value* member = input.if_contains(name);
  const std::int64_t* number = member == nullptr ? nullptr : member->if_int64();
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::int64_t integer_of(const json::object& input, std::string_view name, std::int64_t fallback) {
  return find_integer(input, name).value_or(fallback);
}

bool flag_of(const json::object& input, std::string_view name, bool fallback) {
  const json::value* member = input.if_contains(name);
  const bool* flag = member == nullptr ? nullptr : member->if_bool();
  return flag == nullptr ? fallback : *flag;
}

const json::array& list_of(const json::object& input, std::string_view name) {
  static const json::array nothing;
  const json::value* member = input.if_contains(name);
  const json::array* list = member == nullptr ? nullptr : member->if_array();
  return list == nullptr ? nothing : *list;
}

const json::object& structure_of(const json::object& input, std::string_view name) {
  static const json::object nothing;
  const json::value* member = input.if_contains(name);
  const json::object* structure = member == nullptr ? nullptr : member->if_object();
  return structure == nullptr ? nothing : *structure;
}

std::vector<std::string> texts_of(const json::object& input, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::value& item : list_of(input, name)) {
    if (const json::string* text = item.if_string()) texts.emplace_back(*text);
  }
  return texts;
}

std::optional<ServiceError> missing_member(const json::object& input,
                                           std::initializer_list<std::string_view> names,
                                           std::string_view error_type) {
  for (const std::string_view name : names) {
    if (input.if_contains(name) != nullptr) continue;
    return refuse(std::string(error_type),
                  fmt::format("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
                              "Member must not be null",
                              name))
        .value();
  }
  return std::nullopt;
}

std::optional<ServiceError> wrong_tags(const json::object& input) {
  constexpr std::size_t kMostTags = 50;
  constexpr std::size_t kLongestKey = 128;
  constexpr std::size_t kLongestValue = 256;
  const json::array& tags = list_of(input, "tags");
  if (tags.size() > kMostTags) {
    return invalid_parameter("The maximum number of tags for this resource has been exceeded.").value();
  }
  for (const json::value& tag : tags) {
    const json::object* pair = tag.if_object();
    const std::string key = pair == nullptr ? std::string() : text_of(*pair, "key");
    if (key.empty() || key.size() > kLongestKey) {
      return invalid_parameter("Tag keys must have 1 to 128 characters.").value();
    }
    if (text_of(*pair, "value").size() > kLongestValue) {
      return invalid_parameter(fmt::format("The value of tag {} is longer than 256 characters.", key))
          .value();
    }
  }
  return std::nullopt;
}

tl::expected<PageOfItems, ServiceError> page_of(std::vector<std::string> items, const json::object& input,
                                                std::size_t most, bool is_descending) {
  const std::int64_t wanted = integer_of(input, "maxResults", static_cast<std::int64_t>(most));
  if (wanted < 1 || wanted > static_cast<std::int64_t>(most)) {
    return invalid_parameter(fmt::format("maxResults must be between 1 and {}.", most));
  }
  auto begin = items.begin();
  const std::string token = text_of(input, "nextToken");
  if (!token.empty()) {
    const auto last = from_token(token);
    if (!last) return invalid_parameter("Invalid token");
    begin = is_descending ? std::ranges::upper_bound(items, *last, std::greater<>())
                          : std::ranges::upper_bound(items, *last);
  }
  const auto count = std::min(static_cast<std::ptrdiff_t>(wanted), items.end() - begin);
  PageOfItems page{.items = {begin, begin + count}, .next_token = std::nullopt};
  if (begin + count != items.end()) page.next_token = to_token(page.items.back());
  return page;
}

std::string to_token(std::string_view content) {
  return base64(as_bytes(content));
}

std::optional<std::string> from_token(std::string_view token) {
  const auto content = from_base64(token);
  if (!content) return std::nullopt;
  return std::string(as_text(*content));
}

}  // namespace ferry::local
