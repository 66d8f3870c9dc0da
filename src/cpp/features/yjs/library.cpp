#include "features/yjs/library.hpp"

#include "features/yjs/open_webui.hpp"
#include "features/yjs/y_socket_io.hpp"

#include <algorithm>
#include <utility>

namespace features::yjs {

void library::take(request&& asked, base::time_point now) {
    if (!make_room_for(asked))
        return refuse(asked, refusal::server_full);
    auto place = documents_.find(asked.document);
    if (place == documents_.end()) {
        switch (asked.kind) {
        case request_kind::gone:
        case request_kind::identify:
            return;
        case request_kind::join:
        case request_kind::server_update:
        case request_kind::server_state:
        case request_kind::server_clear:
            break;
        case request_kind::server_members: // nobody, and nothing is loaded to find that out
            return around_.app.tell(server_answer{*asked.ack, true, "[]"});
        case request_kind::leave:
        case request_kind::update:
        case request_kind::state:
        case request_kind::awareness:
        case request_kind::sync:
            return refuse(asked, refusal::not_joined);
        }
        if (documents_.size() >= around_.chosen.max_documents && !make_room(asked.document))
            return refuse(asked, refusal::busy);
        place =
            documents_
                .emplace(asked.document, std::make_unique<shared_document>(around_, asked.document))
                .first;
    }
    place->second->take(std::move(asked), now);
    settle(place, now);
}

void library::refuse(const request& asked, refusal why) {
    if (is_of_server(asked.kind))
        return around_.app.tell(server_answer{*asked.ack, false, to_string(why)});
    ++around_.counted.refused[static_cast<std::size_t>(why)];
    const bool own = asked.how == channel::y_socket_io;
    around_.rooms.emit_to(
        asked.sid,
        asked.nsp,
        own ? y_socket_io::refused(y_socket_io::event_of(asked.kind), why, {})
            : open_webui::refused(asked.document, open_webui::event_of(asked.kind), why, {}));
    if (asked.ack && asked.kind != request_kind::sync)
        around_.rooms.send_ack(asked.sid, asked.nsp, *asked.ack, {"[null]", {}});
    if (own && asked.kind == request_kind::join)
        around_.rooms.disconnect(asked.sid, asked.nsp);
}

bool library::make_room(std::string_view except) {
    // Without a store it is gone with it.
    const auto longest = std::ranges::min_element(documents_, {}, [&](const auto& each) {
        return each.first != except && each.second->at_rest() ? each.second->left_at()
                                                              : base::time_point::max();
    });
    if (longest == documents_.end() || longest->first == except || !longest->second->at_rest())
        return false;
    erase(longest);
    return true;
}

bool library::make_room_for(const request& asked) {
    std::size_t more = 0;
    switch (asked.kind) {
    case request_kind::update:
    case request_kind::server_update:
        more = asked.bytes.size() + asked.data.size();
        break;
    case request_kind::join:
    case request_kind::server_state:
        more = documents_.contains(asked.document) ? 0 : 1; // how much, is known when it is there
        break;
    default: // they need none
        break;
    }
    while (more > 0 && bytes_ + more > around_.chosen.max_total_bytes)
        if (!make_room(asked.document))
            return false;
    return true;
}

void library::erase(table::iterator place) {
    wakes_.clear(*place->second);
    bytes_ -= place->second->weighed;
    documents_.erase(place);
}

void library::settle(table::iterator place, base::time_point now) {
    auto& document = *place->second;
    bytes_ -= std::exchange(document.weighed, document.bytes());
    bytes_ += document.weighed;
    const bool unloads =
        document.at_rest() &&
        (document.blank() ||
         (around_.chosen.loads && document.left_at() + around_.chosen.unload_after <= now));
    if (document.failed() || unloads)
        return erase(place);
    if (const auto due = document.due())
        wakes_.set(document, *due);
    else
        wakes_.clear(document);
}

void library::on_loaded(
    const std::string& document, loaded_document&& loaded, base::time_point now) {
    if (const auto place = documents_.find(document); place != documents_.end()) {
        place->second->on_loaded(std::move(loaded), now);
        settle(place, now);
    }
}

void library::on_kept(const std::string& document, std::uint64_t number, base::time_point now) {
    if (const auto place = documents_.find(document); place != documents_.end()) {
        place->second->on_kept(number);
        settle(place, now);
    }
}

void library::on_stored(const std::string& document, bool stored, base::time_point now) {
    if (const auto place = documents_.find(document); place != documents_.end()) {
        place->second->on_stored(stored, now);
        settle(place, now);
    }
}

void library::put_out(const std::string& document, const std::string& sid, base::time_point now) {
    if (const auto place = documents_.find(document); place != documents_.end()) {
        place->second->put_out(sid, now);
        settle(place, now);
    }
}

void library::sweep(base::time_point now) {
    while (auto* due = wakes_.take_due(now)) {
        due->sweep(now);
        settle(documents_.find(due->name()), now);
    }
}

std::size_t library::flush(base::time_point now, bool failed_too) {
    std::size_t count = 0;
    for (auto& [name, each] : documents_) {
        each->flush(now, failed_too);
        if (!each->stored())
            ++count;
        if (const auto due = each->due())
            wakes_.set(*each, *due);
    }
    return count;
}

void library::add_to(counters& sums) const {
    for (const auto& [name, each] : documents_)
        each->add_to(sums);
}

} // namespace features::yjs
