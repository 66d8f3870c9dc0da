#include "features/yjs/update.hpp"

namespace features::yjs {
namespace {

// The least bytes that each takes.
constexpr std::size_t client_size = 3; // how many structs, the client, the first clock
constexpr std::size_t block_size = 2;
constexpr std::size_t deleting_client_size = 2;
constexpr std::size_t delete_size = 2;

} // namespace

bool summary::complete() const noexcept {
    const range* before = nullptr;
    for (const range& each : structs) {
        if (each.clock != 0 || (before != nullptr && before->client == each.client))
            return false;
        before = &each;
    }
    return true;
}

update_reader::update_reader(std::string_view update) noexcept
    : in_(update), clients_left_(in_.count(client_size)) {}

std::optional<block> update_reader::next_block() noexcept {
    while (blocks_left_ == 0) {
        if (clients_left_ == 0 || deleting_)
            return std::nullopt;
        --clients_left_;
        blocks_left_ = in_.number();
        client_ = in_.number();
        clock_ = in_.number();
        if (blocks_left_ > in_.left() / block_size)
            in_.fail("it has fewer bytes than it counts things");
        if (in_.fault() != nullptr)
            blocks_left_ = clients_left_ = 0;
    }
    --blocks_left_;
    const block next = read_block(in_, client_, clock_);
    if (in_.fault() != nullptr) {
        blocks_left_ = clients_left_ = 0;
        return std::nullopt;
    }
    clock_ += next.length;
    return next;
}

std::optional<range> update_reader::next_delete() noexcept {
    if (!deleting_) {
        deleting_ = true;
        clients_left_ = in_.count(deleting_client_size);
    }
    while (deletes_left_ == 0 && clients_left_ > 0) {
        --clients_left_;
        client_ = in_.number();
        deletes_left_ = in_.count(delete_size);
    }
    if (deletes_left_ == 0) {
        if (in_.left() > 0)
            in_.fail("bytes follow its end, as in an update of format v2");
        return std::nullopt;
    }
    --deletes_left_;
    range next{client_, in_.number(), 0};
    next.length = in_.number();
    if (next.length > lib0::max_integer - next.clock)
        in_.fail("a clock is larger than 2^53 - 1");
    if (in_.fault() != nullptr) {
        deletes_left_ = clients_left_ = 0;
        return std::nullopt;
    }
    return next;
}

std::variant<summary, reject> decode(std::string_view update) {
    summary made;
    made.bytes = update.size();
    update_reader in(update);
    while (const auto next = in.next_block()) {
        if (next->kind == content_kind::skip)
            continue;
        ++made.blocks;
        append(made.structs, {next->client, next->clock, next->length});
    }
    while (const auto next = in.next_delete())
        append(made.deletes, *next);
    if (in.fault() != nullptr)
        return reject{in.fault()};
    normalise(made.structs);
    normalise(made.deletes);
    return made;
}

} // namespace features::yjs
