// Any bytes as msgpack and as a packet in it: no crash, and what the functions promise of each
// other.
#include "base/msgpack.hpp"
#include "sio/msgpack_packet.hpp"
#include "sio/parser.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

bool lies_in(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void read_packet(std::string_view frame) {
    constexpr auto format = sio::packet_format::msgpack;
    const auto packet = sio::decode_msgpack_packet(frame);
    if (!packet)
        return;
    require(packet->data.empty() || lies_in(packet->data, frame));
    require(!packet->nsp.empty());
    // What is written of it reads the same.
    const auto written =
        sio::encode_msgpack_packet(packet->type, packet->nsp, packet->id, packet->data);
    const auto again = sio::decode_msgpack_packet(written.view());
    require(again && again->type == packet->type && again->nsp == packet->nsp);
    require(again->id == packet->id && again->data == packet->data);
    const auto scan = sio::scan_arguments(format, packet->data);
    require(!scan || scan->elements <= 1'000);
    require(!scan || !scan->starts_with_string || scan->elements > 0);
    (void)sio::auth_fault(format, packet->data);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace msgpack = base::msgpack;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);

    // A value is made of items, and of nothing else.
    msgpack::reader values(bytes);
    if (const auto value = values.value()) {
        require(value->size() + values.rest().size() == size);
        msgpack::reader items(*value);
        std::uint64_t left = 1;
        for (; left != 0; --left) {
            const auto item = items.next();
            require(item.has_value());
            if (item->is == msgpack::kind::array || item->is == msgpack::kind::map)
                left += item->number;
        }
        require(items.at_end());
    }
    read_packet(bytes);
    return 0;
}
