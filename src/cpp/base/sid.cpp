#include "base/sid.hpp"

#include <bit>
#include <cerrno>
#include <cstddef>
#include <sys/random.h>
#include <system_error>
#include <unistd.h>

namespace base {

namespace {

constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint16_t counter_mask = 0xfff;

} // namespace

std::optional<unsigned> shard_of(std::string_view sid, unsigned shards) noexcept {
    if (sid.size() != base::sid::length)
        return std::nullopt;
    // The counter's low six bits.
    const auto digit = url_alphabet.find(sid.back());
    if (digit == url_alphabet.npos)
        return std::nullopt;
    const auto shard = static_cast<unsigned>(digit) & (std::bit_ceil(shards) - 1);
    return shard < shards ? std::optional(shard) : std::nullopt;
}

sid_source::sid_source(unsigned shard, unsigned shard_count)
    : counter_(static_cast<std::uint16_t>(shard)),
      step_(static_cast<std::uint16_t>(std::bit_ceil(shard_count))) {}

void sid_source::refill() {
    static_assert(sizeof(pool_) <= 256, "getentropy gives at most 256 bytes at once");
    if (getentropy(pool_.data(), pool_.size()) != 0)
        throw std::system_error(errno, std::generic_category(), "getentropy");
    used_ = 0;
}

sid sid_source::next() {
    if (used_ == pool_.size())
        refill();
    std::array<std::uint8_t, 15> raw;
    for (std::size_t i = 0; i < random_bytes; ++i)
        raw[i] = pool_[used_ + i];
    used_ += random_bytes;
    raw[12] = static_cast<std::uint8_t>(node_ >> 4);
    raw[13] = static_cast<std::uint8_t>((node_ & 0xf) << 4 | counter_ >> 8);
    raw[14] = static_cast<std::uint8_t>(counter_);
    counter_ = (counter_ + step_) & counter_mask;

    std::array<char, sid::length> text;
    std::size_t written = 0;
    for (std::size_t i = 0; i < raw.size(); i += 3) {
        const unsigned bits = raw[i] << 16u | raw[i + 1] << 8u | raw[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            text[written++] = url_alphabet[bits >> shift & 63];
    }
    return *sid::parse({text.data(), text.size()});
}

} // namespace base
