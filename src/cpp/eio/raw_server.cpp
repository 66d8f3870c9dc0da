#include "eio/raw_server.hpp"

#include "eio/server.hpp"
#include "eio/session.hpp"

#include <utility>

namespace eio {

void raw_server::send(std::string_view eio_sid, packet&& outgoing) {
    if (auto* found = below_.find(eio_sid))
        return found->send(std::move(outgoing));
    if (below_.queue_for_applicant(eio_sid, std::move(outgoing)))
        return;
    log_.log(
        base::log_channel::engineio,
        base::log_level::warning,
        "Cannot send to sid " + std::string(eio_sid));
}

void raw_server::admit(std::string_view eio_sid, std::string name, base::time_point now) {
    opened_ = false;
    below_.admit(eio_sid, std::move(name), now);
    if (opened_)
        return;
    // Its peer has not waited. The application has let it in, so it hears of an end.
    if (const auto sid = base::sid::parse(eio_sid); sid && !below_.find(eio_sid))
        sink_.on_raw_event(raw_close{*sid, close_reason::transport_close});
}

void raw_server::refuse(std::string_view eio_sid, int status, std::string body) {
    below_.refuse(eio_sid, status, std::move(body));
}

void raw_server::on_applicant(const base::sid& sid, transport_kind kind) {
    sink_.on_raw_event(raw_open{sid, kind});
}

void raw_server::on_open(session&, base::time_point) {
    opened_ = true;
}

void raw_server::on_message(session& from, std::string_view data, bool binary, base::time_point) {
    if (!interest_.messages)
        return;
    from.add_unhandled();
    sink_.on_raw_event(raw_message{from.sid(), std::string(data), binary});
}

void raw_server::on_close(session& closed, close_reason reason, base::time_point) {
    below_.forget_name(closed.sid());
    sink_.on_raw_event(raw_close{closed.sid(), reason, closed.transport_in_use()});
}

} // namespace eio
