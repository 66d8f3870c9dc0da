// What a shard tells the application: a value that owns its bytes.
#pragma once

#include "base/log.hpp"
#include "base/sid.hpp"
#include "eio/door_question.hpp"
#include "eio/http.hpp"
#include "eio/raw_event.hpp"
#include "eio/request_check.hpp"
#include "features/rooms/doorman.hpp"
#include "features/yjs/application.hpp"
#include "net/asgi_connection.hpp"
#include "sio/event.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace engine {

struct log_line {
    base::log_channel channel = base::log_channel::engineio;
    base::log_level level = base::log_level::info;
    std::string text;
};

// How a handshake that was handed over has been answered; before anything else about its session,
// but for a raw_open or a door_question, before which comes one with status 100.
struct adopted {
    std::uint64_t id = 0;
    std::optional<base::sid> eio_sid; // if it serves a session
    int status = 0;                   // 101, or of the refusal; 0: the connection broke
};

// To be answered by engine::origin_judged(). The request is not changed before that.
struct origin_question {
    unsigned shard = 0;
    std::uint64_t id = 0;
    std::shared_ptr<const eio::http_request> request;
};

// The verdict on a door_question is for nobody any more.
struct question_withdrawn {
    base::sid id;
};

// A client wants no more of a stream.
struct stream_cancelled {
    std::string id;
};

// To be answered by engine::relay_checked() as soon as it is drained.
struct relay_check {
    unsigned shard = 0;
};

// What has changed in a topic in one tick: see features::people::diff_json().
struct presence_diff {
    std::string nsp;
    std::string topic;
    std::string json;
};

using told_value = std::variant<
    sio::connect_event,
    sio::message_event,
    sio::ack_event,
    sio::acks_done_event,
    sio::disconnect_event,
    sio::session_closed_event,
    sio::recovery_event,
    eio::raw_open,
    eio::raw_message,
    eio::raw_close,
    sio::frame_event,
    sio::room_event,
    net::asgi_response,
    net::asgi_opening,
    net::asgi_accept,
    net::asgi_reject,
    net::asgi_send,
    net::asgi_close,
    net::asgi_pause,
    adopted,
    log_line,
    origin_question,
    ::features::rooms::question,
    stream_cancelled,
    relay_check,
    presence_diff,
    ::features::yjs::notice,
    eio::refused_request,
    eio::door_question,
    question_withdrawn>;

// Copied, moved and destroyed in one place: the compiler takes seconds over so many kinds.
struct notification : told_value {
    using variant::variant;
    notification(const notification& other);
    notification(notification&& other) noexcept;
    notification& operator=(notification&& other) noexcept;
    ~notification();
};

} // namespace engine
