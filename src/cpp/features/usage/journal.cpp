#include "features/usage/journal.hpp"

#include "features/usage/hash.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace features::usage {

namespace {

// A record is the length of its body, a checksum and the body, little or big endian as the machine:
// a journal is not for another one.
constexpr std::size_t head_bytes = 4 + 8;
constexpr std::size_t most_body_bytes = 1024 * 1024; // more: not ours
constexpr std::size_t most_unwritten = 64 * 1024;

std::uint64_t checksum(std::string_view body) noexcept {
    return siphash({}, body).low;
}

template <class Number>
void put(std::string& to, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    to.append(bytes, sizeof number);
}

void put_text(std::string& to, std::string_view text) {
    put(to, static_cast<std::uint32_t>(text.size()));
    to += text;
}

// What is not there reads as 0 or empty; `ok` tells.
struct reader {
    std::string_view rest;
    bool ok = true;

    template <class Number>
    Number number() {
        Number value{};
        if (rest.size() < sizeof value) {
            ok = false;
            return value;
        }
        std::memcpy(&value, rest.data(), sizeof value);
        rest.remove_prefix(sizeof value);
        return value;
    }
    std::string_view text(std::size_t size) {
        if (rest.size() < size) {
            ok = false;
            return {};
        }
        const auto found = rest.substr(0, size);
        rest.remove_prefix(size);
        return found;
    }
    std::string_view text() { return text(number<std::uint32_t>()); }
};

std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const auto end = text.find('\n');
        list.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return list;
}

journal_record record_of(reader& body) {
    journal_record made;
    made.at = body.number<std::int64_t>();
    made.counted.minute = body.number<std::int64_t>() / 60;
    made.counted.sum.in = body.number<std::int64_t>();
    made.counted.sum.out = body.number<std::int64_t>();
    made.counted.sum.total = body.number<std::int64_t>();
    made.counted.sum.events = 1;
    made.counted.model = body.text();
    made.counted.user = body.text();
    made.id = body.text();
    made.counted.groups = lines(body.text());
    return made;
}

} // namespace

std::vector<journal_record> read_journal(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw std::system_error(errno, std::generic_category(), path);
    std::ostringstream whole;
    whole << file.rdbuf();
    const std::string text = std::move(whole).str();
    std::vector<journal_record> list;
    for (reader from{text}; !from.rest.empty();) {
        const auto size = from.number<std::uint32_t>();
        const auto sum = from.number<std::uint64_t>();
        reader body{size <= most_body_bytes ? from.text(size) : std::string_view()};
        if (!from.ok || body.rest.empty() || checksum(body.rest) != sum)
            break;
        auto made = record_of(body);
        if (!body.ok)
            break;
        list.push_back(std::move(made));
    }
    return list;
}

journal::journal(std::string folder, std::uint64_t seq, bool each)
    : folder_(std::move(folder)), each_(each), seq_(seq), descriptor_(opened(seq)) {}

journal::~journal() {
    (void)write_out(); // there is nobody left to tell
    ::close(descriptor_);
}

std::string journal::path(std::uint64_t seq) const {
    return folder_ + "/usage-" + std::to_string(seq) + ".journal";
}

int journal::opened(std::uint64_t seq) const {
    const auto name = path(seq);
    const int made = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0)
        throw std::system_error(errno, std::generic_category(), name);
    return made;
}

bool journal::append(const record& of, std::string_view groups, std::int64_t now, bool more) {
    std::string body;
    put(body, now);
    put(body, of.at);
    put(body, of.in);
    put(body, of.out);
    put(body, of.total);
    put_text(body, of.model);
    put_text(body, of.user);
    put_text(body, of.id);
    put_text(body, groups);
    const auto before = unwritten_.size();
    put(unwritten_, static_cast<std::uint32_t>(body.size()));
    put(unwritten_, checksum(body));
    unwritten_ += body;
    if ((more || !each_) && unwritten_.size() < most_unwritten)
        return true;
    if (write_out())
        return true;
    unwritten_.resize(before);
    return false;
}

bool journal::write_out() {
    std::string_view rest = unwritten_;
    while (!rest.empty()) {
        const auto wrote = ::write(descriptor_, rest.data(), rest.size());
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            // Half a record in the middle would hide those behind it.
            const int why = errno;
            [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<::off_t>(size_));
            ::lseek(descriptor_, static_cast<::off_t>(size_), SEEK_SET);
            errno = why;
            return false;
        }
        rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
    size_ += unwritten_.size();
    unwritten_.clear();
    return true;
}

void journal::next() {
    if (!write_out())
        throw std::system_error(errno, std::generic_category(), path(seq_));
    const int following = opened(seq_ + 1);
    ::close(descriptor_);
    descriptor_ = following;
    ++seq_;
    size_ = 0;
}

} // namespace features::usage
