// Emits: to which shards, and when it is too much.
#include "base/countdown.hpp"
#include "engine/engine.hpp"
#include "engine/outbox.hpp"
#include "engine/replay.hpp"
#include "features/flow/emission.hpp"
#include "sio/server.hpp"

#include <bit>
#include <memory>
#include <utility>

namespace engine {

using ::features::flow::emission;

namespace {

// Bytes, about.
std::size_t weight(const sio::selection& whom, const sio::arguments& args) {
    auto held = args.json.capacity() + whom.weight();
    for (const auto& each : args.attachments)
        held += sizeof(each) + each.size();
    return held;
}

// An attachment is framed in place, and for one shard: each has its own.
sio::arguments own(sio::arguments args) {
    for (auto& each : args.attachments)
        each = base::bytes(each.view());
    return args;
}

} // namespace

bool engine::emit(std::string nsp, sio::selection whom, sio::arguments args, sio::ack_token token) {
    const auto to = current();
    if (!to) {
        if (token != 0) // whoever waits for acks must hear that none will come
            out_->post(sio::acks_done_event{token});
        return false;
    }
    if (token == 0 && !whom.is_volatile && is_recorded(*to, nsp, whom)) {
        auto& home = (*to)[home_of_key(nsp, to->count())];
        const auto held = weight(whom, args);
        home.post(
            {[sent = emission{std::move(nsp), std::move(whom), std::move(args)}](
                 shard_context& in) mutable { deliver(in, std::move(sent)); },
             held});
        return home.full();
    }
    const auto reached = reach(*to, whom);
    if (!std::has_single_bit(reached))
        return emit_to_several(
            *to, reached, std::move(nsp), std::move(whom), std::move(args), token);
    auto& shard = (*to)[static_cast<unsigned>(std::countr_zero(reached))];
    const auto held = weight(whom, args);
    const bool taken = shard.post(
        {[nsp = std::move(nsp), whom = std::move(whom), args = std::move(args), token](
             shard_context& in) { in.sio().emit(nsp, whom, args, token); },
         held});
    if (!taken && token != 0)
        out_->post(sio::acks_done_event{token});
    return shard.full();
}

void engine::wait_for_room() {
    if (const auto to = current())
        for (unsigned each = 0; each < to->count(); ++each)
            (*to)[each].wait_for_room();
}

shard_set engine::reach(const shards& in, const sio::selection& whom) const {
    const auto all = ~shard_set{0} >> (64 - options_.threads);
    if (!whom.rooms || options_.threads == 1)
        return all;
    shard_set reached = 0;
    for (const auto& room : *whom.rooms) {
        const auto shard = base::shard_of(room, options_.threads);
        if (!shard || in.room_like_a_sid)
            return all;
        reached |= shard_set{1} << *shard;
    }
    return reached == 0 ? 1 : reached; // nobody: any shard can find that out
}

bool engine::emit_to_several(
    shards& to,
    shard_set reached,
    std::string nsp,
    sio::selection whom,
    sio::arguments args,
    sio::ack_token token) {
    const auto held = weight(whom, args);
    const auto shared =
        std::make_shared<const emission>(std::move(nsp), std::move(whom), std::move(args));
    base::countdown parts(token == 0 ? 1U : static_cast<unsigned>(std::popcount(reached)));
    for (unsigned each = 0; each < to.count(); ++each) {
        if ((reached >> each & 1) == 0)
            continue;
        auto part = [shared, token, parts](shard_context& in) {
            const auto& sent = *shared;
            if (sent.args.attachments.empty())
                in.sio().emit(sent.nsp, sent.whom, sent.args, token, parts);
            else
                in.sio().emit(sent.nsp, sent.whom, own(sent.args), token, parts);
        };
        const bool taken = to[each].post({std::move(part), held});
        if (!taken && token != 0 && parts.done())
            out_->post(sio::acks_done_event{token});
    }
    for (unsigned each = 0; each < to.count(); ++each)
        if (to[each].full())
            return true;
    return false;
}

} // namespace engine
