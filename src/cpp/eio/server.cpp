#include "eio/server.hpp"

#include "base/json.hpp"
#include "eio/polling.hpp"
#include "eio/request_check.hpp"
#include "eio/session.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <utility>

namespace eio {

namespace {

std::string open_data(const config& options, std::string_view sid, transport_kind kind) {
    const bool upgrade =
        kind == transport_kind::polling && options.websocket && options.allow_upgrades;
    std::string data = "{\"sid\":";
    base::json::append_quoted(data, sid);
    data += std::string(",\"upgrades\":") + (upgrade ? "[\"websocket\"]" : "[]") +
            ",\"pingInterval\":" + std::to_string(options.ping_interval.count()) +
            ",\"pingTimeout\":" + std::to_string(options.ping_timeout.count()) +
            ",\"maxPayload\":" + std::to_string(options.max_payload_bytes) + "}";
    return data;
}

config silent(config options) {
    options.verbose = false;
    return options;
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
      table_(hooks.schedule_flush, std::move(hooks.ask_relay), std::move(hooks.sessions)),
      context_{options_, above_, log, table_},
      carried_options_(silent(options)),
      carried_context_{carried_options_, above_, log, table_, {}, true},
      gate_([this](applicant& gone, base::time_point now) { on_applicant_gone(gone, now); }),
      schedule_flush_(std::move(hooks.schedule_flush)),
      may_ask_(std::move(hooks.may_ask)),
      ask_application_(std::move(hooks.ask_application)),
      tell_withdrawn_(std::move(hooks.tell_withdrawn)),
      tell_refused_(std::move(hooks.tell_refused)),
      refusals_(log, options.verbose) {}

void server::on_request(
    http_request&& request, std::shared_ptr<http_exchange> exchange, base::time_point now) {
    if (request.method == "OPTIONS")
        return answer_options(request, *exchange);
    const auto fail = [&](int status = 400, std::string_view sentence = {}) {
        exchange->respond(
            error_response(request, options_.cors, request_error::bad_request, status, sentence));
    };
    request_query query;
    if (const auto why = check_request(request, options_, false, query))
        return exchange->respond(refuse(request, query, *why));

    if (!query.sid) {
        if (full())
            return fail(503, why_full());
        if (decides())
            return ask(errand::open, nullptr, std::move(request), std::move(exchange), now);
        return open_polling(request, std::move(exchange), sids_.next(), now);
    }

    const auto looked_up = find_polling(request, query);
    if (const auto* why = std::get_if<request_refusal>(&looked_up))
        return exchange->respond(refuse(request, query, *why));
    auto& found = *std::get<session*>(looked_up);
    if (interest_.requests)
        return ask_about(found, std::move(request), std::move(exchange), now);
    serve_polling(found, request, request.body, std::move(exchange), now);
}

std::variant<session*, request_refusal>
server::find_polling(const http_request& request, const request_query& query) {
    session* found = find_named(*query.sid);
    if (!found)
        return unknown_session;
    if (!found->polling_carrier())
        return upgraded_session;
    if (query.transport != "polling")
        return no_upgrade;
    if (request.method != "GET" && request.method != "POST")
        return unknown_method;
    return found;
}

void server::serve_polling(
    session& of,
    const http_request& request,
    std::string_view body,
    std::shared_ptr<http_exchange> exchange,
    base::time_point now,
    std::vector<http_header>&& headers) {
    auto& poll = *of.polling_carrier();
    auto reply = poll_reply(request, std::move(headers));
    if (request.method == "GET") {
        if (!poll.on_get(request, exchange, std::move(reply)))
            return fail_second(of, request, *exchange, now);
        return table_.mark_dirty(of);
    }
    if (request.body_too_large) {
        poll.abandon_post();
        return exchange->respond(refusal(request, 413, "Payload too large"));
    }
    reply.body = "ok";
    if (!poll.on_post(body, exchange, std::move(reply), now))
        fail_second(of, request, *exchange, now);
}

void server::fail_second(
    session& of, const http_request& request, http_exchange& exchange, base::time_point now) {
    exchange.respond(refusal(request, 400, {}));
    of.fail(
        request.method == "GET" ? "a second poll while one is parked"
                                : "a second POST while one is unanswered",
        now);
}

void server::on_request_begun(
    const http_request& head, const http_exchange& exchange, base::time_point now) {
    if (head.method != "POST")
        return;
    request_query query;
    if (check_request(head, options_, false, query) || !query.sid)
        return; // refused when it is whole
    auto* found = find_named(*query.sid);
    auto* poll = found ? found->polling_carrier() : nullptr;
    if (poll && !poll->begin_post(exchange))
        found->fail("a second POST while one is unanswered", now);
}

std::variant<http_response, websocket_ticket, verdict_needed>
server::admit_websocket(const http_request& request) {
    request_query query;
    if (const auto why = check_request(request, options_, true, query))
        return refuse(request, query, *why);
    if (query.transport != "websocket" || request.method != "GET")
        return refuse(request, query, no_upgrade);
    if (!query.sid) {
        if (full())
            return error_response(
                request, options_.cors, request_error::bad_request, 503, why_full());
        if (decides())
            return verdict_needed{};
        return websocket_ticket{};
    }
    const session* found = find_named(*query.sid);
    if (!found)
        return refuse(request, query, unknown_session);
    if (!found->can_upgrade() || found->asked(errand::upgrade))
        return refuse(request, query, upgraded_session);
    if (interest_.requests)
        return verdict_needed{};
    return websocket_ticket{found->sid()};
}

std::optional<base::sid> server::attach_websocket(
    const websocket_ticket& ticket,
    const http_request& request,
    std::shared_ptr<transport> connection,
    base::time_point now) {
    if (!ticket.upgrade_of) {
        auto& opened =
            open(request, std::move(connection), ticket.opens ? *ticket.opens : sids_.next(), now);
        opened.note("Received request to upgrade to websocket");
        opened.note("Upgrade to websocket successful");
        return opened.sid();
    }
    auto* found = find(*ticket.upgrade_of);
    if (found && found->attach_probe(connection, now))
        return ticket.upgrade_of;
    connection->close(close_code::normal);
    return std::nullopt;
}

http_response server::refuse(
    const http_request& request, const request_query& query, const request_refusal& why) {
    refusals_.note(why.reason, request, query);
    if (interest_.refusals) {
        auto head = std::make_shared<http_request>(request);
        head->body = {};
        tell_refused_({why.error, why.reason, std::move(head)});
    }
    return error_response(request, options_.cors, why.error, why.status);
}

void server::answer_options(const http_request& request, http_exchange& exchange) {
    if (!is_origin_allowed(request, options_.cors))
        return exchange.respond(
            refuse(request, {}, {request_error::forbidden, refusal_reason::origin, 403}));
    http_response response{.headers = cors_headers(request, options_.cors)};
    response.headers.push_back({"Content-Type", "text/plain; charset=UTF-8"});
    response.body = "OK";
    exchange.respond(std::move(response));
}

void server::open_polling(
    const http_request& request,
    std::shared_ptr<http_exchange> exchange,
    const base::sid& sid,
    base::time_point now,
    std::vector<http_header>&& headers) {
    auto reply = poll_reply(request, std::move(headers));
    auto carrier = std::make_shared<polling>(options_);
    auto& opened = open(request, carrier, sid, now);
    reply.opens = opened.sid();
    if (!options_.cookie_name.empty())
        reply.headers.push_back(
            {"Set-Cookie",
             options_.cookie_name + "=" + std::string(names_.of(sid)) +
                 options_.cookie_attributes});
    [[maybe_unused]] const bool parked =
        carrier->on_get(request, std::move(exchange), std::move(reply));
}

http_response
server::poll_reply(const http_request& request, std::vector<http_header>&& headers) const {
    http_response reply{.headers = cors_headers(request, options_.cors)};
    reply.headers.push_back({"Content-Type", "text/plain; charset=UTF-8"});
    reply.headers.push_back({"Cache-Control", "no-store"});
    std::ranges::move(headers, std::back_inserter(reply.headers));
    return reply;
}

session& server::open(
    const http_request& request,
    std::shared_ptr<transport> carrier,
    const base::sid& sid,
    base::time_point now) {
    auto& opened =
        table_.add(std::make_unique<session>(context_, sid, request, std::move(carrier), now));
    opened.send(
        {packet_type::open,
         false,
         base::bytes(open_data(options_, names_.of(sid), opened.transport_in_use()))});
    above_.on_open(opened, now);
    return opened;
}

void server::open_carried(
    const base::sid& sid,
    const http_request& request,
    std::shared_ptr<transport> carrier,
    base::time_point now) {
    if (!accepting_)
        return carrier->close(close_code::service_restart);
    above_.on_open(
        table_.add(
            std::make_unique<session>(carried_context_, sid, request, std::move(carrier), now)),
        now);
}

http_response server::refusal(const http_request& request, int status, std::string_view why) const {
    return error_response(request, options_.cors, request_error::bad_request, status, why);
}

bool server::full() const noexcept {
    // Shards that open one at the same moment may pass the limit by one each.
    return !accepting_ || (options_.max_sessions != 0 &&
                           table_.size_everywhere() + gate_.opening() >= options_.max_sessions);
}

std::string_view server::why_full() const noexcept {
    return accepting_ ? "Too many sessions" : "Shutting down";
}

void server::sweep(base::time_point now) {
    table_.sweep(now);
    while (const auto late = gate_.take_due(now))
        refuse_late(*late);
}

std::optional<base::time_point> server::next_deadline() const {
    const auto verdict = gate_.next_deadline();
    const auto session = table_.next_deadline();
    return verdict && (!session || *verdict < *session) ? verdict : session;
}

std::optional<http_request> server::request_of(std::string_view sid) {
    if (const auto* found = find(sid))
        return found->request();
    if (const auto* waiting = gate_.find(sid))
        return waiting->request();
    return std::nullopt;
}

std::vector<std::string> server::sids() {
    std::vector<std::string> list;
    list.reserve(table_.size());
    for (const auto* each : table_.all())
        list.push_back(each->sid().str());
    return list;
}

std::size_t server::queued_bytes() {
    std::size_t total = 0;
    for (const auto* each : table_.all())
        total += each->queued_bytes();
    return total;
}

std::vector<std::pair<std::string, std::size_t>> server::slowest(std::size_t most) {
    std::vector<const session*> waiting;
    for (const auto* each : table_.all()) {
        if (each->queued_bytes() > 0)
            waiting.push_back(each);
    }
    const auto end = waiting.begin() + static_cast<std::ptrdiff_t>(std::min(most, waiting.size()));
    std::ranges::partial_sort(waiting, end, std::ranges::greater{}, &session::queued_bytes);
    std::vector<std::pair<std::string, std::size_t>> list;
    for (auto each = waiting.begin(); each != end; ++each)
        list.emplace_back((*each)->sid().str(), (*each)->queued_bytes());
    return list;
}

void server::close_all(close_reason reason, base::time_point now) {
    while (const auto waiting = gate_.take_one()) {
        withdraw(*waiting);
        waiting->take_exchange()->respond(refusal(waiting->request(), 503, "Shutting down"));
    }
    for (auto* each : table_.all())
        each->close(reason, now);
}

} // namespace eio
