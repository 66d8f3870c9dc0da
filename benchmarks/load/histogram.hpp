// Latencies in buckets of about 1.5 %, so that recording one costs a few instructions and a run of
// any length the same memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace load {

class histogram {
public:
    void record(std::chrono::nanoseconds latency, std::uint64_t times = 1) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
        buckets_[index(value)] += times;
        count_ += times;
        largest_ = std::max(largest_, value);
    }

    void clear() { *this = {}; }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] double max_us() const { return static_cast<double>(largest_) / 1000; }

    // 0 when nothing was recorded.
    [[nodiscard]] double percentile_us(double part) const {
        const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > wanted) {
                return static_cast<double>(std::min(upper_bound(i), largest_)) / 1000;
            }
        }
        return max_us();
    }

private:
    // The highest bit chooses a row, the six bits below it the bucket in the row.
    static constexpr int fine_bits = 6;
    static constexpr std::size_t row = std::size_t{1} << fine_bits;

    static std::size_t index(std::uint64_t value) {
        const int shift = std::max(static_cast<int>(std::bit_width(value)) - fine_bits - 1, 0);
        return static_cast<std::size_t>(shift) * row + static_cast<std::size_t>(value >> shift);
    }
    static std::uint64_t upper_bound(std::size_t index) {
        if (index < 2 * row) {
            return index;
        }
        const auto shift = index / row - 1;
        return ((index % row + row + 1) << shift) - 1;
    }

    std::array<std::uint64_t, row * (64 - fine_bits + 1)> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t largest_ = 0;
};

} // namespace load
