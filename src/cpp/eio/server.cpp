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

// With the headers that any answer to a poll has.
http_response poll_reply(const http_request& request, const cors_config& cors) {
    http_response reply{.headers = cors_headers(request, cors)};
    reply.headers.push_back({"Content-Type", "text/plain; charset=UTF-8"});
    reply.headers.push_back({"Cache-Control", "no-store"});
    return reply;
}

constexpr request_refusal unknown_session{request_error::unknown_sid, refusal_reason::session};
constexpr request_refusal upgraded_session{request_error::bad_request, refusal_reason::upgraded};
constexpr request_refusal unknown_method{request_error::bad_request, refusal_reason::method};
constexpr request_refusal no_upgrade{request_error::bad_request, refusal_reason::upgrade};

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
      schedule_flush_(std::move(hooks.schedule_flush)),
      ask_application_(std::move(hooks.ask_application)),
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
            return await_verdict(std::move(request), std::move(exchange), now);
        return open_polling(request, std::move(exchange), sids_.next(), now);
    }

    auto reply = poll_reply(request, options_.cors);
    session* found = find_named(*query.sid);
    if (!found)
        return exchange->respond(refuse(request, query, unknown_session));
    auto* poll = found->polling_carrier();
    if (!poll)
        return exchange->respond(refuse(request, query, upgraded_session));
    if (query.transport != "polling")
        return exchange->respond(refuse(request, query, no_upgrade));
    if (request.method == "GET") {
        if (!poll->on_get(request, exchange, std::move(reply))) {
            fail();
            return found->fail("a second poll while one is parked", now);
        }
        table_.mark_dirty(*found);
    } else if (request.method == "POST") {
        if (request.body_too_large) {
            poll->abandon_post();
            return fail(413, "Payload too large");
        }
        reply.body = "ok";
        if (!poll->on_post(request.body, exchange, std::move(reply), now)) {
            fail();
            found->fail("a second POST while one is unanswered", now);
        }
    } else {
        exchange->respond(refuse(request, query, unknown_method));
    }
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
    if (!found->can_upgrade())
        return refuse(request, query, upgraded_session);
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
    auto reply = poll_reply(request, options_.cors);
    std::ranges::move(headers, std::back_inserter(reply.headers));
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

// --- verdicts ---

void server::await_verdict(
    http_request request, std::shared_ptr<http_exchange> exchange, base::time_point now) {
    if (gate_.size() >= gate::bound)
        return exchange->respond(refusal(request, 503, "Too many sessions"));
    const auto sid = sids_.next();
    const auto kind = query_parameter(request.query, "transport") == "websocket"
                          ? transport_kind::websocket
                          : transport_kind::polling;
    auto asked = exchange;
    gate_.add(
        std::make_unique<applicant>(gate_, sid, std::move(request), std::move(exchange), kind),
        now + options_.verdict_timeout);
    schedule_flush_(); // the turn's end sets the timer
    asked->await_verdict(sid);
    if (interest_.decides)
        ask_application_(sid, kind);
    else
        above_.on_applicant(sid, kind);
}

void server::admit(
    std::string_view sid,
    std::string name,
    base::time_point now,
    std::vector<http_header>&& headers) {
    const auto admitted = gate_.take(sid);
    if (!admitted)
        return;
    auto exchange = admitted->take_exchange();
    if (!name.empty() && !names_.add(admitted->sid(), std::move(name)))
        return exchange->respond(refusal(admitted->request(), 500, "Session ID taken"));
    if (admitted->kind() == transport_kind::websocket)
        exchange->let_in(admitted->request(), admitted->sid(), std::move(headers), now);
    else
        open_polling(
            admitted->request(), std::move(exchange), admitted->sid(), now, std::move(headers));
    auto* opened = find(admitted->sid());
    if (!opened)
        return names_.remove(admitted->sid()); // its connection has failed
    for (auto& each : admitted->take_queue())
        opened->send(std::move(each));
}

void server::refuse(std::string_view sid, int status, std::string body) {
    const auto refused = gate_.take(sid);
    if (!refused)
        return;
    http_response response{
        .status = status, .headers = cors_headers(refused->request(), options_.cors)};
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = std::move(body);
    refused->take_exchange()->respond(std::move(response));
}

bool server::queue_for_applicant(std::string_view sid, packet&& outgoing) {
    auto* waiting = gate_.find(sid);
    return waiting && waiting->queue(std::move(outgoing), 2 * options_.send_buffer_bytes);
}

http_response server::refusal(const http_request& request, int status, std::string_view why) const {
    return error_response(request, options_.cors, request_error::bad_request, status, why);
}

bool server::full() const noexcept {
    // Shards that open one at the same moment may pass the limit by one each.
    return !accepting_ || (options_.max_sessions != 0 &&
                           table_.size_everywhere() + gate_.size() >= options_.max_sessions);
}

std::string_view server::why_full() const noexcept {
    return accepting_ ? "Too many sessions" : "Shutting down";
}

void server::sweep(base::time_point now) {
    table_.sweep(now);
    while (const auto late = gate_.take_due(now)) {
        context_.log.log(
            base::log_channel::engineio,
            base::log_level::error,
            "refusing session " + late->sid().str() + ": the connect handler takes too long");
        late->take_exchange()->respond(refusal(late->request(), 503, "No verdict in time"));
    }
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
    while (const auto waiting = gate_.take_one())
        waiting->take_exchange()->respond(refusal(waiting->request(), 503, "Shutting down"));
    for (auto* each : table_.all())
        each->close(reason, now);
}

} // namespace eio
