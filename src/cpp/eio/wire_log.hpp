// What is logged of packets and of refused requests, in python-engineio's words.
#pragma once

#include "base/log.hpp"
#include "base/sid.hpp"
#include "eio/packet.hpp"
#include "eio/request_check.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace eio {

enum class direction : std::uint8_t { received, sending };

// One line at level INFO for one packet.
void log_packet(
    base::log_sink& log,
    const base::sid& session,
    direction way,
    packet_type type,
    bool binary,
    std::string_view data);

// The beginning of a stranger's word, which cannot end a line of the log or pretend to be another.
[[nodiscard]] std::string printable(std::string_view word);

// Why requests are refused: each reason is an error once, and after that a line at level INFO for
// who wants those. So strangers do not fill the log, and who has set up an origin wrongly reads so.
class refusal_log {
public:
    refusal_log(base::log_sink& log, bool verbose) : log_(log), verbose_(verbose) {}
    void note(refusal_reason why, const http_request& request, const request_query& query);

private:
    base::log_sink& log_;
    const bool verbose_;
    unsigned said_ = 0; // a bit for each reason
};

} // namespace eio
