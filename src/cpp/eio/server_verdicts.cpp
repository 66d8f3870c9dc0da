// The part of the server that asks the application about requests, and does what it says.
#include "eio/payload.hpp"
#include "eio/server.hpp"
#include "eio/session.hpp"

#include <utility>

namespace eio {

void server::await_verdict(
    http_request request, std::shared_ptr<http_exchange> exchange, base::time_point now) {
    const auto name = query_parameter(request.query, "sid");
    if (!name || name->empty())
        return ask(errand::open, nullptr, std::move(request), std::move(exchange), now);
    auto* found = find_named(*name);
    if (!found) // it was there when the handshake was looked at, in this turn
        return exchange->respond(
            error_response(request, options_.cors, request_error::unknown_sid));
    ask(errand::upgrade, found, std::move(request), std::move(exchange), now);
}

void server::ask_about(
    session& of,
    http_request&& request,
    std::shared_ptr<http_exchange> exchange,
    base::time_point now) {
    const auto what = request.method == "GET" ? errand::poll : errand::post;
    if (!of.asked(what))
        return ask(what, &of, std::move(request), std::move(exchange), now);
    fail_second(of, request, *exchange, now);
}

void server::ask(
    errand what,
    session* of,
    http_request&& request,
    std::shared_ptr<http_exchange> exchange,
    base::time_point now) {
    const bool asks_hooks = !is_for_layer_above(what);
    if (gate_.full(what) || (asks_hooks && !may_ask_())) {
        if (what == errand::post)
            of->polling_carrier()->abandon_post();
        return exchange->respond(refusal(
            request, 503, what == errand::open ? "Too many sessions" : "Too many requests"));
    }
    const auto id = sids_.next();
    auto body = std::exchange(request.body, {});
    const auto head = std::make_shared<const http_request>(std::move(request));
    const auto& waiting = gate_.add(
        std::make_unique<applicant>(
            gate_,
            id,
            what,
            of ? std::optional(of->sid()) : std::nullopt,
            head,
            std::move(body),
            exchange),
        now + options_.verdict_timeout);
    if (of)
        of->set_asked(what, true);
    schedule_flush_(); // the turn's end sets the timer
    exchange->await_verdict(id);
    if (asks_hooks)
        ask_application_({id, what == errand::open, head});
    else
        above_.on_applicant(id, waiting.kind());
}

void server::admit(
    std::string_view id,
    std::string name,
    base::time_point now,
    std::vector<http_header>&& headers) {
    const auto admitted = gate_.take(id);
    if (!admitted)
        return;
    if (admitted->what() == errand::open)
        open_for(*admitted, std::move(name), std::move(headers), now);
    else
        go_on(*admitted, std::move(headers), now);
}

void server::open_for(
    applicant& admitted,
    std::string&& name,
    std::vector<http_header>&& headers,
    base::time_point now) {
    auto exchange = admitted.take_exchange();
    if (!name.empty() && !names_.add(admitted.id(), std::move(name)))
        return exchange->respond(refusal(admitted.request(), 500, "Session ID taken"));
    if (admitted.kind() == transport_kind::websocket)
        exchange->let_in(
            admitted.request(), {.opens = admitted.id(), .headers = std::move(headers)}, now);
    else
        open_polling(
            admitted.request(), std::move(exchange), admitted.id(), now, std::move(headers));
    auto* opened = find(admitted.id());
    if (!opened)
        return names_.remove(admitted.id()); // its connection has failed
    for (auto& each : admitted.take_queue())
        opened->send(std::move(each));
}

// A request of a session, which may have ended or changed meanwhile.
void server::go_on(applicant& admitted, std::vector<http_header>&& headers, base::time_point now) {
    const auto& request = admitted.request();
    auto* of = find(*admitted.session());
    auto exchange = admitted.take_exchange();
    request_query query; // of one that was in order when it came
    const auto refuse_as = [&](const request_refusal& why) {
        (void)check_request(request, options_, admitted.what() == errand::upgrade, query);
        exchange->respond(refuse(request, query, why));
    };
    if (!of)
        return refuse_as(unknown_session);
    of->set_asked(admitted.what(), false);
    if (admitted.what() == errand::upgrade) {
        if (!of->can_upgrade())
            return refuse_as(upgraded_session);
        return exchange->let_in(
            request, {.upgrade_of = of->sid(), .headers = std::move(headers)}, now);
    }
    if (of->polling_carrier())
        return serve_polling(
            *of, request, admitted.body(), std::move(exchange), now, std::move(headers));
    if (admitted.what() == errand::post)
        return refuse_as(upgraded_session);
    // Its poll would have been parked by the time of the upgrade, and ended with it.
    const packet noop{packet_type::noop, false, {}};
    auto reply = poll_reply(request, std::move(headers));
    reply.body = encode_payload({&noop, 1});
    exchange->respond(std::move(reply));
}

void server::refuse(std::string_view id, int status, std::string body) {
    const auto refused = gate_.take(id);
    if (!refused)
        return;
    abandon(*refused);
    http_response response{
        .status = status, .headers = cors_headers(refused->request(), options_.cors)};
    response.headers.push_back({"Content-Type", "application/json"});
    response.body = std::move(body);
    refused->take_exchange()->respond(std::move(response));
}

void server::abandon(applicant& leaving) {
    auto* of = leaving.session() ? find(*leaving.session()) : nullptr;
    if (!of)
        return;
    of->set_asked(leaving.what(), false);
    if (auto* poll = of->polling_carrier(); poll && leaving.what() == errand::post)
        poll->abandon_post();
}

void server::withdraw(applicant& leaving) {
    abandon(leaving);
    if (!is_for_layer_above(leaving.what()))
        tell_withdrawn_(leaving.id());
}

void server::on_applicant_gone(applicant& gone, base::time_point now) {
    withdraw(gone);
    auto* of = gone.session() ? find(*gone.session()) : nullptr;
    // As one that was parked: see polling::on_peer_gone().
    if (of && gone.what() == errand::poll && of->polling_carrier())
        of->close(close_reason::transport_error, now);
}

void server::refuse_late(applicant& late) {
    std::string what = late.session() ? "a request of session " + late.session()->str()
                                      : "session " + late.id().str();
    context_.log.log(
        base::log_channel::engineio,
        base::log_level::error,
        "refusing " + what + ": " +
            (is_for_layer_above(late.what()) ? "the connect handler takes" : "its hooks take") +
            " too long");
    withdraw(late);
    late.take_exchange()->respond(refusal(late.request(), 503, "No verdict in time"));
}

bool server::queue_for_applicant(std::string_view sid, packet&& outgoing) {
    auto* waiting = gate_.find(sid);
    return waiting && waiting->queue(std::move(outgoing), 2 * options_.send_buffer_bytes);
}

} // namespace eio
