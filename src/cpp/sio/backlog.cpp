#include "sio/backlog.hpp"

#include <algorithm>

namespace sio {

kept_event::kept_event(
    backlog_store& in, std::uint64_t offset, const outgoing_packet& packet, bool again)
    : shared_(new shared{
          .in = in,
          .offset = offset,
          .frame = packet.frame,
          .attachments = {packet.attachments.begin(), packet.attachments.end()},
          .size = sizeof(shared),
          .counted = sizeof(shared),
          .again = again,
          .binary = packet.binary,
          .compress = packet.compress,
          .holders = 1}) {
    const auto count = [&](const base::bytes& part) {
        const bool compressed = packet.compress && part.size() >= in.compressed_from;
        shared_->size += part.size();
        shared_->counted += part.size() * (compressed ? 2 : 1);
    };
    if (again) {
        count(shared_->frame);
        for (const auto& each : shared_->attachments)
            count(each);
    }
    in.bytes += shared_->counted;
}

void kept_event::sent() noexcept {
    if (shared_->again)
        return;
    shared_->frame = {};
    shared_->attachments = {};
}

void kept_event::release() noexcept {
    shared_->in.bytes -= shared_->counted;
    delete shared_;
}

void backlog::push(const kept_event& sent) {
    events_.push_back(sent);
    in_.bytes += sizeof(kept_event);
    bytes_ += sizeof(kept_event) + sent.size();
    if (in_.bytes > in_.most_bytes + in_.most_bytes / 8)
        return drop(size());
    while (bytes_ > most_bytes_)
        drop(1);
}

std::size_t backlog::count_to(std::optional<std::uint64_t> last) const noexcept {
    const auto list = all();
    const auto behind =
        std::ranges::upper_bound(list, last.value_or(0), std::ranges::less{}, &kept_event::offset);
    return static_cast<std::size_t>(behind - list.begin());
}

bool backlog::continues(std::optional<std::uint64_t> last) const noexcept {
    if (!last || *last == dropped_)
        return last.value_or(0) == dropped_;
    const auto count = count_to(last);
    return count > 0 && all()[count - 1].offset() == *last;
}

std::span<const kept_event> backlog::after(std::optional<std::uint64_t> last) const noexcept {
    return all().subspan(count_to(last));
}

void backlog::drop(std::size_t count) noexcept {
    if (count == 0)
        return;
    for (auto& each : std::span(events_).subspan(first_, count)) {
        dropped_ = each.offset();
        bytes_ -= sizeof(kept_event) + each.size();
        each = {};
    }
    in_.bytes -= count * sizeof(kept_event);
    first_ += count;
    pinged_ -= std::min(pinged_, count);
    if (first_ == events_.size())
        std::vector<kept_event>().swap(events_); // clients are quiet for most of the time
    else if (first_ > events_.size() / 2)
        events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(first_));
    else
        return;
    first_ = 0;
}

} // namespace sio
