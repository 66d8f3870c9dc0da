#include "eio/gate.hpp"

#include <utility>

namespace eio {

applicant::applicant(
    gate& at,
    const base::sid& id,
    errand what,
    const std::optional<base::sid>& session,
    std::shared_ptr<const http_request> head,
    std::string&& body,
    std::shared_ptr<http_exchange> exchange)
    : gate_(at),
      id_(id),
      what_(what),
      session_(session),
      head_(std::move(head)),
      body_(std::move(body)),
      exchange_(std::move(exchange)) {
    if (what_ != errand::post)
        exchange_->watch(this);
}

applicant::~applicant() {
    (void)take_exchange();
}

transport_kind applicant::kind() const noexcept {
    return query_parameter(head_->query, "transport") == "websocket" ? transport_kind::websocket
                                                                     : transport_kind::polling;
}

std::shared_ptr<http_exchange> applicant::take_exchange() noexcept {
    if (exchange_)
        exchange_->watch(nullptr);
    return std::move(exchange_);
}

bool applicant::queue(packet&& outgoing, std::size_t bound_bytes) {
    if (queued_bytes_ > bound_bytes)
        return false;
    queued_bytes_ += outgoing.data.size() + sizeof(packet);
    queue_.push_back(std::move(outgoing));
    return true;
}

void applicant::on_peer_gone(base::time_point now) {
    gate_.on_peer_gone(*this, now); // ends this applicant
}

bool gate::full(errand what) const noexcept {
    if (what == errand::open)
        return opening_ >= bound;
    return all_.size() - opening_ >= bound || held_bytes_ >= bound_bytes;
}

applicant& gate::add(std::unique_ptr<applicant> waiting, base::time_point until) {
    auto& added = all_.add(std::move(waiting));
    opening_ += added.what() == errand::open ? 1 : 0;
    held_bytes_ += added.body().size();
    deadlines_.set(added, until);
    return added;
}

std::unique_ptr<applicant> gate::take(applicant& leaving) noexcept {
    deadlines_.clear(leaving);
    opening_ -= leaving.what() == errand::open ? 1 : 0;
    held_bytes_ -= leaving.body().size();
    return all_.take(leaving);
}

std::unique_ptr<applicant> gate::take(std::string_view id) noexcept {
    auto* found = find(id);
    return found ? take(*found) : nullptr;
}

std::unique_ptr<applicant> gate::take_due(base::time_point now) noexcept {
    auto* due = deadlines_.take_due(now);
    return due ? take(*due) : nullptr;
}

std::unique_ptr<applicant> gate::take_one() noexcept {
    return all_.empty() ? nullptr : take(**all_.begin());
}

void gate::on_peer_gone(applicant& of, base::time_point now) {
    const auto gone = take(of);
    gone_(*gone, now);
}

} // namespace eio
