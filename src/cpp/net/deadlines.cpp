#include "net/deadlines.hpp"

namespace net {

void deadlines::set(deadline_holder& holder, base::time_point at) {
    const bool first = queue_.empty();
    queue_.set(holder, at);
    if (first)
        watch_(true);
}

void deadlines::clear(deadline_holder& holder) {
    const bool was_empty = queue_.empty();
    queue_.clear(holder);
    if (!was_empty && queue_.empty())
        watch_(false);
}

void deadlines::sweep(base::time_point now) {
    while (auto* due = queue_.take_due(now))
        due->on_deadline(now);
}

} // namespace net
