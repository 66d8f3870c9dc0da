// The long-polling transport: the parked GET, the POST body. Belongs to the shard's thread.
// Engine.IO v4, "HTTP long-polling".
#pragma once

#include "eio/config.hpp"
#include "eio/http.hpp"
#include "eio/transport.hpp"

#include <memory>
#include <string>

namespace eio {

class polling final : public transport, private exchange_watcher {
public:
    explicit polling(const config& options) noexcept : options_(options) {}
    ~polling() override;

    // A GET: parked until there is something to send, or answered by the next send().
    // `reply` carries the headers that its response will have. False when a GET is parked
    // already: the caller closes the session.
    [[nodiscard]] bool on_get(
        const http_request& request,
        std::shared_ptr<http_exchange> exchange,
        http_response&& reply);
    // A POST whose body is still arriving, named by its exchange. False when another is on its way.
    [[nodiscard]] bool begin_post(const http_exchange& exchange) noexcept;
    // It was refused before it was whole.
    void abandon_post() noexcept { arriving_ = nullptr; }
    // A POST with its whole body. Answered when its packets have been taken: at once, or when
    // reading goes on. False when another is still arriving or unanswered.
    [[nodiscard]] bool on_post(
        std::string_view body,
        std::shared_ptr<http_exchange> exchange,
        http_response&& reply,
        base::time_point now);
    // The peer needs this transport no more, because it has upgraded or said goodbye: a parked GET
    // ends with a noop.
    void retire();

    [[nodiscard]] transport_kind kind() const noexcept override { return transport_kind::polling; }
    [[nodiscard]] door came_by() const noexcept override { return door_; }
    void set_owner(transport_owner* owner) noexcept override { owner_ = owner; }
    [[nodiscard]] bool writable() const noexcept override { return parked_ != nullptr; }
    [[nodiscard]] std::size_t max_packets_per_send() const noexcept override {
        return max_packets_;
    }
    void send(std::span<const packet> packets) override;
    void pause_reading() override { paused_ = true; }
    void resume_reading() override;
    void close(close_code code) override;

private:
    void on_peer_gone(base::time_point now) override;
    void release_post();

    const config& options_;
    transport_owner* owner_ = nullptr;
    std::shared_ptr<http_exchange> parked_;
    http_response parked_reply_;
    content_encoding accepted_ = content_encoding::identity;
    std::size_t max_packets_ = 0;
    std::shared_ptr<http_exchange> withheld_; // a POST to be answered when reading goes on
    http_response withheld_reply_;
    const http_exchange* arriving_ = nullptr; // only compared: it may be gone
    bool paused_ = false;
    bool retired_ = false;
    door door_ = door::listen; // of the last GET
};

} // namespace eio
