// Where log lines go: level, which of the two loggers, one sentence.
#pragma once

#include <cstdint>
#include <string>

namespace base {

enum class log_level : std::uint8_t { info = 20, warning = 30, error = 40 }; // as Python's logging
enum class log_channel : std::uint8_t { engineio, socketio };

class log_sink {
public:
    virtual ~log_sink() = default;
    virtual void log(log_channel channel, log_level level, std::string text) = 0;
};

} // namespace base
