// Reads an operation that answers in pages to its last one.
#pragma once

#include "aws/client.hpp"
#include "base/time.hpp"

#include <functional>
#include <string>

#include <boost/json/object.hpp>

namespace ferry::aws {

// Calls until an answer has no `nextToken`, at most kMostPages times and for kLongestListing; each answer
// goes to `take`, which must outlive the call. Fails (protocol) where the pages do not end or a token comes
// back as it was sent.
inline constexpr int kMostPages = 1000;
inline constexpr milliseconds kLongestListing{600'000};
net::Task<Result<>> read_pages(Client& client, Service service, std::string operation,
                               boost::json::object input,
                               const std::function<void(const boost::json::object&)>& take);

}  // namespace ferry::aws
