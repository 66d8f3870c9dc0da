#include "features/usage/counts.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace features::usage {

std::string_view reason(outcome of) noexcept {
    switch (of) {
    case outcome::counted:
        return "counted";
    case outcome::duplicate:
        return "counted before";
    case outcome::negative:
        return "token counts must not be negative";
    case outcome::absurd:
        return "token counts must not be over 1000000000 in one record";
    case outcome::contradictory:
        return "total_tokens is less than prompt_tokens or completion_tokens";
    case outcome::too_old:
        return "the time is more than 35 days ago";
    case outcome::in_the_future:
        return "the time is more than five minutes ahead";
    case outcome::no_model:
        return "a model must be named";
    case outcome::long_name:
        return "names and ids have at most 256 bytes";
    case outcome::not_utf8:
        return "names and ids must be Unicode text";
    case outcome::overflow:
        return "the sum would not fit into 62 bits";
    case outcome::full:
        return "the meter is full";
    case outcome::journal_failed:
        return "the journal cannot be written";
    }
    return {};
}

outcome check(const record& of, std::int64_t now) noexcept {
    if (std::min({of.in, of.out, of.total}) < 0)
        return outcome::negative;
    if (std::max(of.in, of.out) > most_tokens || of.total > 2 * most_tokens)
        return outcome::absurd;
    if (of.total < std::max(of.in, of.out))
        return outcome::contradictory;
    if (of.model.empty())
        return outcome::no_model;
    if (std::max({of.model.size(), of.user.size(), of.id.size()}) > most_name_bytes)
        return outcome::long_name;
    if (!base::is_utf8(of.model) || !base::is_utf8(of.user) || !base::is_utf8(of.id))
        return outcome::not_utf8;
    if (of.at < now - most_behind)
        return outcome::too_old;
    if (of.at > now + most_ahead)
        return outcome::in_the_future;
    return outcome::counted;
}

} // namespace features::usage
