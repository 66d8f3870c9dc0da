#include "features/yjs/diff.hpp"

namespace features::yjs {

std::string diff(std::string_view state, const state_vector& known) {
    std::string body;
    std::uint64_t clients = 0;
    update_reader in(state);
    while (auto first = in.next_block()) {
        const std::uint64_t next_clock = known.next_clock(first->client);
        bool found = false;
        for (;;) {
            // What a section begins with is where its client goes on, so no skip.
            found = first->kind != content_kind::skip && first->end() > next_clock;
            if (found || in.blocks_left() == 0)
                break;
            first = in.next_block();
            if (!first)
                break;
        }
        if (!first || !found)
            continue;
        ++clients;
        if (first->clock < next_clock)
            (void)cut_front(*first, next_clock - first->clock);
        lib0::append_number(body, in.blocks_left() + 1);
        lib0::append_number(body, first->client);
        lib0::append_number(body, first->clock);
        append_block(body, *first);
        // The rest of the section is as it is written.
        const char* const rest = in.at();
        while (in.blocks_left() > 0 && in.next_block()) {
        }
        body.append(rest, in.at());
    }
    std::string out;
    lib0::append_number(out, clients);
    out += body;
    const char* const deletes = in.at();
    out.append(deletes, state.data() + state.size());
    return out;
}

} // namespace features::yjs
