// The one result type: a value, or the Failure that stood in its way.
// An alias of tl::expected until every supported standard library has std::expected with its monadic members.
#pragma once

#include "base/failure.hpp"

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace ferry {

template <class T = void>
using Result = tl::expected<T, Failure>;

inline tl::unexpected<Failure> fail(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}

inline tl::unexpected<Failure> fail(FailureCode code, std::string what, std::string hint = {}) {
  return tl::unexpected<Failure>(
      Failure{.code = code, .what = std::move(what), .hint = std::move(hint), .service_code = {}});
}

}  // namespace ferry
