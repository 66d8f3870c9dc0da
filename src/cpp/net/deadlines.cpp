#include "net/deadlines.hpp"

#include <vector>

namespace net {

void deadlines::set(deadline_holder& holder, base::time_point at) {
    const bool first = at_.empty();
    at_.insert_or_assign(&holder, at);
    if (first)
        watch_(true);
}

void deadlines::clear(deadline_holder& holder) {
    if (at_.erase(&holder) == 1 && at_.empty())
        watch_(false);
}

void deadlines::sweep(base::time_point now) {
    std::vector<deadline_holder*> due;
    for (const auto& [holder, at] : at_)
        if (at <= now)
            due.push_back(holder);
    for (auto* each : due) {
        // One that ends may end or move others: ask the table again.
        const auto found = at_.find(each);
        if (found == at_.end() || found->second > now)
            continue;
        at_.erase(found);
        each->on_deadline(now);
    }
}

} // namespace net
