// Micro-benchmarks of the engine's parts, without sockets and without Python: make bench-micro
#include "micro/parts.hpp"

int main() {
    micro::websocket_frames();
    micro::socketio_packets();
    micro::json();
    micro::rooms();
}
