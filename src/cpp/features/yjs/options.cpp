#include "features/yjs/options.hpp"

namespace features::yjs {

void counters::operator+=(const counters& other) {
    joins += other.joins;
    updates += other.updates;
    update_bytes += other.update_bytes;
    duplicates += other.duplicates;
    awareness += other.awareness;
    awareness_thinned += other.awareness_thinned;
    awareness_foreign += other.awareness_foreign;
    data_dropped += other.data_dropped;
    damaged_updates += other.damaged_updates;
    compactions += other.compactions;
    failed_compactions += other.failed_compactions;
    for (std::size_t i = 0; i < static_cast<std::size_t>(refusal::count); ++i)
        refused[i] += other.refused[i];
    documents += other.documents;
    members += other.members;
    bytes += other.bytes;
    unkept_bytes += other.unkept_bytes;
    tail_updates += other.tail_updates;
    tail_bytes += other.tail_bytes;
}

const char* to_string(refusal why) noexcept {
    switch (why) {
    case refusal::none:
        return "none";
    case refusal::malformed:
        return "malformed";
    case refusal::not_joined:
        return "not_joined";
    case refusal::not_allowed:
        return "not_allowed";
    case refusal::read_only:
        return "read_only";
    case refusal::too_large:
        return "too_large";
    case refusal::document_full:
        return "document_full";
    case refusal::too_many_documents:
        return "too_many_documents";
    case refusal::server_full:
        return "server_full";
    case refusal::store_down:
        return "store_down";
    case refusal::busy:
        return "busy";
    case refusal::not_loaded:
        return "not_loaded";
    case refusal::cleared:
        return "cleared";
    case refusal::count:
        break;
    }
    return "";
}

} // namespace features::yjs
