#include "aws/service_clock.hpp"

#include <gtest/gtest.h>

namespace ferry::aws {
namespace {

const WallTime kHere = *parse_rfc3339("2026-11-23T18:19:36Z");

TEST(ServiceClock, FollowsTheServiceThatRefusesOurTime) {
  ServiceClock clock;
  EXPECT_EQ(clock.time(kHere), kHere);
  EXPECT_TRUE(clock.follow("SignatureDoesNotMatch", "Mon, 23 Nov 2026 17:19:36 GMT", kHere));
  EXPECT_EQ(rfc3339(clock.time(kHere)), "2026-11-23T17:19:36.000Z");
  EXPECT_FALSE(clock.follow("SignatureDoesNotMatch", "Mon, 23 Nov 2026 17:19:40 GMT", kHere))
      << "what is right already is not the cause";
}

TEST(ServiceClock, StaysWhereTheTimeIsNotToBlame) {
  ServiceClock clock;
  EXPECT_FALSE(clock.follow("AccessDeniedException", "Mon, 23 Nov 2026 17:19:36 GMT", kHere));
  EXPECT_FALSE(clock.follow("RequestExpired", "Mon, 23 Nov 2026 18:16:36 GMT", kHere));
  EXPECT_FALSE(clock.follow("RequestExpired", "", kHere));
  EXPECT_FALSE(clock.follow("RequestExpired", "yesterday", kHere));
  EXPECT_EQ(clock.time(kHere), kHere);
}

TEST(HttpDate, IsReadInItsOneFormOnly) {
  EXPECT_EQ(rfc3339(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")), "1994-11-06T08:49:37.000Z");
  for (const char* text : {"", "Sun", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace ferry::aws
