#include "eio/gate.hpp"

#include <utility>

namespace eio {

applicant::applicant(
    gate& at,
    const base::sid& sid,
    http_request&& request,
    std::shared_ptr<http_exchange> exchange,
    transport_kind kind)
    : gate_(at),
      sid_(sid),
      request_(std::move(request)),
      exchange_(std::move(exchange)),
      kind_(kind) {
    exchange_->watch(this);
}

applicant::~applicant() {
    (void)take_exchange();
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

void applicant::on_peer_gone(base::time_point) {
    (void)gate_.take(sid_); // ends this applicant
}

applicant& gate::add(std::unique_ptr<applicant> waiting, base::time_point until) {
    auto& added = all_.add(std::move(waiting));
    deadlines_.set(added, until);
    return added;
}

std::unique_ptr<applicant> gate::take(std::string_view sid) noexcept {
    auto* found = find(sid);
    if (!found)
        return nullptr;
    deadlines_.clear(*found);
    return all_.take(*found);
}

std::unique_ptr<applicant> gate::take_due(base::time_point now) noexcept {
    auto* due = deadlines_.take_due(now);
    return due ? all_.take(*due) : nullptr;
}

std::unique_ptr<applicant> gate::take_one() noexcept {
    return all_.empty() ? nullptr : take((*all_.begin())->sid());
}

} // namespace eio
