// CloudWatch Logs: CreateLogGroup, CreateLogStream, PutLogEvents, DescribeLogGroups and DescribeLogStreams
// (logs_operations.cpp), GetLogEvents and FilterLogEvents (logs_reading.cpp).
// Limits are the service's ("CloudWatch Logs quotas" in its user guide).
#pragma once

#include "local/api/operation.hpp"
#include "local/store/log_store.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace ferry::local {

inline constexpr std::size_t kMaxLogEventBytes = 262'144;  // with kLogEventOverhead
inline constexpr std::size_t kLogEventOverhead = 26;
inline constexpr std::size_t kMaxLogBatchBytes = 1'048'576;
inline constexpr std::size_t kMaxLogEvents = 10'000;  // of a batch, and of a page

Operations logs_operations(LogStore& logs, std::string region);
// `repeats` tells whether FilterLogEvents is to give an event twice.
Operations logs_reading_operations(
    LogStore& logs, std::string region, std::function<bool()> repeats = [] { return false; });

// The group that `logGroupName` or `logGroupIdentifier` (a name or an ARN) of a request means.
tl::expected<std::string, ServiceError> existing_group(const LogStore& logs, std::string_view region,
                                                       const boost::json::object& input);
// ResourceNotFoundException unless the stream is there.
std::optional<ServiceError> missing_stream(const LogStore& logs, std::string_view group,
                                           std::string_view stream);
// A request's `limit`, `most` where absent, or InvalidParameterException outside of 1..most.
tl::expected<std::size_t, ServiceError> limit_of(const boost::json::object& input, std::size_t most);

}  // namespace ferry::local
