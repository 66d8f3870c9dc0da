#include "sio/nsp.hpp"

#include <utility>

namespace sio {

socket* nsp::find(std::string_view sid) const noexcept {
    const auto found = sockets_.find(sid);
    return found == sockets_.end() ? nullptr : found->second.get();
}

socket& nsp::add(std::unique_ptr<socket> joined) {
    auto& added = *joined;
    sockets_.emplace(added.sid, std::move(joined));
    return added;
}

void nsp::remove(socket& gone) {
    rooms_.leave_all(gone);
    sockets_.erase(sockets_.find(gone.sid));
}

} // namespace sio
