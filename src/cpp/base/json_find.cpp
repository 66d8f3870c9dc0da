#include "base/json_find.hpp"

#include "base/json_lex.hpp"

namespace base::json {

namespace {

// The parts between the brackets, one after the other. It looks at strings, brackets and commas
// alone, and stops at what it does not expect: a text that was never checked does no harm.
class walk {
public:
    walk(std::string_view text, char open) noexcept
        : at_(lex::skip_space(text.data(), text.data() + text.size())),
          end_(text.data() + text.size()) {
        if (at_ == end_ || *at_ != open)
            at_ = end_;
        else
            ++at_;
    }

    // The next part up to the comma, the colon or the bracket behind it; nothing at the end.
    std::optional<std::string_view> next() noexcept {
        at_ = lex::skip_space(at_, end_);
        const auto* const from = at_;
        std::size_t depth = 0;
        for (; at_ != end_; ++at_) {
            const char c = *at_;
            if (c == '"') {
                at_ = lex::read_string(at_ + 1, end_).close;
                if (!at_) {
                    at_ = end_;
                    return std::nullopt;
                }
            } else if (c == '[' || c == '{') {
                ++depth;
            } else if (c == ']' || c == '}') {
                if (depth == 0)
                    break;
                --depth;
            } else if ((c == ',' || c == ':') && depth == 0) {
                break;
            }
        }
        if (at_ == end_)
            return std::nullopt;
        auto part = std::string_view(from, static_cast<std::size_t>(at_ - from));
        const bool last = *at_ == ']' || *at_ == '}';
        at_ = last ? end_ : at_ + 1;
        while (!part.empty() && lex::skip_space(&part.back(), &part.back() + 1) != &part.back())
            part.remove_suffix(1);
        return part.empty() ? std::nullopt : std::optional(part);
    }

private:
    const char* at_;
    const char* end_;
};

} // namespace

std::optional<std::string_view> element(std::string_view array, std::size_t index) {
    walk parts(array, '[');
    auto part = parts.next();
    for (; part && index > 0; --index)
        part = parts.next();
    return part;
}

std::vector<std::string_view> elements(std::string_view array, std::size_t most) {
    std::vector<std::string_view> all;
    walk parts(array, '[');
    for (auto part = parts.next(); part && all.size() < most; part = parts.next())
        all.push_back(*part);
    return all;
}

std::optional<std::string_view> member(std::string_view object, std::string_view name) {
    std::optional<std::string_view> found;
    walk parts(object, '{');
    while (const auto key = parts.next()) {
        const auto value = parts.next();
        if (!value)
            break;
        if (string(*key) == name)
            found = value;
    }
    return found;
}

std::optional<std::string> string(std::string_view value) {
    if (value.size() < 2 || value.front() != '"')
        return std::nullopt;
    const auto* const end = value.data() + value.size();
    const auto token = lex::read_string(value.data() + 1, end);
    if (!token.close || token.close + 1 != end)
        return std::nullopt;
    std::string decoded;
    if (lex::append_decoded(decoded, value.substr(1, value.size() - 2)))
        return std::nullopt;
    return decoded;
}

} // namespace base::json
