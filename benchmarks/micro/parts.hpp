// What is measured, one file each.
#pragma once

#include <cstddef>

namespace micro {

void websocket_frames();
void socketio_packets();
void json();
void rooms();
void people();
void yjs_updates();
void usage();

// Single figures, as JSON: what stands in the tables of bench.py.
void presence_figure();               // {"track_us":…}
void usage_figure();                  // {"per_second":…}
void merge_figure(std::size_t edits); // {"merge_us":…,"bytes":…}
// A history's updates as they are, each after its size in four bytes: for others to merge.
void write_updates(std::size_t edits);

} // namespace micro
