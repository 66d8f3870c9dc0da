// A descriptor that one thread makes readable and another waits on: an eventfd, or a pipe where
// there is none.
#pragma once

namespace engine {

class wake_descriptor {
public:
    wake_descriptor(); // throws std::system_error when no descriptor is left
    ~wake_descriptor();
    wake_descriptor(const wake_descriptor&) = delete;
    wake_descriptor& operator=(const wake_descriptor&) = delete;

    // Any thread. Makes it readable; more signals than one before a clear() are one.
    void signal() noexcept;
    void clear() noexcept;
    [[nodiscard]] int readable_end() const noexcept { return read_end_; }

private:
    int read_end_ = -1;
    int write_end_ = -1; // the same as read_end_ for an eventfd
};

} // namespace engine
