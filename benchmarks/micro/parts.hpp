// What is measured, one file each.
#pragma once

namespace micro {

void websocket_frames();
void socketio_packets();
void json();
void rooms();
void people();
void yjs_updates();
void usage();

} // namespace micro
