// The update algebra for those who are not C++: differential tests ask it on stdin. A question is
// an operation's letter, a flags byte and a count of arguments (32 bits, little-endian, as all
// sizes), each with its size; an answer one byte, 1 or 0, and bytes with their size: the result, or
// why there is none.
#include "features/yjs/awareness.hpp"
#include "features/yjs/coverage.hpp"
#include "features/yjs/diff.hpp"
#include "features/yjs/merge.hpp"
#include "features/yjs/state_vector.hpp"
#include "features/yjs/update.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

namespace yjs = features::yjs;

struct answer {
    bool good = false;
    std::string bytes;
};

std::optional<std::string> read(std::size_t size) {
    std::string made(size, '\0');
    if (std::fread(made.data(), 1, size, stdin) != size)
        return std::nullopt;
    return made;
}

std::optional<std::uint32_t> read_size() {
    const auto bytes = read(4);
    if (!bytes)
        return std::nullopt;
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
        size |= std::uint32_t{static_cast<std::uint8_t>((*bytes)[i])} << (8 * i);
    return size;
}

void write(const answer& made) {
    std::fputc(made.good ? 1 : 0, stdout);
    for (unsigned i = 0; i < 4; ++i)
        std::fputc(static_cast<int>(made.bytes.size() >> (8 * i) & 0xFF), stdout);
    std::fwrite(made.bytes.data(), 1, made.bytes.size(), stdout);
    std::fflush(stdout);
}

// Why the first that is no update is none.
std::optional<std::string> fault_in(std::span<const std::string_view> updates) {
    for (const std::string_view each : updates) {
        const auto decoded = yjs::decode(each);
        if (const auto* refused = std::get_if<yjs::reject>(&decoded))
            return refused->reason;
    }
    return std::nullopt;
}

answer merge(std::span<const std::string_view> updates, unsigned flags) {
    if (auto fault = fault_in(updates))
        return {false, *fault};
    const yjs::merge_options options{.squash = (flags & 1) != 0, .drop_deleted = (flags & 2) != 0};
    std::string merged = yjs::merge(updates, options);
    if (!yjs::is_merge_of(merged, updates))
        return {false, "the merge has other ranges than what it was made of"};
    return {true, std::move(merged)};
}

answer diff(std::span<const std::string_view> arguments) {
    if (auto fault = fault_in(arguments.first(1)))
        return {false, *fault};
    const auto known = yjs::decode_state_vector(arguments[1]);
    if (const auto* refused = std::get_if<yjs::reject>(&known))
        return {false, refused->reason};
    return {true, yjs::diff(arguments[0], std::get<yjs::state_vector>(known))};
}

// Whether all but the last of them have what the last one has.
answer covered(std::span<const std::string_view> updates) {
    if (auto fault = fault_in(updates))
        return {false, *fault};
    yjs::coverage known;
    for (const std::string_view each : updates.first(updates.size() - 1))
        known.add(std::get<yjs::summary>(yjs::decode(each)));
    return {known.contains(std::get<yjs::summary>(yjs::decode(updates.back()))), {}};
}

// The same states.
answer awareness(std::string_view update) {
    const auto decoded = yjs::decode_awareness(update);
    if (const auto* refused = std::get_if<yjs::reject>(&decoded))
        return {false, refused->reason};
    return {true, yjs::encode_awareness(std::get<std::vector<yjs::awareness_state>>(decoded))};
}

answer respond(char operation, unsigned flags, std::span<const std::string_view> arguments) {
    switch (operation) {
    case 'u': // is it an update?
        if (auto fault = fault_in(arguments))
            return {false, *fault};
        return {true, {}};
    case 'm':
        return merge(arguments, flags);
    case 'd':
        return diff(arguments);
    case 'v':
        if (auto fault = fault_in(arguments))
            return {false, *fault};
        return {true, yjs::encode_state_vector(arguments[0])};
    case 'c':
        return covered(arguments);
    case 'a':
        return awareness(arguments[0]);
    default:
        return {false, "no such operation"};
    }
}

} // namespace

int main() {
    while (const auto head = read(2)) {
        std::vector<std::string> owned;
        const auto count = read_size();
        for (std::uint32_t i = 0; count && i < *count; ++i) {
            const auto size = read_size();
            auto bytes = size ? read(*size) : std::nullopt;
            if (!bytes)
                return EXIT_FAILURE;
            owned.push_back(std::move(*bytes));
        }
        const std::vector<std::string_view> arguments(owned.begin(), owned.end());
        write(respond((*head)[0], static_cast<unsigned char>((*head)[1]), arguments));
    }
    return EXIT_SUCCESS;
}
