// Micro-benchmarks of the engine's parts, without sockets and without Python: make bench-micro
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <string_view>

int main(int count, char** arguments) {
    if (count > 1 && std::string_view(arguments[1]) == "briefly")
        micro::run_time = std::chrono::milliseconds(1);
    micro::websocket_frames();
    micro::socketio_packets();
    micro::json();
    micro::rooms();
    micro::people();
    micro::yjs_updates();
    micro::usage();
}
