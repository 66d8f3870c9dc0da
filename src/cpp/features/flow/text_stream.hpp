// Texts that grow while clients read them: what comes within a window is one event, in order, and a
// client that has missed a part gets it. Belongs to its shard's thread.
#pragma once

#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/string_hash.hpp"
#include "features/feature.hpp"
#include "features/flow/emission.hpp"
#include "sio/room_api.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace features::flow {

// How a stream is opened. Its id is a secret of those who are sent it: who knows it may read on
// and cancel.
struct stream_options {
    std::string id;
    std::string nsp;
    sio::selection whom;
    std::string event; // as JSON, in quotes: a name with lone surrogates is no UTF-8
    base::clock::duration window{};
    base::clock::duration linger{}; // how long it can be resumed after its end
    std::size_t max_bytes = 0;      // of its text that can be resumed; the oldest goes
};

// What a client wants of a stream; put to the shard that has it.
struct stream_request {
    std::string id;
    base::sid sid;
    std::string nsp;
    std::optional<std::uint64_t> ack_id;
    std::uint64_t after = 0; // of the last piece that it has seen
    bool cancels = false;    // or resumes
};

// The events, plain ones: {"stream", "after", "seq", "text"}; the last one has "done": true, and
// "error" if something went wrong. Each piece has a number; "after" is that of the piece before.
class text_streams final : public feature {
public:
    // What is beyond this shard.
    struct outside {
        std::function<void(emission&&)> send;
        std::function<void(stream_request&&)> ask;            // answer() there
        std::function<void(const std::string&)> on_cancelled; // the application
    };

    text_streams(sio::room_api& rooms, outside others)
        : rooms_(rooms), others_(std::move(others)) {}

    void open(stream_options&& options, base::time_point now);
    void append(const std::string& id, std::string_view utf8, base::time_point now);
    void end(const std::string& id, std::string_view error, base::time_point now);

    // The rest of the text for one who then gets what follows; or an end to it.
    void answer(const stream_request& asked);

    [[nodiscard]] std::size_t count() const noexcept { return streams_.size(); }

    // "stream:resume" and "stream:cancel".
    [[nodiscard]] bool on_event(
        const sio::peer& from,
        std::string_view name,
        std::optional<std::uint64_t> id,
        sio::arguments& args,
        base::time_point) override;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const override;
    void sweep(base::time_point now) override;

private:
    struct piece {
        std::uint64_t seq;
        std::string text;
    };
    struct stream {
        stream_options with;
        std::uint64_t seq = 0;    // of the last piece sent
        std::deque<piece> sent{}; // the newest max_bytes
        std::size_t sent_bytes = 0;
        std::string waiting{};   // to be sent at the end of the window
        std::size_t readers = 0; // who have resumed it
        bool windowed = false;   // one is open
        bool done = false;
        bool cancelled = false;
        std::string error{};
        base::deadline_place window_ends{};
        base::deadline_place forgotten_at{};
    };

    // Of one shard. At this bound the one goes that has ended first; how many are open is the
    // application's affair.
    static constexpr std::size_t max_streams = 20'000;
    static constexpr std::size_t max_readers = 64; // of one stream, by resuming

    [[nodiscard]] stream* find(const std::string& id);
    void flush(stream& of);
    // Why it cannot be; nothing when it is done.
    [[nodiscard]] std::string_view resume(stream& of, const stream_request& asked);
    [[nodiscard]] static std::string
    event_of(const stream& of, std::uint64_t after, std::string_view text, bool last);

    sio::room_api& rooms_;
    outside others_;
    base::string_map<std::unique_ptr<stream>> streams_;
    base::deadline_queue<stream, &stream::window_ends> windows_;
    base::deadline_queue<stream, &stream::forgotten_at> ended_;
};

} // namespace features::flow
