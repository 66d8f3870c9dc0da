// Requests that wait for the application's verdict: nothing is opened, taken or answered before it
// comes. Belongs to the shard's thread.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/sid.hpp"
#include "base/sid_set.hpp"
#include "eio/errand.hpp"
#include "eio/http.hpp"
#include "eio/packet.hpp"
#include "eio/transport.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eio {

class gate;

// One that waits. Its peer may go away meanwhile: then it is out of the gate. A POST stays: what it
// has brought counts, also when its client does not wait to hear so.
class applicant final : private exchange_watcher {
public:
    // `session`: that it is for, unless it asks for one, which will have `id`.
    applicant(
        gate& at,
        const base::sid& id,
        errand what,
        const std::optional<base::sid>& session,
        std::shared_ptr<const http_request> head,
        std::string&& body,
        std::shared_ptr<http_exchange> exchange);
    ~applicant() override;
    applicant(const applicant&) = delete;
    applicant& operator=(const applicant&) = delete;

    [[nodiscard]] const base::sid& id() const noexcept { return id_; }
    [[nodiscard]] errand what() const noexcept { return what_; }
    [[nodiscard]] const std::optional<base::sid>& session() const noexcept { return session_; }
    [[nodiscard]] const http_request& request() const noexcept { return *head_; } // has no body
    [[nodiscard]] const std::string& body() const noexcept { return body_; }
    [[nodiscard]] transport_kind kind() const noexcept; // of the session that it asks for
    // Its one answer is to be given. It is not watched any more.
    [[nodiscard]] std::shared_ptr<http_exchange> take_exchange() noexcept;
    // The same for one that is only told something.
    [[nodiscard]] http_exchange& exchange() const noexcept { return *exchange_; }

    // What the application sends meanwhile follows the open packet. At the bound, of the bytes that
    // make a session's peer a slow one at once, the rest is dropped. False then.
    [[nodiscard]] bool queue(packet&& outgoing, std::size_t bound_bytes);
    [[nodiscard]] std::vector<packet> take_queue() noexcept { return std::move(queue_); }

    base::deadline_place place; // the gate's

private:
    void on_peer_gone(base::time_point now) override;

    gate& gate_;
    const base::sid id_;
    const errand what_;
    const std::optional<base::sid> session_;
    const std::shared_ptr<const http_request> head_;
    const std::string body_;
    std::shared_ptr<http_exchange> exchange_;
    std::vector<packet> queue_;
    std::size_t queued_bytes_ = 0;
};

class gate {
public:
    // So many may wait on one shard for sessions, and as many of those that have one: strangers
    // never keep clients out. The next are refused with 503.
    static constexpr std::size_t bound = 10'000;
    // What POSTs that wait may have brought.
    static constexpr std::size_t bound_bytes = 64 * 1024 * 1024;

    // Told of one whose peer has gone, and which is out of the gate.
    using on_gone = std::function<void(applicant&, base::time_point now)>;

    explicit gate(on_gone gone) : gone_(std::move(gone)) {}

    [[nodiscard]] bool full(errand what) const noexcept;
    applicant& add(std::unique_ptr<applicant> waiting, base::time_point until);
    [[nodiscard]] applicant* find(std::string_view id) const noexcept { return all_.find(id); }
    // Out of the gate; null when it is not there.
    [[nodiscard]] std::unique_ptr<applicant> take(std::string_view id) noexcept;
    // One that has waited for too long; null when there is none.
    [[nodiscard]] std::unique_ptr<applicant> take_due(base::time_point now) noexcept;
    // Any one.
    [[nodiscard]] std::unique_ptr<applicant> take_one() noexcept;
    [[nodiscard]] std::optional<base::time_point> next_deadline() const {
        return deadlines_.soonest();
    }
    // Those that ask for a session.
    [[nodiscard]] std::size_t opening() const noexcept { return opening_; }

private:
    friend class applicant;

    [[nodiscard]] std::unique_ptr<applicant> take(applicant& leaving) noexcept;
    void on_peer_gone(applicant& of, base::time_point now);

    on_gone gone_;
    base::deadline_queue<applicant, &applicant::place> deadlines_;
    base::sid_set<applicant, &applicant::id> all_;
    std::size_t opening_ = 0;
    std::size_t held_bytes_ = 0;
};

} // namespace eio
