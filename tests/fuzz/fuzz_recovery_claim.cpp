// What a client says that it was, out of any bytes as msgpack and any JSON object: never a crash,
// and never more than it said.
#include "base/json.hpp"
#include "sio/recovery.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool is_json = text.starts_with('{');
    if (is_json && !base::json::valid(text))
        return 0; // which client::on_connect() refuses
    const auto format = is_json ? sio::packet_format::json : sio::packet_format::msgpack;
    const auto read = sio::read_claim(format, text);
    if (read.offset && (read.offset->size() > 64 || read.offset->size() > size))
        std::abort();
    static base::sid_source sids;
    sio::recovery known({}, format, sids);
    sio::backlog_store store{.bytes = 0, .most_bytes = 1000};
    const sio::trail nobody{.pid = {}, .sent = {1000, store}, .whose = nullptr};
    if (read.offset && known.continues(nobody, read))
        std::abort(); // it was sent nothing
    return 0;
}
