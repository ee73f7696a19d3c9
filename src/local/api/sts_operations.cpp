#include "local/api/sts_operations.hpp"

#include "local/api/arn.hpp"
#include "local/api/shape.hpp"

#include <fmt/format.h>

namespace ferry::local {

Operations sts_operations() {
  Operations operations;
  operations["GetCallerIdentity"] = shaped_at_once("{}", [](const boost::json::object&) -> Answer {
    return boost::json::object{{"Arn", fmt::format("arn:aws:iam::{}:user/ferry-local", kAccount)},
                               {"UserId", "AIDAFERRYLOCALUSER00"},
                               {"Account", kAccount}};
  });
  return operations;
}

}  // namespace ferry::local
