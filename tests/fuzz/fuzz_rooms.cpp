// What a stranger can put into a query or a request for rooms: no bytes may hurt, and a name is let
// in only where a value leads to it.
#include "base/json.hpp"
#include "base/json_find.hpp"
#include "base/pattern.hpp"
#include "base/query.hpp"
#include "features/rooms/rules.hpp"

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace {

void look_into_json(std::string_view text) {
    namespace json = base::json;
    const bool valid = json::valid(text);
    for (const auto each : json::elements(text, 20)) {
        if (valid && !json::valid(each))
            std::abort();
        (void)json::string(each);
    }
    if (const auto found = json::member(text, "join"); found && valid && !json::valid(*found))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    look_into_json(input);

    static const features::rooms::rule jobs{
        "jobId",
        "no",
        {{"all", "all-jobs", "jobId"},
         {"[0-9a-f]{2,4}", "job:{jobId}", "jobId"},
         {"(\\w+-?)*", "x:{jobId}:y", "jobId"}}};
    if (const auto value = base::query_parameter(input, "jobId")) {
        const auto room = jobs.room_for(*value);
        if (room && !jobs.makes(*room))
            std::abort();
    }
    (void)jobs.makes(input);

    const auto half = size / 2; // a pattern, and a text for it
    try {
        const auto pattern = base::pattern::regex(input.substr(0, half));
        (void)pattern.matches(input.substr(half));
    } catch (const std::invalid_argument&) {
        return 0;
    }
    return 0;
}
