#include "sio/recovery.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sio {

namespace {

constexpr std::size_t epoch_length = 6;
constexpr std::size_t longest_offset = 64; // of any server's
constexpr int digits = 36;

} // namespace

claim read_claim(packet_format format, std::string_view auth) {
    claim read;
    if (const auto pid = text_member(format, auth, "pid"))
        read.pid = base::sid::parse(*pid);
    read.offset = text_member(format, auth, "offset");
    if (read.offset && read.offset->size() > longest_offset)
        read.offset->clear();
    return read;
}

bool cannot_come_back(const eio::http_request& opened_by) {
    const auto agent =
        opened_by.header("User-Agent"); // "Python/3.11 aiohttp/3.9", "python-requests"
    if (!agent.empty())
        return agent.starts_with("Python") || agent.starts_with("python");
    // The WebSocket library of the synchronous client has no name. It alone says first of all that
    // it upgrades, and where it comes from.
    return !opened_by.headers.empty() &&
           eio::equal_ignoring_case(opened_by.headers.front().name, "Upgrade") &&
           opened_by.has_header("Origin");
}

recovery::recovery(const recovery_config& options, packet_format format, base::sid_source& sids)
    : options_(options),
      format_(format),
      sids_(sids),
      epoch_(sids.next().view().substr(0, epoch_length)),
      store_{.most_bytes = options.max_total_bytes, .compressed_from = options.compressed_from} {}

trail& recovery::begin(socket& of, claim&& came_with) {
    auto& begun = trails_.add(
        std::unique_ptr<trail>(
            new trail{.pid = sids_.next(), .sent = {options_.max_bytes, store_}, .whose = &of}));
    counted_.refused += came_with.pid.has_value();
    if (came_with.offset && !came_with.offset->empty()) // which stands for what is no text
        begun.foreign_offset = std::move(came_with.offset);
    return begun;
}

bool recovery::continues(const trail& of, const claim& claimed) const {
    if (!claimed.offset || claimed.offset == of.foreign_offset)
        return of.sent.continues(std::nullopt);
    const auto offset = offset_of(*claimed.offset);
    return offset && of.sent.continues(offset);
}

void recovery::drop(trail& of) {
    counted_.given_up += of.place != nullptr;
    leave_place(of);
    expiring_.clear(of);
    trails_.take(of);
}

void recovery::leave(trail& of, const socket& leaving, base::time_point now) {
    const auto& name = leaving.home.name();
    auto& home = away_[name];
    if (!home)
        home = std::make_unique<nsp>(name);
    of.place = &home->add(std::make_unique<socket>(leaving.sid, leaving.eio_sid, *home, nullptr));
    of.place->followed = &of;
    for (const auto& [joined, at] : leaving.rooms_joined)
        home->room_index().join(*of.place, joined->name);
    of.whose = nullptr;
    of.sent.reconnected();
    expiring_.set(of, now + options_.max_disconnection);
}

void recovery::wait(trail& of, trail::arrival&& arrived) {
    of.arrived = std::move(arrived);
    expiring_.clear(of);
}

void recovery::stop_waiting(trail& of, base::time_point now) {
    of.arrived.reset();
    expiring_.set(of, now + options_.max_disconnection);
}

void recovery::come_back(trail& of, const claim& claimed) {
    ++counted_.recovered;
    of.last = claimed.offset ? offset_of(*claimed.offset) : std::nullopt;
    if (claimed.offset == of.foreign_offset)
        of.last.reset();
    of.sent.confirm(of.last);
    leave_place(of);
    expiring_.clear(of);
}

void recovery::leave_place(trail& of) {
    if (!of.place)
        return;
    auto& home = of.place->home;
    home.remove(*std::exchange(of.place, nullptr));
    if (home.sockets().empty())
        away_.erase(away_.find(home.name()));
}

nsp* recovery::away(std::string_view name) const noexcept {
    const auto found = away_.find(name);
    return found == away_.end() ? nullptr : found->second.get();
}

socket* recovery::find_away(std::string_view sid, std::string_view name) const noexcept {
    const auto* home = away(name);
    return home ? home->find(sid) : nullptr;
}

recovery_figures recovery::figures() const noexcept {
    auto now = counted_;
    for (const auto& [name, home] : away_)
        now.away += home->sockets().size();
    now.bytes = store_.bytes;
    return now;
}

trail* recovery::one_too_many() noexcept {
    const bool too_many =
        expiring_.size() > options_.max_sessions || store_.bytes > store_.most_bytes;
    return too_many ? expiring_.take_due(base::time_point::max()) : nullptr;
}

kept_event
recovery::number(std::string_view nsp, const arguments& args, bool again, bool compress) {
    const auto offset = ++last_offset_;
    const auto numbered = with_argument(format_, args.json, text_of(offset));
    auto packet = encode(format_, packet_type::event, nsp, {}, numbered, args.attachments);
    packet.compress = compress;
    return {store_, offset, packet, again};
}

std::string recovery::text_of(std::uint64_t offset) const {
    char number[16];
    const auto end = std::to_chars(std::begin(number), std::end(number), offset, digits).ptr;
    return epoch_ + std::string(std::begin(number), end);
}

std::optional<std::uint64_t> recovery::offset_of(std::string_view text) const {
    if (!text.starts_with(epoch_))
        return std::nullopt;
    text.remove_prefix(epoch_.size());
    std::uint64_t offset = 0;
    const auto [end, wrong] =
        std::from_chars(text.data(), text.data() + text.size(), offset, digits);
    if (wrong != std::errc() || end != text.data() + text.size() || offset == 0)
        return std::nullopt;
    return offset;
}

} // namespace sio
