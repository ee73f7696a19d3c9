// What somebody may have meant who wrote a name that does not exist. Pure, thread-safe.
#pragma once

#include "base/failure.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry {

// How many letters were inserted, dropped, replaced or swapped with their neighbour between two names of at
// most 255 bytes each (of longer ones the beginning counts). Upper and lower case of ASCII are the same.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Those of `names` that look like `wanted`, the nearest first, at most three: a few letters away (one of
// three, and no more than five), or one is part of the other. Empty where `wanted` itself is among them, as
// then its name is not what is wrong. Only the first 1,000 names are looked at.
std::vector<std::string> near_names(std::string_view wanted, std::span<const std::string> names);

// "did you mean web, webs or web-api?"; empty where nothing is near.
std::string did_you_mean(std::string_view wanted, std::span<const std::string> names);

// The failure with that before its hint.
Failure with_near_names(Failure failure, std::string_view wanted, std::span<const std::string> names);

}  // namespace ferry
