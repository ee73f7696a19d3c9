#include "aws/pages.hpp"

#include "aws/answer_reader.hpp"
#include "net/clock.hpp"

#include <utility>

#include <boost/json/string.hpp>
#include <fmt/format.h>

namespace ferry::aws {

net::Task<Result<>> read_pages(Client& client, Service service, std::string operation,
                               boost::json::object input,
                               const std::function<void(const boost::json::object&)>& take) {
  std::string token;
  const Instant last_page_by = net::steady_now() + kLongestListing;
  for (int page = 0; page < kMostPages && net::steady_now() < last_page_by; ++page) {
    if (!token.empty()) input["nextToken"] = token;
    const Result<boost::json::object> answer = co_await client.call(service, operation, input);
    if (!answer) co_return fail(answer.error());
    take(*answer);
    std::string next = text_in(*answer, "nextToken");
    if (next.empty()) co_return Result<>{};
    if (next == token) break;
    token = std::move(next);
  }
  co_return fail(FailureCode::protocol,
                 fmt::format("{} {}: its pages do not end", service_name(service), operation));
}

}  // namespace ferry::aws
