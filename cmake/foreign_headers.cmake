# The standard library's and Boost's headers cost most of a source's compile time. Where no ccache does better,
# builds with tests read them once a layer and test program. None of our own is among them, so that each source
# still has to include what it needs; the release build, which precompiles nothing, holds it to the rest.
set(FERRY_STANDARD_HEADERS <algorithm> <array> <chrono> <cstdint> <exception> <filesystem> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <utility> <variant> <vector>
  <fmt/format.h> <tl/expected.hpp> <boost/json.hpp>)
set(FERRY_ASIO_HEADERS <boost/asio/awaitable.hpp> <boost/asio/bind_cancellation_slot.hpp> <boost/asio/co_spawn.hpp>
  <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/posix/stream_descriptor.hpp>
  <boost/asio/redirect_error.hpp> <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
  <boost/system/system_error.hpp>)
set(FERRY_TEST_HEADERS <gmock/gmock.h> <gtest/gtest.h>)

if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT FERRY_CCACHE)
  set(FERRY_PRECOMPILES ON)
else()
  set(FERRY_PRECOMPILES OFF)
endif()

# precompile TARGET ASIO|NO_ASIO [HEADER ...]
function(ferry_precompile target asio)
  if(NOT FERRY_PRECOMPILES)
    return()
  endif()
  set(headers ${FERRY_STANDARD_HEADERS} ${ARGN})
  if(asio STREQUAL "ASIO")
    list(APPEND headers ${FERRY_ASIO_HEADERS})
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
endfunction()
