#include "eio/server.hpp"

#include "eio/polling.hpp"
#include "eio/request_check.hpp"
#include "eio/session.hpp"

#include <utility>

namespace eio {

namespace {

std::string open_data(const config& options, const base::sid& sid, transport_kind kind) {
    const bool upgrade =
        kind == transport_kind::polling && options.websocket && options.allow_upgrades;
    return "{\"sid\":\"" + sid.str() + "\",\"upgrades\":" + (upgrade ? "[\"websocket\"]" : "[]") +
           ",\"pingInterval\":" + std::to_string(options.ping_interval.count()) +
           ",\"pingTimeout\":" + std::to_string(options.ping_timeout.count()) +
           ",\"maxPayload\":" + std::to_string(options.max_payload_bytes) + "}";
}

} // namespace

server::server(
    const config& options,
    handler& above,
    base::sid_source& sids,
    base::log_sink& log,
    server_hooks hooks)
    : options_(options),
      above_(above),
      sids_(sids),
      table_(
          std::move(hooks.schedule_flush), std::move(hooks.ask_relay), std::move(hooks.sessions)),
      context_{options_, above_, log, table_} {}

void server::on_request(
    http_request&& request, std::shared_ptr<http_exchange> exchange, base::time_point now) {
    if (request.method == "OPTIONS")
        return answer_options(request, *exchange);
    const auto refuse = [&](request_error error, int status = 400, std::string_view why = {}) {
        exchange->respond(error_response(request, options_.cors, error, status, why));
    };
    request_query query;
    if (auto refusal = check_request(request, options_, false, query))
        return exchange->respond(std::move(*refusal));

    http_response reply{.headers = cors_headers(request, options_.cors)};
    reply.headers.push_back({"Content-Type", "text/plain; charset=UTF-8"});
    reply.headers.push_back({"Cache-Control", "no-store"});

    if (!query.sid) {
        if (full())
            return refuse(request_error::bad_request, 503, "Too many sessions");
        auto carrier = std::make_shared<polling>(options_);
        auto& opened = open(request, carrier, now);
        reply.opens = opened.sid();
        if (!options_.cookie_name.empty())
            reply.headers.push_back(
                {"Set-Cookie",
                 options_.cookie_name + "=" + opened.sid().str() + options_.cookie_attributes});
        [[maybe_unused]] const bool parked =
            carrier->on_get(request, std::move(exchange), std::move(reply));
        return;
    }

    session* found = find(*query.sid);
    if (!found)
        return refuse(request_error::unknown_sid);
    auto* poll = found->polling_carrier();
    if (!poll || query.transport != "polling")
        return refuse(request_error::bad_request);
    if (request.method == "GET") {
        if (!poll->on_get(request, exchange, std::move(reply))) {
            refuse(request_error::bad_request);
            return found->fail("a second poll while one is parked", now);
        }
        table_.mark_dirty(*found);
    } else if (request.method == "POST") {
        if (request.body_too_large) {
            poll->abandon_post();
            return refuse(request_error::bad_request, 413, "Payload too large");
        }
        reply.body = "ok";
        if (!poll->on_post(request.body, exchange, std::move(reply), now)) {
            refuse(request_error::bad_request);
            found->fail("a second POST while one is unanswered", now);
        }
    } else {
        refuse(request_error::bad_request);
    }
}

void server::on_request_begun(
    const http_request& head, const http_exchange& exchange, base::time_point now) {
    if (head.method != "POST")
        return;
    request_query query;
    if (check_request(head, options_, false, query) || !query.sid)
        return; // refused when it is whole
    auto* found = find(*query.sid);
    auto* poll = found ? found->polling_carrier() : nullptr;
    if (poll && !poll->begin_post(exchange))
        found->fail("a second POST while one is unanswered", now);
}

std::variant<http_response, websocket_ticket> server::admit_websocket(const http_request& request) {
    request_query query;
    if (auto refusal = check_request(request, options_, true, query))
        return std::move(*refusal);
    const auto refuse = [&](request_error error, int status = 400, std::string_view why = {}) {
        return error_response(request, options_.cors, error, status, why);
    };
    if (query.transport != "websocket" || request.method != "GET")
        return refuse(request_error::bad_request);
    if (!query.sid) {
        if (full())
            return refuse(request_error::bad_request, 503, "Too many sessions");
        return websocket_ticket{};
    }
    const session* found = find(*query.sid);
    if (!found)
        return refuse(request_error::unknown_sid);
    if (!found->can_upgrade())
        return refuse(request_error::bad_request);
    return websocket_ticket{found->sid()};
}

std::optional<base::sid> server::attach_websocket(
    const websocket_ticket& ticket,
    const http_request& request,
    std::shared_ptr<transport> connection,
    base::time_point now) {
    if (!ticket.upgrade_of)
        return open(request, std::move(connection), now).sid();
    auto* found = find(*ticket.upgrade_of);
    if (found && found->attach_probe(connection, now))
        return ticket.upgrade_of;
    connection->close(close_code::normal);
    return std::nullopt;
}

void server::answer_options(const http_request& request, http_exchange& exchange) const {
    if (!is_origin_allowed(request, options_.cors))
        return exchange.respond(
            error_response(request, options_.cors, request_error::forbidden, 403));
    http_response response{.headers = cors_headers(request, options_.cors)};
    response.headers.push_back({"Content-Type", "text/plain; charset=UTF-8"});
    response.body = "OK";
    exchange.respond(std::move(response));
}

session& server::open(
    const http_request& request, std::shared_ptr<transport> carrier, base::time_point now) {
    auto& opened = table_.add(
        std::make_unique<session>(context_, sids_.next(), request, std::move(carrier), now));
    opened.send(
        {packet_type::open,
         false,
         base::bytes(open_data(options_, opened.sid(), opened.transport_in_use()))});
    above_.on_open(opened, now);
    return opened;
}

bool server::full() const noexcept {
    // Shards that open one at the same moment may pass the limit by one each.
    return !accepting_ ||
           (options_.max_sessions != 0 && table_.size_everywhere() >= options_.max_sessions);
}

std::size_t server::queued_bytes() {
    std::size_t total = 0;
    for (const auto* each : table_.all())
        total += each->queued_bytes();
    return total;
}

void server::close_all(close_reason reason, base::time_point now) {
    for (auto* each : table_.all())
        each->close(reason, now);
}

} // namespace eio
