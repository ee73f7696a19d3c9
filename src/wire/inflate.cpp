#include "wire/inflate.hpp"

#include <limits>
#include <memory>
#include <zlib.h>

namespace ferry::wire {

std::optional<Bytes> inflate_gzip(BytesView data, std::size_t most_bytes) {
  constexpr int kGzipFormat = 16 + MAX_WBITS;
  constexpr std::size_t kMaxAtOnce = std::numeric_limits<uInt>::max();
  if (data.size() > kMaxAtOnce || most_bytes >= kMaxAtOnce) return std::nullopt;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipFormat) != Z_OK) return std::nullopt;
  const auto end = [](z_stream* used) { inflateEnd(used); };
  const std::unique_ptr<z_stream, decltype(end)> guard(&stream, end);
  Bytes output(most_bytes + 1);
  // zlib's C interface; it does not write there.
  stream.next_in = const_cast<Bytef*>(data.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = output.data();
  stream.avail_out = static_cast<uInt>(output.size());
  if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  output.resize(output.size() - stream.avail_out);
  if (output.size() > most_bytes) return std::nullopt;
  return output;
}

}  // namespace ferry::wire
