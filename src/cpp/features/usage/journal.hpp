// Records on disk until a store has them: one file for each batch, so that after a crash what it
// holds is that batch, no more and no less.
#pragma once

#include "features/usage/counts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace features::usage {

struct journal_record {
    row_value counted;
    std::string id;
    std::int64_t at = 0; // Unix time, seconds: of the count
};

// What can be read of a journal file; a record that is cut off by a crash, and all behind it, was
// never confirmed. Throws std::system_error when the file cannot be read.
[[nodiscard]] std::vector<journal_record> read_journal(const std::string& path);

class journal {
public:
    // `each`: every record is written before it counts, so that the end of the process loses none.
    // Else they are written when a batch is taken, or there are many. Throws std::system_error.
    journal(std::string folder, std::uint64_t seq, bool each);
    ~journal();
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    // False: it cannot be written, and nothing of it has been. `more` follow at once: it is enough
    // to write it with the last of them.
    [[nodiscard]] bool
    append(const record& of, std::string_view groups, std::int64_t now, bool more = false);
    // False: what should have been written cannot be; the next call tries again.
    [[nodiscard]] bool write_appended() { return !each_ || write_out(); }
    [[nodiscard]] std::uint64_t seq() const noexcept { return seq_; }
    // What is appended from now on belongs to the next batch. Throws std::system_error: then
    // nothing has changed.
    void next();

private:
    [[nodiscard]] std::string path(std::uint64_t seq) const;
    [[nodiscard]] int opened(std::uint64_t seq) const;
    [[nodiscard]] bool write_out();

    const std::string folder_;
    const bool each_;
    std::uint64_t seq_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0; // of the file, whole records
    std::string unwritten_;  // at most most_unwritten and a record
};

} // namespace features::usage
