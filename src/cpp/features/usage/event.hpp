// The socket event `usage`, read: {model, usage: {prompt_tokens, completion_tokens, total_tokens?},
// id?} reports tokens; {action, model, chat_id}, as Open WebUI's clients send it, that a model is
// in use. No state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace features::usage {

struct event {
    struct token_report {
        std::int64_t in = 0;
        std::int64_t out = 0;
        std::int64_t total = 0;
    };
    std::string model;
    std::string id;
    std::optional<token_report> tokens;
    std::string_view refusal; // one sentence, a literal; empty if there is none
};

// `json`: the event's arguments with its name first, a JSON array that has been checked.
[[nodiscard]] event read_event(std::string_view json);

} // namespace features::usage
