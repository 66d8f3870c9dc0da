// Micro-benchmarks of the engine's parts, without sockets and without Python: make bench-micro
//   micro [briefly]     all of them, as text
//   micro PART [EDITS]  one figure that stands in the tables of bench.py, as JSON
#include "micro/parts.hpp"
#include "micro/stopwatch.hpp"

#include <cstdlib>
#include <string_view>

namespace {

int figure(std::string_view part, std::size_t edits) {
    if (part == "presence")
        micro::presence_figure();
    else if (part == "usage")
        micro::usage_figure();
    else if (part == "merge")
        micro::merge_figure(edits);
    else if (part == "updates")
        micro::write_updates(edits);
    else
        return 1;
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    if (count > 1 && std::string_view(arguments[1]) == "briefly")
        micro::run_time = std::chrono::milliseconds(1);
    else if (count > 1)
        return figure(arguments[1], count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 10'000);
    micro::websocket_frames();
    micro::socketio_packets();
    micro::json();
    micro::rooms();
    micro::people();
    micro::yjs_updates();
    micro::usage();
}
