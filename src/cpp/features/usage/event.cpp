#include "features/usage/event.hpp"

#include "base/json_lex.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace features::usage {

namespace {

namespace lex = base::json::lex;

constexpr std::string_view not_an_object = "expected an object with a model";
constexpr std::string_view no_model = "model must be a string";
constexpr std::string_view bad_usage = "usage must be an object";
constexpr std::string_view no_counts = "usage needs prompt_tokens or completion_tokens";
constexpr std::string_view not_integer = "token counts must be integers";
constexpr std::string_view bad_id = "id must be a string";

// Walks over JSON that is known to be sound; should it not be, `at` becomes null and all ends.
struct walker {
    const char* at;
    const char* end;

    void space() {
        if (at)
            at = lex::skip_space(at, end);
    }
    [[nodiscard]] bool is(char c) {
        space();
        return at && at != end && *at == c;
    }
    bool take(char c) {
        if (!is(c))
            return false;
        ++at;
        return true;
    }
    // Behind the value that begins here: brackets are counted, so that depth costs no stack.
    std::string_view value() {
        space();
        const char* const begin = at;
        std::size_t depth = 0;
        do {
            if (is('{') || is('[')) {
                ++depth;
                ++at;
            } else if (depth > 0 && (is('}') || is(']'))) {
                --depth;
                ++at;
            } else if (depth > 0 && (is(',') || is(':'))) {
                ++at;
            } else if (is('"')) {
                (void)text();
            } else {
                word();
            }
        } while (at && depth > 0);
        return at ? std::string_view(begin, at) : std::string_view();
    }
    std::string text() {
        std::string decoded;
        if (!take('"'))
            return decoded;
        const auto token = lex::read_string(at, end);
        if (token.close)
            lex::append_decoded(decoded, {at, token.close});
        at = token.close ? token.close + 1 : nullptr;
        return decoded;
    }

private:
    // A number or a literal.
    void word() {
        const char* const begin = at;
        while (at && at != end &&
               std::string_view(" \t\r\n,:]}").find(*at) == std::string_view::npos)
            ++at;
        if (at == begin)
            at = nullptr;
    }
};

// Calls `each(key, value)` for the members of an object.
template <class Each>
bool members(std::string_view object, Each each) {
    walker in{object.data(), object.data() + object.size()};
    if (!in.take('{'))
        return false;
    while (in.at && !in.take('}')) {
        const auto key = in.text();
        if (!in.take(':'))
            return false;
        const auto value = in.value();
        if (!in.at)
            return false;
        each(key, value);
        in.take(',');
    }
    return in.at != nullptr;
}

std::string decoded(std::string_view value) {
    walker in{value.data(), value.data() + value.size()};
    return in.text();
}

bool is_string(std::string_view value) {
    return value.starts_with('"');
}

// Too large a number is the largest, which the meter refuses by its own bound.
std::optional<std::int64_t> integer(std::string_view value) {
    const auto token = lex::read_number(value.data(), value.data() + value.size());
    if (!token.integer || token.end != value.data() + value.size())
        return std::nullopt;
    std::int64_t number = 0;
    const auto parsed = std::from_chars(value.data(), token.end, number);
    if (parsed.ec == std::errc::result_out_of_range)
        return value.starts_with('-') ? -1 : std::numeric_limits<std::int64_t>::max();
    return number;
}

void read_tokens(std::string_view value, event& into) {
    if (value == "null")
        return;
    std::optional<std::int64_t> in;
    std::optional<std::int64_t> out;
    std::optional<std::int64_t> total;
    const bool sound = members(value, [&](std::string_view key, std::string_view number) {
        auto* const to = key == "prompt_tokens"       ? &in
                         : key == "completion_tokens" ? &out
                         : key == "total_tokens"      ? &total
                                                      : nullptr;
        if (!to || number == "null")
            return;
        *to = integer(number);
        if (!*to)
            into.refusal = not_integer;
    });
    if (!sound)
        into.refusal = bad_usage;
    else if (into.refusal.empty() && !in && !out)
        into.refusal = no_counts;
    // Of numbers near the largest the sum is not taken: they are refused anyway.
    constexpr auto large = std::numeric_limits<std::int64_t>::max() / 2;
    const auto first = in.value_or(0);
    const auto second = out.value_or(0);
    const auto sum = first < large && second < large ? first + second : large;
    into.tokens = {first, second, total.value_or(sum)};
}

} // namespace

event read_event(std::string_view json) {
    event read;
    walker in{json.data(), json.data() + json.size()};
    (void)in.take('[');
    (void)in.value(); // the name
    if (!in.take(',') || !in.is('{')) {
        read.refusal = not_an_object;
        return read;
    }
    bool has_model = false;
    const bool sound = members(in.value(), [&](std::string_view key, std::string_view value) {
        if (key == "model") {
            has_model = is_string(value);
            read.model = decoded(value);
        } else if (key == "id" && value != "null") {
            if (!is_string(value))
                read.refusal = bad_id;
            read.id = decoded(value);
        } else if (key == "usage") {
            read_tokens(value, read);
        }
    });
    if (!sound)
        read.refusal = not_an_object;
    else if (!has_model || read.model.empty())
        read.refusal = no_model;
    return read;
}

} // namespace features::usage
