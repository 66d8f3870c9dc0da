// The socket event `usage` out of any text: never a crash, and of sound JSON never half a value.
#include "base/json.hpp"
#include "features/usage/event.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = features::usage::read_event(text);
    if (read.model.size() > size || read.id.size() > size)
        std::abort();
    if (base::json::scan_array(text) && read.refusal.empty() && read.model.empty())
        std::abort();
    return 0;
}
