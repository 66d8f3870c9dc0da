// The documents that are at home on one shard. Belongs to its thread.
#pragma once

#include "base/clock.hpp"
#include "base/deadline_queue.hpp"
#include "base/string_hash.hpp"
#include "features/yjs/shared_document.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace features::yjs {

class library {
public:
    explicit library(const surroundings& around) : around_(around) {}

    // A join opens a document, and so does the application; all else is for those that are open.
    void take(request&& asked, base::time_point now);
    void on_loaded(const std::string& document, loaded_document&& loaded, base::time_point now);
    void on_kept(const std::string& document, std::uint64_t number, base::time_point now);
    void on_stored(const std::string& document, bool stored, base::time_point now);
    void put_out(const std::string& document, const std::string& sid, base::time_point now);

    [[nodiscard]] std::optional<base::time_point> next_deadline() const { return wakes_.soonest(); }
    void sweep(base::time_point now);
    // Stores at once what would be stored later. How many documents have something that is not yet
    // where it should be. `failed_too`: those whose last try has failed, before their next one.
    [[nodiscard]] std::size_t flush(base::time_point now, bool failed_too);
    void add_to(counters& sums) const;

private:
    using table = base::string_map<std::unique_ptr<shared_document>>;

    void refuse(const request& asked, refusal why);
    // Closes the one that nobody has been in for the longest time, but not this.
    [[nodiscard]] bool make_room(std::string_view except);
    [[nodiscard]] bool make_room_for(const request& asked);
    void erase(table::iterator place);
    // After each call to it: frees it if it is not needed.
    void settle(table::iterator place, base::time_point now);

    const surroundings& around_;
    table documents_;       // at most options::max_documents
    std::size_t bytes_ = 0; // of all: options::max_total_bytes, and what has been loaded since
    base::deadline_queue<shared_document, &shared_document::wakes> wakes_;
};

} // namespace features::yjs
