// Unguessable values from the operating system's generator. Thread-safe.
#pragma once

#include "base/text.hpp"

#include <cstddef>
#include <string>

namespace ferry::sys {

// `count` random bytes. Without a working generator nothing ferry does is safe: ends the process.
Bytes random_bytes(std::size_t count);
// 2 * `byte_count` lower-case hexadecimal digits.
std::string random_hex(std::size_t byte_count);
// A version 4 UUID, lower case with hyphens.
std::string random_uuid();
// Uniform in [0, 1).
double random_chance();

}  // namespace ferry::sys
