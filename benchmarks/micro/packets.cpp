// Socket.IO packets: header scanned, frame text made.
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"
#include "sio/packet.hpp"

namespace micro {

void socketio_packets() {
    constexpr std::string_view event = R"(212["echo","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])";
    constexpr std::string_view elsewhere =
        R"(2/chat,12["echo","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])";
    constexpr std::string_view arguments = R"(["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"])";
    measure("Socket.IO packet, scan", [&] { keep(sio::decode_packet(event, 10)); });
    measure(
        "Socket.IO packet of a namespace, scan", [&] { keep(sio::decode_packet(elsewhere, 10)); });
    measure("Socket.IO ack, encode", [&] {
        keep(sio::encode_packet(sio::packet_type::ack, "/", 12, arguments));
    });
}

} // namespace micro
