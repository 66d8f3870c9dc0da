// Names that the application has chosen for sessions: what their clients know in the place of the
// sid. Belongs to the shard's thread; bounded by the sessions that are open.
#pragma once

#include "base/sid.hpp"
#include "base/string_hash.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace eio {

class session_names {
public:
    // False, and nothing changed, when another session has the name.
    [[nodiscard]] bool add(const base::sid& sid, std::string name) {
        if (!sids_.try_emplace(name, sid).second)
            return false;
        names_.insert_or_assign(sid, std::move(name));
        return true;
    }
    void remove(const base::sid& sid) noexcept {
        const auto found = names_.find(sid.view());
        if (found == names_.end())
            return;
        if (const auto named = sids_.find(found->second); named != sids_.end())
            sids_.erase(named);
        names_.erase(found);
    }
    // The sid itself where the session has no name; good until the session closes.
    [[nodiscard]] std::string_view of(const base::sid& sid) const noexcept {
        const auto found = names_.find(sid.view());
        return found == names_.end() ? sid.view() : std::string_view(found->second);
    }
    // Of what a client says: a name, or text that may be a sid.
    [[nodiscard]] std::string_view sid_of(std::string_view name) const noexcept {
        const auto found = sids_.find(name);
        return found == sids_.end() ? name : found->second.view();
    }

private:
    base::string_map<base::sid> sids_;
    base::sid_map<std::string> names_;
};

} // namespace eio
