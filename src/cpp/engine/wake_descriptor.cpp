#include "engine/wake_descriptor.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace engine {

wake_descriptor::wake_descriptor() {
#ifdef __linux__
    read_end_ = write_end_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (read_end_ < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
#else
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
    for (const int end : ends) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    read_end_ = ends[0];
    write_end_ = ends[1];
#endif
}

wake_descriptor::~wake_descriptor() {
    ::close(read_end_);
    if (write_end_ != read_end_)
        ::close(write_end_);
}

void wake_descriptor::signal() noexcept {
    // Eight bytes are what an eventfd takes. A full pipe is readable already: nothing to retry.
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(write_end_, &one, sizeof one);
}

void wake_descriptor::clear() noexcept {
    std::uint64_t drained[64];
    while (::read(read_end_, drained, sizeof drained) == sizeof drained) {
    }
}

} // namespace engine
