// Runs one operation of a table to its end, as the dispatcher does.
#pragma once

#include "local/api/operation.hpp"
#include "net/loop.hpp"

#include <string_view>

#include <boost/json/parse.hpp>

namespace ferry::local {

inline Answer run_operation(const Operations& operations, std::string_view name, std::string_view input) {
  net::Loop loop;
  return loop.run(operations.find(name)->second(boost::json::parse(input).as_object()));
}

}  // namespace ferry::local
