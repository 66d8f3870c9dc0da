#include "eio/polling.hpp"

#include "eio/payload.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace eio {

namespace {

const packet noop{packet_type::noop, false, {}};
const packet close_packet{packet_type::close, false, {}};

// python-engineio's clients take a payload of more than 16 packets for a fault of the server and
// disconnect. They come with the name of their HTTP library: "Python/3.11 aiohttp/3.9",
// "python-requests/2.32". Others take any number, in fewer round trips.
std::size_t max_packets_for(std::string_view user_agent) {
    constexpr std::size_t python_limit = 16; // engineio.payload.Payload.max_decode_packets
    const bool is_python = user_agent.starts_with("Python") || user_agent.starts_with("python");
    return is_python ? python_limit : std::numeric_limits<std::size_t>::max();
}

// The answer to a body that broke the protocol, with the headers that any answer has.
http_response bad_request(http_response reply) {
    reply.status = 400;
    reply.body = R"({"code":3,"message":"Bad request"})";
    for (auto& header : reply.headers)
        if (header.name == "Content-Type")
            header.value = "application/json";
    return reply;
}

} // namespace

polling::~polling() {
    if (parked_)
        parked_->watch(nullptr);
}

bool polling::on_get(
    const http_request& request, std::shared_ptr<http_exchange> exchange, http_response&& reply) {
    if (parked_)
        return false;
    door_ = exchange->came_by();
    parked_ = std::move(exchange);
    parked_reply_ = std::move(reply);
    accepted_ = accepted_encoding(request.header("Accept-Encoding"));
    max_packets_ = max_packets_for(request.header("User-Agent"));
    parked_->watch(this);
    return true;
}

bool polling::begin_post(const http_exchange& exchange) noexcept {
    return std::exchange(arriving_, &exchange) == nullptr && !withheld_;
}

bool polling::on_post(
    std::string_view body,
    std::shared_ptr<http_exchange> exchange,
    http_response&& reply,
    base::time_point now) {
    const auto* arriving = std::exchange(arriving_, nullptr);
    if (withheld_ || (arriving && arriving != exchange.get()))
        return false;
    const auto items = decode_payload(body, options_.max_payload_packets);
    if (items) {
        for (const auto& item : *items) {
            if (!owner_)
                break; // closed by one of its own packets
            owner_->on_frame(*this, item.data(), item.binary, now);
        }
    } else if (owner_) {
        owner_->on_frame(*this, {}, false, now); // nothing in it is a packet: the session ends
    }
    if (!owner_ && !retired_)
        reply = bad_request(std::move(reply));
    if (paused_ && owner_) {
        withheld_ = std::move(exchange);
        withheld_reply_ = std::move(reply);
    } else {
        exchange->respond(std::move(reply));
    }
    return true;
}

void polling::send(std::span<const packet> packets) {
    auto reply = std::move(parked_reply_);
    reply.body = encode_payload(packets);
    if (options_.http_compression && reply.body.size() >= options_.compression_threshold_bytes &&
        std::ranges::any_of(packets, &packet::compress))
        reply.encoding = accepted_;
    auto exchange = std::exchange(parked_, nullptr);
    exchange->watch(nullptr);
    exchange->respond(std::move(reply));
}

void polling::retire() {
    owner_ = nullptr;
    retired_ = true;
    if (parked_)
        send({&noop, 1});
    release_post();
}

void polling::resume_reading() {
    paused_ = false;
    release_post();
}

void polling::release_post() {
    if (auto exchange = std::exchange(withheld_, nullptr))
        exchange->respond(std::move(withheld_reply_));
}

void polling::close(close_code) {
    owner_ = nullptr;
    if (parked_)
        send({&close_packet, 1});
    release_post();
}

void polling::on_peer_gone(base::time_point now) {
    parked_ = nullptr;
    // As the reference server: a poll that its client gave up ends the session, because what
    // the next response would carry may have been written to the one just lost.
    if (owner_)
        owner_->on_transport_closed(*this, true, now);
}

} // namespace eio
