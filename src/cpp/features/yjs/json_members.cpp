#include "features/yjs/json_members.hpp"

#include "base/json_lex.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace features::yjs {

namespace lex = base::json::lex;

namespace {

// Behind the value that begins here; null if it has no end.
const char* skip_value(const char* at, const char* end) noexcept {
    if (at == end)
        return nullptr;
    if (*at == '"') {
        const auto token = lex::read_string(at + 1, end);
        return token.close ? token.close + 1 : nullptr;
    }
    if (*at != '[' && *at != '{') {
        while (at != end && *at != ',' && *at != ']' && *at != '}' && *at != ' ' && *at != '\n' &&
               *at != '\r' && *at != '\t')
            ++at;
        return at;
    }
    for (std::size_t depth = 0; at != end; ++at) {
        switch (*at) {
        case '"': {
            const auto token = lex::read_string(at + 1, end);
            if (!token.close)
                return nullptr;
            at = token.close;
            break;
        }
        case '[':
        case '{':
            ++depth;
            break;
        case ']':
        case '}':
            if (--depth == 0)
                return at + 1;
            break;
        default:
            break;
        }
    }
    return nullptr;
}

} // namespace

json_members::json_members(std::string_view json) noexcept
    : at_(json.data()), end_(json.data() + json.size()) {
    at_ = lex::skip_space(at_, end_);
    if (at_ == end_ || (*at_ != '{' && *at_ != '[')) {
        at_ = end_;
        return;
    }
    object_ = *at_ == '{';
    ++at_;
}

std::optional<json_members::member> json_members::next() noexcept {
    const auto stop = [this] {
        at_ = end_;
        return std::nullopt;
    };
    at_ = lex::skip_space(at_, end_);
    if (at_ != end_ && *at_ == ',')
        at_ = lex::skip_space(at_ + 1, end_);
    if (at_ == end_ || *at_ == '}' || *at_ == ']')
        return stop();
    member found;
    if (object_) {
        const auto token =
            *at_ == '"' ? lex::read_string(at_ + 1, end_) : lex::string_token{.close = nullptr};
        if (!token.close)
            return stop();
        found.key = {at_ + 1, token.close};
        at_ = lex::skip_space(token.close + 1, end_);
        if (at_ == end_ || *at_ != ':')
            return stop();
        at_ = lex::skip_space(at_ + 1, end_);
    }
    const char* const behind = skip_value(at_, end_);
    if (!behind || behind == at_)
        return stop();
    found.value = {at_, behind};
    at_ = behind;
    return found;
}

std::optional<std::string> json_string(std::string_view value, std::size_t most) {
    if (value.size() < 2 || value.front() != '"' || value.size() > 6 * most + 2)
        return std::nullopt;
    std::string text;
    lex::append_decoded(text, value.substr(1, value.size() - 2));
    return text.size() <= most ? std::optional(std::move(text)) : std::nullopt;
}

std::optional<std::string> bytes_of_list(std::string_view json) {
    const char* at = json.data();
    const char* const end = at + json.size();
    if (at == end || *at != '[')
        return std::nullopt;
    std::string bytes;
    bytes.reserve(json.size() / 3); // a byte takes two to four characters
    at = lex::skip_space(at + 1, end);
    if (at != end && *at == ']')
        return bytes;
    while (at != end) {
        unsigned value = 0;
        const char* const digits = at;
        for (; lex::is_digit(at, end) && at - digits < 3; ++at)
            value = value * 10 + static_cast<unsigned>(*at - '0');
        if (at == digits || value > 255)
            return std::nullopt;
        bytes.push_back(static_cast<char>(value));
        at = lex::skip_space(at, end);
        if (at == end || (*at != ',' && *at != ']'))
            return std::nullopt;
        if (*at == ']')
            return bytes;
        at = lex::skip_space(at + 1, end);
    }
    return std::nullopt;
}

namespace {

struct digits {
    std::array<char, 4> text{}; // with the comma behind
    std::size_t size = 0;
};

constexpr auto make_table() {
    std::array<digits, 256> table{};
    for (unsigned value = 0; value < table.size(); ++value) {
        auto& entry = table[value];
        const auto add = [&](unsigned digit) {
            entry.text[entry.size++] = static_cast<char>('0' + digit);
        };
        if (value >= 100)
            add(value / 100);
        if (value >= 10)
            add(value / 10 % 10);
        add(value % 10);
        entry.text[entry.size++] = ',';
    }
    return table;
}

} // namespace

void append_list(std::string& out, std::string_view bytes) {
    static constexpr auto table = make_table();
    constexpr std::size_t at_once = 256;
    std::array<char, 4 * at_once> text; // as long as they can be: no check for each byte
    out += '[';
    for (std::size_t done = 0; done < bytes.size(); done += at_once) {
        char* to = text.data();
        for (const char each : bytes.substr(done, at_once)) {
            const auto& entry = table[static_cast<std::uint8_t>(each)];
            std::memcpy(to, entry.text.data(), entry.text.size());
            to += entry.size;
        }
        out.append(text.data(), to);
    }
    if (bytes.empty())
        out += ']';
    else
        out.back() = ']'; // where the last comma was
}

std::optional<std::uint32_t> placeholder(std::string_view value) noexcept {
    if (value.empty() || value.front() != '{')
        return std::nullopt;
    json_members in(value);
    bool marked = false;
    std::optional<std::uint32_t> number;
    while (const auto each = in.next()) {
        if (each->key == "_placeholder")
            marked = each->value == "true";
        std::uint32_t parsed = 0;
        const auto* const last = each->value.data() + each->value.size();
        if (each->key == "num" &&
            std::from_chars(each->value.data(), last, parsed).ec == std::errc{})
            number = parsed;
    }
    return marked ? number : std::nullopt;
}

} // namespace features::yjs
