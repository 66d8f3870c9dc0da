// Requests for a session that wait for the application's verdict: nothing is opened, and nothing
// answered, before it comes. Belongs to the shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/sid_set.hpp"
#include "eio/http.hpp"
#include "eio/packet.hpp"
#include "eio/transport.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace eio {

class gate;

// One that waits. Its peer may go away meanwhile: then it is out of the gate.
class applicant final : private exchange_watcher {
public:
    applicant(
        gate& at,
        const base::sid& sid,
        http_request&& request,
        std::shared_ptr<http_exchange> exchange,
        transport_kind kind);
    ~applicant() override;
    applicant(const applicant&) = delete;
    applicant& operator=(const applicant&) = delete;

    [[nodiscard]] const base::sid& sid() const noexcept { return sid_; }
    [[nodiscard]] const http_request& request() const noexcept { return request_; }
    [[nodiscard]] transport_kind kind() const noexcept { return kind_; }
    // Its one answer is to be given. It is not watched any more.
    [[nodiscard]] std::shared_ptr<http_exchange> take_exchange() noexcept;

    // What the application sends meanwhile follows the open packet. At the bound, of the bytes that
    // make a session's peer a slow one at once, the rest is dropped. False then.
    [[nodiscard]] bool queue(packet&& outgoing, std::size_t bound_bytes);
    [[nodiscard]] std::vector<packet> take_queue() noexcept { return std::move(queue_); }

    base::deadline_place place; // the gate's

private:
    void on_peer_gone(base::time_point now) override;

    gate& gate_;
    const base::sid sid_;
    const http_request request_;
    std::shared_ptr<http_exchange> exchange_;
    const transport_kind kind_;
    std::vector<packet> queue_;
    std::size_t queued_bytes_ = 0;
};

class gate {
public:
    // So many may wait on one shard; the next are refused with 503.
    static constexpr std::size_t bound = 10'000;

    applicant& add(std::unique_ptr<applicant> waiting, base::time_point until);
    [[nodiscard]] applicant* find(std::string_view sid) const noexcept { return all_.find(sid); }
    // Out of the gate; null when it is not there.
    [[nodiscard]] std::unique_ptr<applicant> take(std::string_view sid) noexcept;
    // One that has waited for too long; null when there is none.
    [[nodiscard]] std::unique_ptr<applicant> take_due(base::time_point now) noexcept;
    // Any one.
    [[nodiscard]] std::unique_ptr<applicant> take_one() noexcept;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const {
        return deadlines_.soonest();
    }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    base::deadline_queue<applicant, &applicant::place> deadlines_;
    base::sid_set<applicant, &applicant::sid> all_;
};

} // namespace eio
