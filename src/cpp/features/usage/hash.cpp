#include "features/usage/hash.hpp"

#include <bit>
#include <cstring>

namespace features::usage {

namespace {

struct state {
    std::uint64_t v0, v1, v2, v3;

    void rounds(int count) noexcept {
        for (; count > 0; --count) {
            v0 += v1;
            v1 = std::rotl(v1, 13) ^ v0;
            v0 = std::rotl(v0, 32);
            v2 += v3;
            v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3;
            v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1;
            v1 = std::rotl(v1, 17) ^ v2;
            v2 = std::rotl(v2, 32);
        }
    }
    void take(std::uint64_t word) noexcept {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }
    [[nodiscard]] std::uint64_t mixed() const noexcept { return v0 ^ v1 ^ v2 ^ v3; }
};

std::uint64_t little_endian(const char* from, std::size_t bytes) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        word |= std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
    return word;
}

} // namespace

hash128 siphash(hash128 key, std::string_view text) noexcept {
    state in{
        key.low ^ 0x736f6d6570736575U,
        key.high ^ 0x646f72616e646f6dU ^ 0xeeU, // 0xee: of the form with 128 bits
        key.low ^ 0x6c7967656e657261U,
        key.high ^ 0x7465646279746573U};
    const auto whole = text.size() & ~std::size_t{7};
    for (std::size_t at = 0; at < whole; at += 8)
        in.take(little_endian(text.data() + at, 8));
    in.take(
        (std::uint64_t{text.size()} << 56) |
        little_endian(text.data() + whole, text.size() - whole));
    in.v2 ^= 0xeeU;
    in.rounds(4);
    hash128 made{in.mixed(), 0};
    in.v1 ^= 0xddU;
    in.rounds(4);
    made.high = in.mixed();
    return made;
}

} // namespace features::usage
