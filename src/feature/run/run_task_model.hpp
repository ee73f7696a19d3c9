// RunTask's input as the ECS API reference has it: which members there are and what each takes, so that a
// misspelt one is refused here and not ignored there. Pure, thread-safe.
#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace ferry::feature {

enum class Shape { text, integer, boolean, texts, structure, structures };

struct Member {
  std::string_view name;
  Shape shape;
  // Of a structure, or of each of a list of them. The initializer lets the table's rows leave it out.
  // NOLINTNEXTLINE(readability-redundant-member-init)
  std::span<const Member> members{};
  bool required = false;
};

std::span<const Member> run_task_members();
// The member of that name, which must be there.
const Member& run_task_member(std::string_view name);

// Fails (usage) on the first member, at any depth, that is not one of `members`, is of another type, or is
// required and missing. `place` is where `object` stands, for the message; empty at the top.
Result<> check_members(const boost::json::object& object, const std::string& place,
                       std::span<const Member> members);
// The same of one member's value.
Result<> check_value(const boost::json::value& value, const std::string& place, const Member& member);

// The AWS CLI's shorthand has strings only, and lets one element stand for a list: turns them into what the
// members take. What does not fit stays as it is, for check_value() to refuse.
void spell_out(boost::json::value& value, const Member& member);

}  // namespace ferry::feature
