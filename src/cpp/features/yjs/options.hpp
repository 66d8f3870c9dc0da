// What the application chooses for its documents, and what is counted of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace features::yjs {

struct options {
    bool open_webui = true;  // the dialect of `ydoc:` events, in "/"
    bool y_socket_io = true; // that of npm's y-socket.io, in namespaces "/yjs|<document>"

    // --- what of the application takes part ---
    bool asks_access = false;   // who may read and write is asked of it
    bool loads = false;         // a document begins with what it gives
    bool keeps_updates = false; // it is given each update, to be kept
    bool durable = false;       // others see an update when it has been kept, and not before
    bool stores = false;        // it is given snapshots

    // --- bounds; what is beyond is refused, and said so ---
    std::size_t max_update_bytes = 1024 * 1024;
    std::size_t max_document_bytes = 8 * 1024 * 1024;
    std::size_t max_documents_a_session = 20; // Open WebUI's
    std::size_t max_name_bytes = 200;
    // Of a shard. Beyond, the one that nobody is in for the longest time is closed, and without a
    // store it is lost; if there is none, nobody can open another.
    std::size_t max_documents = 100'000;
    // Of a shard's documents together. Beyond, those that nobody is in are closed as above; if that
    // is not enough, none can be opened or grow.
    std::size_t max_total_bytes = 1024UL * 1024 * 1024;
    std::size_t max_awareness_bytes = 4 * 1024; // of a client's state
    // Changes of one member: beyond, the newest is told when the second is over.
    unsigned max_awareness_rate = 30;
    // A document whose store does not take its updates has so many bytes of them in memory.
    std::size_t max_unkept_bytes = 8 * 1024 * 1024;
    std::size_t max_data_bytes = 1024 * 1024; // of an editor's own rendering of the document

    // --- the history: a snapshot, and updates behind it up to these ---
    std::size_t tail_updates = 500;
    std::size_t tail_bytes = 256 * 1024;
    bool drop_deleted = true; // as Yjs does, unless its `gc` is off

    // --- when it is stored, after a change ---
    std::chrono::milliseconds store_after{500};    // in which there is no other change
    std::chrono::milliseconds store_within{5'000}; // or not
    std::chrono::milliseconds retry_after{1'000};  // doubled each time
    std::chrono::milliseconds retry_within{30'000};
    std::chrono::milliseconds unload_after{10'000}; // nobody is in it, and it can be loaded again
};

// Why something is refused. Those who sent it are told the name.
enum class refusal : std::uint8_t {
    none,
    malformed,
    not_joined,
    not_allowed,
    read_only,
    too_large,
    document_full,
    too_many_documents,
    server_full,
    store_down,
    busy,
    not_loaded,
    cleared,
    count,
};

struct counters {
    std::uint64_t joins = 0;
    std::uint64_t updates = 0; // taken
    std::uint64_t update_bytes = 0;
    std::uint64_t duplicates = 0; // that brought nothing new: neither kept nor passed on
    std::uint64_t awareness = 0;
    std::uint64_t awareness_thinned = 0; // passed on together with a later one
    std::uint64_t awareness_foreign = 0; // states of other members' cursors: left out
    std::uint64_t data_dropped = 0;      // renderings that came with an update: too large, no JSON
    std::uint64_t damaged_updates = 0;   // of a store, which are none
    std::uint64_t compactions = 0;
    std::uint64_t failed_compactions = 0; // which left the updates as they were
    std::uint64_t refused[static_cast<std::size_t>(refusal::count)] = {};
    // Now.
    std::uint64_t documents = 0;
    std::uint64_t members = 0;
    std::uint64_t bytes = 0;
    std::uint64_t unkept_bytes = 0;
    std::uint64_t tail_updates = 0; // behind the snapshots
    std::uint64_t tail_bytes = 0;

    void operator+=(const counters& other);
};

[[nodiscard]] const char* to_string(refusal why) noexcept;

} // namespace features::yjs
